import Foundation
import Images
import Shards
import Testing

extension RankTests {
  /// Searching by sentences and by pictures, with an index and without.
  @Suite struct SearchCommandTests {
    let scratch: Scratch
    private let search = ["search", "--weights", "run", "--data", "shards"]

    init() throws {
      let trained = try Trained.shared.get().scratch
      scratch = try Scratch()
      for name in ["run", "shards", "pictures"] { try scratch.copy(trained(name), to: name) }
    }

    private func embed(_ name: String = "index.safetensors", data: String = "shards", weights: String = "run") throws {
      try scratch.succeed(["embed", "--weights", weights, "--data", data, "--into", name])
    }

    private func answers(_ command: [String]) throws -> [[String: Any]] {
      let json = try scratch.succeed(command + ["--json"]).output
      return try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]])
    }

    private func results(_ answer: [String: Any]) throws -> [(key: String, score: Double)] {
      try #require(answer["results"] as? [[String: Any]]).map {
        (try #require($0["key"] as? String), try #require($0["score"] as? Double))
      }
    }

    @Test func anIndexChangesNothingInWhatIsFound() throws {
      try embed()
      let queries = ["a red circle", "a blue cross", "--image", "pictures/p1004.png", "--top", "7"]
      let found = try scratch.succeed(search + queries + ["--json"]).output
      let indexed = search + ["--index", "index.safetensors"]
      for threads in ["1", "2", "5"] {
        let again = try scratch.succeed(indexed + queries + ["--json", "--threads", threads])
        #expect(again.output == found && again.errors.isEmpty)
      }
      #expect(try scratch.succeed(indexed + queries).output == scratch.succeed(search + queries).output)
      // All there are.
      #expect(try results(answers(indexed + ["x", "--top", "1000"])[0]).count == Trained.samples)
    }

    @Test func aPictureFindsItself() throws {
      let queries = ["a red circle", "--image", "pictures/p1004.png", "--image", "pictures/p1011.jpg"]
      let answers = try answers(search + queries)
      #expect(answers.map { $0["query"] as? String } == ["a red circle", nil, nil])
      #expect(answers.map { $0["image"] as? String } == [nil, "pictures/p1004.png", "pictures/p1011.jpg"])
      for (answer, key) in zip(answers.dropFirst(), ["p1004", "p1011"]) {
        let best = try results(answer)[0]
        // Packing may have encoded it again.
        #expect(best.key == key && best.score > 0.99, "\(best)")
      }
      // A sentence is embedded alone, whatever is asked beside it.
      #expect(try results(answers[0]).map(\.key) == results(self.answers(search + ["a red circle"])[0]).map(\.key))

      let text = try scratch.succeed(search + queries + ["--sheet", "found.png", "--top", "2"]).output
      let lines = text.split(separator: "\n")
      #expect(lines.count == 9 && lines[3] == "pictures/p1004.png" && lines[4].contains("  p1004  "))
      let sheet = try Picture.decode(scratch.read("found.png"))
      // Two margins of 32, and three cells of 160 with 20 between them: what was asked, and what was found.
      #expect(sheet.width == 2 * 32 + 3 * 160 + 2 * 20)
    }

    @Test func queriesThatAreNoneAreRefused() throws {
      try scratch.write("no picture", to: "words.jpg")
      try scratch.fail(
        search + ["a cat"], ranks: 2, with: 2,
        "clip: search works in one process, found 2 ranks: start it without mpirun")
      try scratch.fail(search + ["--image", "words.jpg"], with: 74, "words.jpg: cannot be decoded: ")
      try scratch.fail(search + ["a cat", "--image", "missing.jpg"], with: 74, "missing.jpg: cannot open")
      try scratch.fail(
        search + ["a cat", "--sheet", "nowhere/found.png"], with: 74, "nowhere/found.png: cannot create")
    }

    /// Whatever an index is not of is an error before anything is found.
    @Test func anIndexOfSomethingElseIsRefused() throws {
      try embed()
      let indexed = search + ["--index", "index.safetensors", "a red circle"]
      func refuse(_ command: [String], _ reasons: String...) throws {
        for verb in [command, ["serve"] + command.dropFirst().dropLast()] {
          let result = try scratch.fail(verb, with: 74)
          for reason in reasons { #expect(result.complaints[0].contains(reason), "\(result.errors)") }
          #expect(result.output.isEmpty)
        }
      }

      // The same width, earlier weights.
      var other = indexed
      other[2] = "run/step-000000200"
      try refuse(other, "index.safetensors: is of another model", "make it again")

      for name in ["vocabulary.txt"] { try scratch.copy(try Trained.shared.get().scratch(name), to: name) }
      try scratch.succeed(Trained.command(into: "narrow", steps: 1, "model.embed_dim=32"))
      other[2] = "narrow"
      try refuse(other, "index.safetensors: has embeddings of 256 numbers, the model's have 32")

      try scratch.writeShapes(Trained.samples, to: "others", from: 7)
      try scratch.succeed(["pack", "others", "--into", "other-shards"])
      other = indexed
      other[4] = "other-shards"
      try refuse(other, "index.safetensors: is of other data")
      try scratch.writeShapes(5, to: "few")
      try scratch.succeed(["pack", "few", "--into", "few-shards"])
      other[4] = "few-shards"
      try refuse(other, "index.safetensors: has the embeddings of 144 samples, the data have 5")

      let whole = try scratch.read("index.safetensors")
      try scratch.write(Array(whole.dropLast(5)), to: "index.safetensors")
      try refuse(indexed, "index.safetensors: is not a valid safetensors file", "it was cut short")
      // Not a number: the last of the file, which is of the last picture.
      try scratch.write(whole.dropLast(4) + [0, 0, 0xC0, 0x7F], to: "index.safetensors")
      try scratch.fail(indexed, with: 74, "index.safetensors: is damaged: its image_features have digest")
      // Another sign, of which no length tells: found, and mended as the message says.
      let sign = try #require(whole.last)
      try scratch.write(whole.dropLast(1) + [sign ^ 0x80], to: "index.safetensors")
      try refuse(indexed, "index.safetensors: is damaged: its image_features have digest", "make it again")
      try embed()
      #expect(try scratch.read("index.safetensors") == whole)
      try scratch.succeed(indexed)
      try scratch.write("hello", to: "index.safetensors")
      try refuse(indexed, "index.safetensors: has 5 bytes, expected a safetensors file")

      try embed("index.npy")
      other = indexed
      other[6] = "index.npy"
      try refuse(other, "index.npy: is a NumPy file")
      // What `clip embed` writes of pictures in files is not of a dataset.
      try scratch.succeed(
        ["embed", "--weights", "run", "--images", "pictures/p1000.png", "--into", "index.safetensors"])
      try refuse(indexed, "index.safetensors: does not say of which model and dataset")
    }

    /// Shards of another packer may hold pictures that nobody looked at.
    @Test func picturesThatCannotBeDecodedAreNotFound() throws {
      try scratch.remove("shards")
      for number in 0..<20 {
        let jpeg = try Shapes.picture(number).encodedAsJPEG()
        try scratch.write(number % 7 == 3 ? Array(jpeg[..<(jpeg.count / 2)]) : jpeg, to: "in/\(number + 100).jpg")
        try scratch.write(Shapes.caption(number), to: "in/\(number + 100).txt")
      }
      let packer = try Packer(threads: 1) { PreparedPicture(bytes: $0, format: .jpg) }
      _ = try packer.pack([try PackInput(scratch("in"))], into: scratch("shards"))
      try embed()
      let found = try answers(search + ["--index", "index.safetensors", "a red circle", "a cat", "--top", "100"])
      for answer in found {
        let keys = try results(answer).map(\.key)
        #expect(keys.count == 17 && Set(keys).isDisjoint(with: ["103", "110", "117"]))
      }
    }
  }
}
