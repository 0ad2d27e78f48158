import Foundation

/// What a process did to files, as `strace -ff -ttt -T -xx` wrote it down: one file a thread.
struct Trace {
  /// A system call that succeeded.
  struct Call {
    let process: Int
    /// When it ended.
    let time: Double
    let name: String
    /// Strings come without quotes, as bytes.
    let arguments: [Argument]
    let result: Int
  }

  enum Argument {
    case text([UInt8])
    case word(String)

    var text: [UInt8]? { if case .text(let bytes) = self { bytes } else { nil } }
    var number: Int? { if case .word(let word) = self { Int(word) } else { nil } }
    var word: String? { if case .word(let word) = self { word } else { nil } }
  }

  /// The calls of all processes, in the order in which they ended.
  let calls: [Call]

  /// - Parameter processes: of each process, the files of its threads.
  init(_ processes: [[String]]) throws {
    var calls: [Call] = []
    for (process, files) in processes.enumerated() {
      for file in files {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        calls += text.split(separator: "\n").compactMap { Self.call(String($0), of: process) }
      }
    }
    self.calls = calls.sorted { $0.time < $1.time }
  }

  /// Reads a line such as `1700000000.123456 pwrite64(7, "\x01\x02", 2, 0) = 2 <0.000012>`.
  private static func call(_ line: String, of process: Int) -> Call? {
    guard let space = line.firstIndex(of: " "), let begin = Double(line[..<space]),
      let parenthesis = line.firstIndex(of: "("), let end = line.range(of: " = ", options: .backwards),
      // Short calls are padded with spaces.
      let last = line[..<end.lowerBound].lastIndex(where: { $0 != " " }), line[last] == ")"
    else { return nil }
    let rest = line[end.upperBound...].split(separator: " ")
    guard let result = rest.first.flatMap({ Int($0) }), result >= 0 else { return nil }
    let duration = rest.last.flatMap { Double($0.trimmingCharacters(in: ["<", ">"])) } ?? 0
    let name = String(line[line.index(after: space)..<parenthesis])
    return Call(
      process: process, time: begin + duration, name: name,
      arguments: arguments(line[line.index(after: parenthesis)..<last]), result: result)
  }

  private static func arguments(_ text: Substring) -> [Argument] {
    text.components(separatedBy: ", ").map { part in
      guard part.hasPrefix("\""), part.hasSuffix("\"") else { return .word(part) }
      // Every byte is \x and two digits, so nothing in a string looks like a separator.
      return .text(part.dropFirst().dropLast().split(separator: "\\x").compactMap { UInt8($0, radix: 16) })
    }
  }
}
