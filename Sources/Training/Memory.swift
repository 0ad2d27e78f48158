import Foundation

/// What this process takes of the machine.
public enum Memory {
  /// The largest resident set so far, in bytes.
  public static var peakResidentBytes: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }

  /// What programs can still take without others being pushed out, in bytes; nil where the system does not tell.
  public static var availableBytes: Int? {
    let lines = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8))?.split(separator: "\n") ?? []
    let words = lines.first { $0.hasPrefix("MemAvailable:") }?.split(separator: " ") ?? []
    return words.count > 1 ? Int(words[1]).map { $0 * 1024 } : nil
  }

  /// The resident set now, in bytes; 0 where the system does not tell.
  public static var residentBytes: Int {
    // In pages: the whole size, then what is resident.
    let sizes = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
    return (sizes.count > 1 ? Int(sizes[1]) ?? 0 : 0) * sysconf(Int32(_SC_PAGESIZE))
  }
}
