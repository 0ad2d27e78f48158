import Files
import Foundation

/// What captions are searched for: words, phrases and names.
public struct QueryList: Sendable {
  /// The file they are from.
  public let path: String
  /// How many different ones there are.
  public var count: Int { digests.count }

  /// For each query the digest of its text, by which draws know it: the order of the lines decides nothing.
  let digests: [UInt64]
  /// Finds them.
  let automaton: QueryAutomaton

  /// The most bytes of a query, spaces around it included: what is longer is no list of queries.
  private static let longest = 1024
  private static let mostBytes = 1 << 30

  /// Reads a file with a query on each line.
  ///
  /// Lines are compared in the form of ``SpacedText``: those that differ in capitals only count once. Blank ones are
  /// passed over, and so are spaces around them.
  ///
  /// - Throws: `FileError` naming the line that is not UTF-8 or too long, or the file that holds no query.
  public init(contentsOf path: String) throws {
    self.path = path
    var rest = try FileReader.contents(of: path, most: Self.mostBytes)[...]
    // Windows' editors put a byte order mark first; it is no part of the text.
    if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
    var patterns = PatternList()
    for (number, line) in rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      guard let text = String(validating: line, as: UTF8.self) else {
        throw FileError(path, "line \(number + 1) is not UTF-8: save the file as UTF-8")
      }
      guard let query = SpacedText.query(text.trimmingCharacters(in: .whitespacesAndNewlines)) else { continue }
      guard query.count <= Self.longest else {
        throw FileError(
          path, "line \(number + 1) has \(query.count) bytes, expected a query of at most \(Self.longest) on each line")
      }
      patterns.append(query)
    }
    guard patterns.count > 0 else { throw FileError(path, "holds no query: expected one on each line") }
    let sorted = patterns.sorted()
    digests = (0..<sorted.count).map { Digest(of: Array(sorted[$0])).value }
    automaton = QueryAutomaton(sorted)
  }

  /// The numbers of the queries that any of a pair's captions holds, each once.
  package func found(in captions: [String]) -> [UInt32] {
    var found: [UInt32] = []
    for caption in captions { automaton.find(in: SpacedText.bytes(of: caption), &found) }
    guard found.count > 1 else { return found }
    found.sort()
    var last: UInt32?
    return found.filter { query in
      defer { last = query }
      return query != last
    }
  }
}
