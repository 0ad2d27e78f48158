import Files
import Foundation

extension Vocabulary {
  /// The vocabulary a recipe names: `clip`, or where a vocabulary lies.
  ///
  /// CLIP's own is looked for where `$CLIP_VOCABULARY` says, or else in `swift-clip/` under the user's cache directory.
  public static func named(_ name: String) throws -> Vocabulary {
    try named(name, in: ProcessInfo.processInfo.environment)
  }

  package static func named(_ name: String, in environment: [String: String]) throws -> Vocabulary {
    guard name == "clip" else { return try load(name) }
    let path = pathOfCLIP(in: environment)
    guard Directory.exists(path) else {
      throw FileError(path, "CLIP's vocabulary is not there; fetch it with launch/vocabulary.sh")
    }
    let vocabulary = try load(path)
    guard vocabulary.isCLIP else {
      throw FileError(
        path, "holds a vocabulary of \(vocabulary.size) ids that is not CLIP's; remove it and run launch/vocabulary.sh")
    }
    return vocabulary
  }

  /// Where CLIP's vocabulary is looked for; an empty variable is as good as none.
  private static func pathOfCLIP(in environment: [String: String]) -> String {
    let variables = environment.filter { !$0.value.isEmpty }
    if let path = variables["CLIP_VOCABULARY"] { return path }
    let cache = variables["XDG_CACHE_HOME"] ?? "\(variables["HOME"] ?? "")/.cache"
    return "\(cache)/swift-clip/\(fileOfCLIP)"
  }

  /// Reads what lies at `path`: CLIP's `bpe_simple_vocab_16e6.txt.gz` or the same unpacked, a list of merges
  /// (`merges.txt`, gzipped or not), or a directory of a Transformers model with `merges.txt` and maybe `vocab.json`.
  public static func load(_ path: String) throws -> Vocabulary {
    guard Directory.isDirectory(path) else { return try Vocabulary(file: path) }
    guard Directory.exists("\(path)/merges.txt") else {
      throw FileError(path, "has no merges.txt; expected a vocabulary's directory, with merges.txt and vocab.json")
    }
    let vocabulary = try Vocabulary(file: "\(path)/merges.txt")
    if Directory.exists("\(path)/vocab.json") { try vocabulary.check(against: "\(path)/vocab.json") }
    return vocabulary
  }

  private static let fileOfCLIP = "bpe_simple_vocab_16e6.txt.gz"
  private static let headerOfCLIP = "\"bpe_simple_vocab_16e6.txt#version: 0.2"
  private static let digestOfFileOfCLIP = Digest(value: 0x9df1_343a_5d34_9b31)

  /// The most merges a file may have.
  private static let mostMerges = greatestSize - fixedIDs

  private init(file path: String) throws {
    let contents = try Gzip.contents(of: path)
    let lines = contents.split(
      separator: UInt8(ascii: "\n"), maxSplits: Self.mostMerges + 2, omittingEmptySubsequences: false)
    let header = String(decoding: lines[0].prefix(80), as: UTF8.self)
    if header.hasPrefix(Self.headerOfCLIP) {
      let digest = Digest(of: contents)
      guard digest == Self.digestOfFileOfCLIP else {
        let found = "begins like CLIP's vocabulary but is \(contents.count) bytes with digest \(digest)"
        let expected = "3194984 bytes with digest \(Self.digestOfFileOfCLIP)"
        throw FileError(path, "\(found), expected \(expected); fetch it again with launch/vocabulary.sh")
      }
      // CLIP uses fewer of the merges than its file has.
      try self.init(lines: lines[1...Self.mostMerges], of: path)
    } else if header.hasPrefix("#version") {
      try self.init(lines: lines.last?.isEmpty == true ? lines[1..<(lines.count - 1)] : lines[1...], of: path)
    } else {
      let expected = "expected \"#version: 0.2\" and then a merge a line"
      let advice = "of a vocabulary in Transformers' form, give the directory"
      throw FileError(path, "begins with \"\(header.prefix(40))\", \(expected); \(advice)")
    }
  }

  /// Merges, one a line, two symbols with a space between.
  private init(lines: ArraySlice<ArraySlice<UInt8>>, of path: String) throws {
    guard lines.count <= Self.mostMerges else {
      let reason = "Transformers' CLIPTokenizer would leave out the rest"
      throw FileError(path, "has more than \(Self.mostMerges) merges, which is as many as CLIP has; \(reason)")
    }
    var ids: [String: Int32] = [:]
    ids.reserveCapacity(lines.count + Self.fixedIDs)
    for (id, character) in ByteAlphabet.characters.enumerated() {
      ids[String(character)] = Int32(id)
      ids[String(character) + ByteAlphabet.endOfWord] = Int32(256 + id)
    }
    var merges: [Merge] = []
    merges.reserveCapacity(lines.count)
    for (index, line) in zip(lines.indices, lines) {
      let line = String(decoding: line, as: UTF8.self)
      func failure(_ reason: String) -> FileError { FileError(path, "line \(index + 1) is \"\(line)\", \(reason)") }

      let symbols = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      guard symbols.count == 2 else { throw failure("expected two symbols with a space between") }
      guard let left = ids[symbols[0]], let right = ids[symbols[1]] else {
        throw failure("expected two symbols that are single characters or stand merged in an earlier line")
      }
      guard !symbols[0].hasSuffix(ByteAlphabet.endOfWord) else {
        throw failure("but a symbol with \(ByteAlphabet.endOfWord) has nothing behind it")
      }
      guard ids.updateValue(Int32(512 + merges.count), forKey: symbols[0] + symbols[1]) == nil else {
        throw failure("but an earlier line has the same result")
      }
      merges.append(Merge(left: left, right: right))
    }
    self.init(merges: merges)
  }

  /// Makes sure that `vocab.json` gives every token the id it has here.
  private func check(against path: String) throws {
    let ids: [String: Int]
    do {
      ids = try JSONDecoder().decode([String: Int].self, from: Data(FileReader.contents(of: path)))
    } catch let error as DecodingError {
      throw FileError(path, "is not an object of tokens and ids: \(error)")
    }
    guard ids.count == size else {
      throw FileError(path, "has \(ids.count) tokens, expected \(size): 514 and one for each merge of merges.txt")
    }
    for id in 0..<Int32(size) where ids[text(of: id)] != Int(id) {
      let found = ids[text(of: id)].map(String.init) ?? "no id"
      throw FileError(
        path, "gives \"\(text(of: id))\" \(found), expected \(id): the vocabulary does not have CLIP's order of ids")
    }
  }
}
