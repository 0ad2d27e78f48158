import Checkpoints
import Files
import Foundation
import Images
import Testing

/// All suites that start ranks: one after the other, since each wants the whole machine.
@Suite(.serialized, .enabled(if: ClipProgram.hasMPI, "mpirun is not there")) enum RankTests {}

extension RankTests {
  /// From pictures to weights that other programs load, in the order a person would go.
  @Suite struct PathTests {
    let trained: Trained
    var scratch: Scratch { trained.scratch }

    init() throws { trained = try Trained.shared.get() }

    private func object(_ json: String) throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    }

    @Test func packingCountsAndIsSound() throws {
      #expect(try Trained.packed.get().log.output.hasPrefix("shards: 144 samples in 3 shards, "))
      let found = try object(try scratch.succeed(["inspect", "shards", "--json"]).output)
      #expect(found["samples"] as? Int == 144 && found["shards"] as? Int == 3)
      #expect(found["pictures"] as? [String: Int] == ["png": 108, "jpg": 36])
      #expect((found["dropped"] as? [String: Int])?.isEmpty == true)
      #expect(try scratch.succeed(["inspect", "shards"]).output.contains("caption   p1000: a red circle\n"))
      #expect(try scratch.succeed(["verify", "shards"]).output == "shards: the dataset is sound\n")
      #expect(try scratch.succeed(["verify", "shards", "--fast"]).output.contains("its contents were not read"))
      try scratch.succeed(["verify", "shards", "--fast"])
    }

    @Test func everyStepIsALineOfTheJournal() throws {
      let first = try #require(try scratch.text("run/journal.jsonl").split(separator: "\n").first)
      #expect(
        try Set(object(String(first)).keys) == [
          "step", "samples", "epoch", "loss", "learning_rate", "logit_scale", "gradient_norm", "image_accuracy",
          "text_accuracy", "samples_per_second", "seconds", "peak_memory_bytes", "skipped_pictures",
          "reading_seconds", "time",
        ])
      let lines = try JournalLine.all(of: "run", in: scratch)
      #expect(lines.map(\.step) == Array(1...Trained.steps))
      #expect(lines.map(\.samples) == (1...Trained.steps).map { 64 * $0 })
      #expect(lines[1].epoch == 1 && lines[2].epoch == 1.5)
      #expect(abs(lines[0].learningRate - 1e-4) < 1e-9 && abs(lines[9].learningRate - 1e-3) < 1e-9)
      #expect(abs(lines[0].logitScale - 1 / 0.07) < 0.1)
      for line in lines {
        #expect(
          Set(line.seconds.keys) == ["data", "embed", "contrast", "backward", "reduce", "optimize", "checkpoint"])
        #expect(
          Set(line.readingSeconds.keys) == ["reading", "decompressing", "decoding", "resizing", "tokenizing"])
        #expect(line.readingSeconds.allSatisfy { $0.value >= 0 && $0.value < 60 })
        #expect(["decoding", "resizing", "tokenizing"].allSatisfy { line.readingSeconds[$0] ?? 0 > 0 })
        #expect(line.samplesPerSecond > 0 && line.gradientNorm > 0 && line.skippedPictures == 0)
        #expect((10 << 20..<4 << 30).contains(line.peakMemoryBytes))
        #expect((0...1).contains(line.imageAccuracy) && (0...1).contains(line.textAccuracy))
        #expect((line.validation != nil) == [120, 240].contains(line.step))
      }
      #expect(lines.dropFirst(220).allSatisfy { $0.loss < lines[0].loss * 0.6 }, "it learned too little")
      let validation = try #require(lines.last?.validation)
      #expect(validation["text_to_image_R@10"] ?? 0 > 0.8 && validation.count == 6)
    }

    @Test func theLogOfARunIsShort() {
      let lines = trained.log.errors.split(separator: "\n")
      #expect(lines.first?.hasPrefix("144 samples · ") == true)
      #expect(lines.first?.contains(" · batch 64 · 240 steps · 2 ranks × ") == true)
      #expect(lines.last?.hasPrefix("step 240/240 ") == true)
      #expect(lines.count < 10 && trained.log.output.isEmpty, "\(trained.log)")
    }

    @Test func theSameCommandAgainHasNothingToDo() throws {
      let before = try scratch.read("run/journal.jsonl")
      let names = try scratch.names("run")
      #expect(
        names.filter { !$0.hasPrefix("events.out.tfevents.") } == [
          "journal.jsonl", "merges.txt", "recipe.json", "starts.jsonl", "step-000000200", "step-000000220",
          "step-000000240",
        ])
      #expect(names.count == 8)
      let again = try scratch.succeed(Trained.command(), ranks: 2)
      #expect(again.errors.contains("nothing to do"))
      #expect(try scratch.read("run/journal.jsonl") == before && scratch.names("run") == names)
      #expect(try scratch.succeed(["verify", "run"]).output == "run: the run is sound\n")
    }

    @Test func retrievalAndSearchFindWhatWasLearned() throws {
      let found = try object(
        try scratch.succeed(["evaluate", "retrieval", "--weights", "run", "--data", "shards", "--json"]).output)
      #expect(found["samples"] as? Int == 144)
      for direction in ["text_to_image", "image_to_text"] {
        let figures = try #require(found[direction] as? [String: Double])
        #expect(Set(figures.keys) == ["R@1", "R@5", "R@10", "mean_rank", "median_rank"])
        // By chance 0.07.
        #expect(figures["R@10"] ?? 0 > 0.8, "\(direction)")
      }
      let table = try scratch.succeed(["evaluate", "retrieval", "--weights", "run", "--data", "shards"]).output
      #expect(table.contains("144 pairs") && table.contains("text → image"))
      #expect(found["captions"] as? Int == 144 && found["undecodable"] as? Int == 0)

      let search = ["search", "--weights", "run", "--data", "shards", "a red circle", "a blue cross", "--top", "3"]
      let answers = try #require(
        try JSONSerialization.jsonObject(with: Data(try scratch.succeed(search + ["--json"]).output.utf8))
          as? [[String: Any]])
      #expect(answers.map { $0["query"] as? String } == ["a red circle", "a blue cross"])
      for (answer, query) in zip(answers, ["a red circle", "a blue cross"]) {
        let results = try #require(answer["results"] as? [[String: Any]])
        #expect(results.count == 3 && results.contains { $0["caption"] as? String == query }, "\(results)")
        #expect(results[0]["score"] as? Double ?? 0 >= results[2]["score"] as? Double ?? 1)
      }
      let lines = try scratch.succeed(search + ["--sheet", "found.png"]).output.split(separator: "\n")
      #expect(lines.count == 8 && lines[0] == "a red circle" && lines[1].hasPrefix("   0."))
      #expect(try scratch.read("found.png").prefix(4) == [0x89, 0x50, 0x4E, 0x47])
    }

    /// Embeddings of six pictures and three texts, as a file's bytes.
    private func embed(_ weights: String, in scratch: Scratch) throws -> [UInt8] {
      try scratch.write("a red circle\na white cross\n\n", to: "texts.txt")
      let pictures = (1000..<1006).map { "pictures/p\($0).\($0 % 4 == 3 ? "jpg" : "png")" }
      try scratch.succeed(
        ["embed", "--weights", weights, "--texts", "texts.txt", "--into", "features.safetensors", "--images"]
          + pictures)
      defer { try? scratch.remove("features.safetensors") }
      let file = try SafetensorsFile(scratch("features.safetensors"))
      let (images, texts) = (try file.tensor("image_features"), try file.tensor("text_features"))
      #expect(images.shape == [6, 256] && texts.shape == [3, 256])
      for row in 0..<6 {
        let squares = try images.values()[row * 256..<(row + 1) * 256].reduce(0) { $0 + $1 * $1 }
        #expect(abs(squares - 1) < 1e-5)
      }
      return try scratch.read("features.safetensors")
    }

    @Test func exportsGiveTheSameEmbeddingsToTheLastBit() throws {
      let expected = try embed("run", in: scratch)
      for (format, files) in [
        ("open_clip", ["open_clip_config.json", "open_clip_model.safetensors"]),
        ("transformers", ["config.json", "model.safetensors", "preprocessor_config.json"]),
      ] {
        try scratch.succeed(["export", "--weights", "run", "--into", format, "--format", format])
        let names = try scratch.names(format)
        #expect(Set(names).isSuperset(of: files + ["vocab.json", "merges.txt", "tokenizer_config.json"]))
        #expect(try embed(format, in: scratch) == expected, "\(format)")
      }
      let configuration = try object(try scratch.text("open_clip/open_clip_config.json"))
      let text = (configuration["model_cfg"] as? [String: Any])?["text_cfg"] as? [String: Any]
      #expect(text?["hf_tokenizer_name"] as? String == ".")
      // Whatever else --weights takes.
      #expect(try embed("run/step-000000240", in: scratch) == expected)
      #expect(try embed("run/step-000000240/model.safetensors", in: scratch) == expected)
      #expect(try embed("open_clip/open_clip_model.safetensors", in: scratch) == expected)
      #expect(try embed("run/step-000000200", in: scratch) != expected)
    }

    /// Each picture has 3 columns more than the model sees. Transformers leaves one of them on the left, open_clip two.
    @Test func theMiddleIsWhatTheFormatsProgramTakes() throws {
      func features(_ weights: String, leaving columns: Int? = nil) throws -> [Float] {
        for number in 0..<3 {
          let whole = Shapes.picture(number, side: 35)
          let size = PictureSize(width: columns == nil ? 35 : 32, height: 32)
          let part = Region(x: columns ?? 0, y: 1, size: size)
          let picture = whole.framed(Framing(source: Region(all: whole.size), scaled: whole.size, window: part))
          try scratch.write(picture.encodedAsPNG(), to: "wide/\(number).png")
        }
        try scratch.succeed(
          ["embed", "--weights", weights, "--into", "wide/out.safetensors", "--images"]
            + (0..<3).map { "wide/\($0).png" })
        return try SafetensorsFile(scratch("wide/out.safetensors")).tensor("image_features").values()
      }
      defer { for name in ["wide", "for-open_clip", "for-transformers"] { try? scratch.remove(name) } }
      let run = try features("run")
      #expect(try run == features("run", leaving: 2) && run != features("run", leaving: 1))
      for format in ["transformers", "open_clip"] {
        try scratch.succeed(["export", "--weights", "run", "--into", "for-\(format)", "--format", format])
      }
      #expect(try features("for-open_clip") == run)
      #expect(try features("for-transformers") == features("run", leaving: 1))
      // Weights from Transformers may begin a run, which is cut as all runs are.
      try scratch.succeed(
        Trained.command(into: "wide/tuned", steps: 1, "optimizer.learningRate=0")
          + ["--initial-weights", "for-transformers"])
      #expect(try features("wide/tuned") == run)
    }

    @Test func aRunCanBeMoved() throws {
      let expected = try embed("run", in: scratch)
      let elsewhere = try Scratch()
      try elsewhere.copy(scratch("run"), to: "moved")
      try elsewhere.copy(scratch("pictures"), to: "pictures")
      #expect(try embed("moved", in: elsewhere) == expected)
    }

    @Test func aNewRunStartsFromGivenWeights() throws {
      let expected = try embed("run", in: scratch)
      let command = Trained.command(into: "tuned", steps: 1, "optimizer.learningRate=0")
      try scratch.succeed(command + ["--initial-weights", "run"], ranks: 2)
      defer { try? scratch.remove("tuned") }
      #expect(try embed("tuned", in: scratch) == expected)
    }

    /// The number of ranks decides nothing, nor does it whether there is an `mpirun` at all.
    @Test func oneRankNeedsNoMPIRun() throws {
      // Rounded to bfloat16, weights that differ in their last bit would soon differ by more.
      try scratch.succeed(Trained.command(into: "alone", steps: 4, "precision=fp32"))
      try scratch.succeed(Trained.command(into: "pair", steps: 4, "precision=fp32"), ranks: 2)
      defer { for run in ["alone", "pair"] { try? scratch.remove(run) } }
      let one = try JournalLine.all(of: "alone", in: scratch), two = try JournalLine.all(of: "pair", in: scratch)
      #expect(one.count == 4 && two.count == 4)
      for (one, two) in zip(one, two) {
        #expect(abs(one.loss - two.loss) < 1e-5 * two.loss, "step \(one.step)")
        // Of the batch's 64 pairs, one may be nearest by less than the last bit.
        #expect(abs(one.imageAccuracy - two.imageAccuracy) <= 1 / 64)
      }
    }
  }
}
