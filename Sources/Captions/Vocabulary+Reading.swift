import Files
import Foundation

extension Vocabulary {
  /// The vocabulary a recipe names: `clip`, or where a vocabulary lies.
  ///
  /// CLIP's own is looked for where `$CLIP_VOCABULARY` says, or else in `swift-clip/` under the user's cache directory.
  public static func named(_ name: String) throws -> Vocabulary {
    guard name == "clip" else { return try load(name) }
    let path = pathOfCLIP
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

  /// Where ``named(_:)`` looks for CLIP's vocabulary.
  public static var pathOfCLIP: String {
    let environment = ProcessInfo.processInfo.environment
    if let path = environment["CLIP_VOCABULARY"], !path.isEmpty { return path }
    let cache = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 }
    return "\(cache ?? "\(environment["HOME"] ?? "")/.cache")/swift-clip/\(fileOfCLIP)"
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

  private init(file path: String) throws {
    let contents = try Gzip.contents(of: path)
    // CLIP uses fewer of the merges than its file has.
    let lines = contents.split(
      separator: UInt8(ascii: "\n"), maxSplits: Self.greatestSize, omittingEmptySubsequences: false)
    let header = String(decoding: lines[0].prefix(80), as: UTF8.self)
    if header.hasPrefix(Self.headerOfCLIP) {
      let digest = Digest(of: contents)
      guard digest == Self.digestOfFileOfCLIP else {
        throw FileError(
          path, "begins like CLIP's vocabulary but is \(contents.count) bytes with digest \(digest), expected 3194984"
            + " bytes with digest \(Self.digestOfFileOfCLIP); fetch it again with launch/vocabulary.sh")
      }
      try self.init(lines: lines[1...(Self.greatestSize - Self.fixedIDs)], of: path)
    } else if header.hasPrefix("#version") {
      try self.init(lines: lines.last?.isEmpty == true ? lines[1..<(lines.count - 1)] : lines[1...], of: path)
    } else {
      throw FileError(
        path, "begins with \"\(header.prefix(40))\", expected \"#version: 0.2\" and then a merge a line;"
          + " it is no list of merges (of a Transformers vocabulary, give the directory)")
    }
  }

  /// Merges, one a line, two symbols with a space between.
  private init(lines: ArraySlice<ArraySlice<UInt8>>, of path: String) throws {
    guard lines.count + Self.fixedIDs <= Self.greatestSize else {
      throw FileError(
        path, "has more than \(Self.greatestSize - Self.fixedIDs) merges, as many as CLIP: Transformers'"
          + " CLIPTokenizer would leave out the rest")
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
      let symbols = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      guard symbols.count == 2 else {
        throw FileError(path, "line \(index + 1) is \"\(line)\", expected two symbols with a space between")
      }
      guard let left = ids[symbols[0]], let right = ids[symbols[1]], !symbols[0].hasSuffix(ByteAlphabet.endOfWord) else {
        throw FileError(
          path, "line \(index + 1) merges \"\(line)\", expected symbols of earlier lines or single ones, the first"
            + " without \(ByteAlphabet.endOfWord)")
      }
      guard ids.updateValue(Int32(512 + merges.count), forKey: symbols[0] + symbols[1]) == nil else {
        throw FileError(path, "line \(index + 1) merges \"\(line)\", whose result an earlier line has already")
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
