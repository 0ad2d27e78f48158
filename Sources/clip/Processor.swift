import Foundation

/// What is known of this machine's processor.
enum Processor {
  /// Cores this process may run on, as its launcher or container left them.
  static var allowedCores: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let mask = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") } ?? ""
    let cores = mask.dropFirst("Cpus_allowed:".count).compactMap(\.hexDigitValue).reduce(0) { $0 + $1.nonzeroBitCount }
    return cores > 0 ? cores : ProcessInfo.processInfo.activeProcessorCount
  }

  /// Why OpenBLAS is slower than it could be, if it uses a kernel below the processor's AVX2.
  static func slowCore(_ core: String) -> String? {
    let flags = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let old = ["PRESCOTT", "CORE2", "PENRYN", "DUNNINGTON", "NEHALEM", "SANDYBRIDGE", "ATOM", "BARCELONA", "BULLDOZER"]
    guard flags.contains("avx2"), old.contains(core.uppercased()) else { return nil }
    let pinned = ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] != nil
    return "OpenBLAS runs its \(core) kernel on a processor with AVX2, at half speed or less; "
      + (pinned ? "unset OPENBLAS_CORETYPE" : "set OPENBLAS_CORETYPE=Haswell")
  }
}
