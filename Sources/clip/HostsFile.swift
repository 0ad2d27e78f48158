import Files
import Foundation

/// The hosts a training may use, one a line as in Open MPI's hostfiles: a name and `slots=N`, or `name:N`, or a name alone
/// for one rank. `#` begins a comment.
struct HostsFile {
  /// A host, and how many ranks it is for.
  struct Host: Equatable {
    let name: String
    let slots: Int
  }

  let path: String

  /// Reads the hosts that are there now.
  func hosts() throws -> [Host] {
    let text = String(decoding: try FileReader.contents(of: path), as: UTF8.self)
    return try text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
      let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
      guard let first = words.first else { return nil }
      let parts = first.split(separator: ":", omittingEmptySubsequences: false)
      let slots =
        words.dropFirst().first { $0.hasPrefix("slots=") }?.dropFirst("slots=".count) ?? parts.dropFirst().first
      guard parts.count <= 2, let count = Int(slots ?? "1"), (1...1_000_000).contains(count) else {
        throw FileError(path, "line \(index + 1): found \"\(line)\", expected a host's name and slots=N")
      }
      return Host(name: String(parts[0]), slots: count)
    }
  }
}
