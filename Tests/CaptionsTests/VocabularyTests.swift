import Captions
import Files
import Foundation
import Testing

@Suite struct VocabularyTests {
  let directory = NSTemporaryDirectory() + "captions-\(UUID().uuidString)"

  init() throws { try Directory.create(directory) }

  private func write(_ text: String, to name: String) throws -> String {
    let path = "\(directory)/\(name)"
    try FileWriter.write(Array(text.utf8), to: path)
    return path
  }

  private func failureLoading(_ path: String) -> String {
    #expect(throws: FileError.self) { try Vocabulary.load(path) }?.description ?? ""
  }

  private static let small = "#version: 0.2\nt h\nth e</w>\nÃ ©</w>\n"

  @Test func mergesBecomeIds() throws {
    let vocabulary = try Vocabulary.load(write(Self.small, to: "merges.txt"))
    #expect(vocabulary.size == 517)
    #expect((vocabulary.startToken, vocabulary.endToken) == (515, 516))
    #expect(!vocabulary.isCLIP)
    let tokenizer = Tokenizer(vocabulary)
    #expect(tokenizer.encode("The é th", contextLength: 77) == [515, 513, 514, 83, 327, 516])
    #expect(tokenizer.decode([513, 514, 512]) == "the é th")
    // Without the last line end, and as a gzip file from `gzip -n`.
    #expect(try Vocabulary.load(write(String(Self.small.dropLast()), to: "unended")) == vocabulary)
  }

  @Test func gzippedOrNot() throws {
    let whole = directory + "/merges.txt.gz"
    try FileWriter.write(Self.gzipped, to: whole)
    #expect(try Vocabulary.load(whole) == Vocabulary.load(write(Self.small, to: "plain")))
    for count in [Self.gzipped.count - 1, Self.gzipped.count - 8, 30] {
      try FileWriter.write(Array(Self.gzipped.prefix(count)), to: whole)
      #expect(failureLoading(whole).contains("merges.txt.gz: is not a whole gzip file"), "\(count) bytes")
    }
    var flipped = Self.gzipped
    flipped[flipped.count - 6] ^= 1
    try FileWriter.write(flipped, to: whole)
    #expect(failureLoading(whole).contains("is not a whole gzip file"))
  }

  /// `printf '#version: 0.2\nt h\nth e</w>\nÃ ©</w>\n' | gzip -n`
  private static let gzipped: [UInt8] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x53, 0x2e, 0x4b, 0x2d, 0x2a, 0xce, 0xcc, 0xcf,
    0xb3, 0x52, 0x30, 0xd0, 0x33, 0xe2, 0x2a, 0x51, 0xc8, 0xe0, 0x2a, 0xc9, 0x50, 0x48, 0xb5, 0xd1, 0x2f, 0xb7,
    0xe3, 0x3a, 0xdc, 0xac, 0x70, 0x68, 0x25, 0x98, 0x05, 0x00, 0xb4, 0x14, 0xa0, 0x53, 0x25, 0x00, 0x00, 0x00,
  ]

  @Test func wrongFilesAreNamedWithTheirLine() throws {
    func failure(of text: String) throws -> String { failureLoading(try write(text, to: "wrong")) }
    #expect(try failure(of: "").contains("begins with \"\", expected \"#version: 0.2\""))
    #expect(try failure(of: "t h\nth e\n").contains("begins with \"t h\""))
    #expect(try failure(of: "{\"!\": 0}").contains("give the directory"))
    #expect(try failure(of: "#version: 0.2\nt h\nth\n").contains("line 3 is \"th\", expected two symbols"))
    #expect(try failure(of: "#version: 0.2\nt h\n\nth e\n").contains("line 3 is \"\""))
    #expect(try failure(of: "#version: 0.2\nt h x\n").contains("line 2 is \"t h x\""))
    #expect(try failure(of: "#version: 0.2\nth e\n").contains("line 2 is \"th e\", expected two symbols that"))
    #expect(try failure(of: "#version: 0.2\nt</w> h\n").contains("nothing behind it"))
    #expect(try failure(of: "#version: 0.2\nt 語\n").contains("expected two symbols that"))
    #expect(try failure(of: "#version: 0.2\nt h\nt h\n").contains("line 3 is \"t h\", but an earlier"))
    #expect(try failure(of: "\"bpe_simple_vocab_16e6.txt#version: 0.2\ni n\n").contains("fetch it again"))
    let tooMany = "#version: 0.2\n" + String(repeating: "t h\n", count: 48_895)
    #expect(try failure(of: tooMany).contains("more than 48894 merges"))
    #expect(failureLoading(directory + "/absent").contains("/absent: cannot open"))
    #expect(failureLoading(directory).contains("has no merges.txt"))
  }

  @Test func aTransformersDirectoryMustAgreeWithItself() throws {
    let vocabulary = try Vocabulary.load(write(Self.small, to: "small"))
    try vocabulary.writeTransformersFiles(into: directory, contextLength: 77)
    #expect(try Vocabulary.load(directory) == vocabulary)

    let ids = try FileReader.contents(of: directory + "/vocab.json")
    let text = String(decoding: ids, as: UTF8.self)
    _ = try write(text.replacing("\"th\": 512", with: "\"th\": 3"), to: "vocab.json")
    #expect(failureLoading(directory).contains("vocab.json: gives \"th\" 3, expected 512"))
    _ = try write("{\"!\": 0}", to: "vocab.json")
    #expect(failureLoading(directory).contains("vocab.json: has 1 tokens, expected 517"))
    _ = try write("[]", to: "vocab.json")
    #expect(failureLoading(directory).contains("vocab.json: is not an object of tokens and ids"))
  }

  @Test func whatIsWrittenIsValidJSON() throws {
    let vocabulary = try Vocabulary.load(write("#version: 0.2\n\" \\\n", to: "quotes"))
    try vocabulary.writeTransformersFiles(into: directory, contextLength: 50)
    #expect(
      try Directory.names(in: directory) == [
        "merges.txt", "quotes", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.json",
      ])
    func object(_ name: String) throws -> [String: Any] {
      let data = Data(try FileReader.contents(of: "\(directory)/\(name)"))
      return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
    #expect(try object("tokenizer_config.json")["model_max_length"] as? Int == 50)
    #expect(try object("special_tokens_map.json")["bos_token"] as? String == "<|startoftext|>")
    #expect(try object("vocab.json")["\"\\"] as? Int == 512)
    let model = try #require(object("tokenizer.json")["model"] as? [String: Any])
    #expect(model["merges"] as? [String] == ["\" \\"])
    #expect((model["vocab"] as? [String: Int])?.count == 515)
  }

  @Test func mergesAreReadBackAsWritten() throws {
    let vocabulary = try Vocabulary.load(write(Self.small, to: "small"))
    try vocabulary.write(to: directory + "/again")
    #expect(try FileReader.contents(of: directory + "/again") == Array(Self.small.utf8))
    let other = try Vocabulary.load(write("#version: 0.2\nt h\nth e</w>\n", to: "other"))
    #expect(other != vocabulary)
    #expect(other.digest != vocabulary.digest)
  }

  @Test func clipIsLookedForInTheCache() throws {
    func path(_ environment: [String: String]) -> String {
      #expect(throws: FileError.self) { try Vocabulary.named("clip", in: environment) }?.path ?? ""
    }
    let file = "swift-clip/bpe_simple_vocab_16e6.txt.gz"
    let here = directory
    #expect(path(["HOME": here]) == "\(here)/.cache/\(file)")
    #expect(path(["HOME": here, "XDG_CACHE_HOME": "\(here)/x"]) == "\(here)/x/\(file)")
    #expect(path(["HOME": here, "XDG_CACHE_HOME": ""]) == "\(here)/.cache/\(file)")
    #expect(path(["HOME": here, "CLIP_VOCABULARY": "\(here)/v"]) == "\(here)/v")
    let error = #expect(throws: FileError.self) { try Vocabulary.named("clip", in: ["HOME": here]) }
    #expect(error?.reason.contains("launch/vocabulary.sh") == true)

    let other = try write(Self.small, to: "other")
    let wrong = #expect(throws: FileError.self) { try Vocabulary.named("clip", in: ["CLIP_VOCABULARY": other]) }
    #expect(wrong?.reason.contains("517 ids that is not CLIP's") == true)
    #expect(try Vocabulary.named(other, in: [:]).size == 517)
  }

  @Test(.enabled(if: vocabularyOfCLIP != nil, "launch/vocabulary.sh fetches it"))
  func clipInTransformersForm() throws {
    let vocabulary = try #require(vocabularyOfCLIP)
    try vocabulary.writeTransformersFiles(into: directory, contextLength: 77)
    #expect(try Vocabulary.load(directory).isCLIP)
  }
}
