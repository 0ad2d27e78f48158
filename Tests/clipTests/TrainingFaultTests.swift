import Checkpoints
import Files
import Foundation
import Testing

extension RankTests {
  /// Mistakes that every rank finds alike are told once, end all ranks, and leave no run behind.
  @Suite struct TrainingFaultTests {
    let scratch: Scratch

    init() throws { scratch = try Trained.copyOfDataset() }

    @Test func recipesAreChecked() throws {
      try scratch.fail(Trained.command(recipe: "tinny"), ranks: 2, with: 2, "\"tinny\" is neither a file", "tiny")
      let mistakes = [
        (#"{"globalBach": 64}"#, #"unknown key "globalBach"; did you mean "globalBatch"?"#),
        (#"{"globalBatch": "64"}"#, #"globalBatch: found "64", expected a whole number"#),
        (#"{"schedule": {"decay": "linear"}}"#, #"schedule.decay: found "linear", expected one of cosine, constant"#),
        (#"{"model": {"embed_dim": 32, "vision_cfg": {}, "text_cfg": {"witdh": 3}}}"#, "model.text_cfg.witdh"),
        ("{", "is not JSON"),
      ]
      for (json, text) in mistakes {
        try scratch.write(json, to: "mine.json")
        try scratch.fail(Trained.command(recipe: "mine.json"), ranks: 2, with: 2, "mine.json: ", text)
      }
      #expect(!scratch.exists("run"))
    }

    @Test func usageIsToldOnce() throws {
      let result = try scratch.clip(Trained.command() + ["--stesp", "3"], ranks: 2)
      #expect(result.status == 2)
      #expect(result.errors.split(separator: "\n").map { $0.prefix(9) } == ["Error: Un", "Usage: cl", "  See 'cl"])
    }

    @Test func theRanksMustDivideTheBatch() throws {
      try scratch.fail(
        Trained.command(), ranks: 3, with: 2, "globalBatch: 64", "3 ranks", "1, 2, 4, 8, 16, 32, 64")
      try scratch.fail(Trained.command(steps: 1, "globalBatch=63"), ranks: 2, with: 2, "1, 3, 7, 9, 21, 63")
      #expect(!scratch.exists("run"))
    }

    @Test func theVocabularyMustFitTheModel() throws {
      try scratch.fail(
        Trained.command(steps: 1, "model.text_cfg.vocab_size=551"), ranks: 2, with: 2,
        "vocabulary.txt has 550 tokens", "text_cfg.vocab_size is 551", "set model.text_cfg.vocab_size=550")
      try scratch.fail(
        Trained.command(steps: 1, "vocabulary=none.txt"), ranks: 2, with: 74, "none.txt: cannot open: No such file")
      try scratch.write("a b\n", to: "words.txt")
      try scratch.fail(
        Trained.command(steps: 1, "vocabulary=words.txt"), ranks: 2, with: 74, "words.txt: begins with", "#version")
      #expect(!scratch.exists("run"))
    }

    @Test func aRunOfAnotherRecipeOrDatasetIsNotContinued() throws {
      try scratch.succeed(Trained.command(steps: 2), ranks: 2)
      let journal = try scratch.read("run/journal.jsonl")
      let recipe = try scratch.read("run/recipe.json")
      try scratch.fail(
        Trained.command(steps: 2, "optimizer.learningRate=0.002"), ranks: 2, with: 64,
        "run holds a run of another recipe: optimizer.learningRate was 0.001, now is 0.002")
      try scratch.fail(Trained.command(steps: 3), ranks: 2, with: 64, "steps was 2, now is 3")
      try scratch.fail(
        Trained.command(steps: 2, "model.vision_cfg.layers=3"), ranks: 2, with: 64,
        "model.vision_cfg.layers was 2, now is 3")
      // What does not change the numbers may change.
      try scratch.succeed(Trained.command(steps: 2, "microBatch=8", "checkpoint.keepLast=1"), ranks: 2)
      try scratch.write(recipe, to: "run/recipe.json")

      try scratch.writeShapes(90, to: "other")
      try scratch.succeed(["pack", "other", "--into", "other-shards"])
      try scratch.fail(
        Trained.command(data: "other-shards", steps: 2), ranks: 2, with: 64, "run: the run was started on the data set",
        "xxh64:")
      try scratch.remove("run/recipe.json")
      try scratch.fail(Trained.command(steps: 2), ranks: 2, with: 64, "run holds checkpoints but no recipe.json")
      #expect(try scratch.read("run/journal.jsonl") == journal)
      #expect(
        try scratch.names("run").filter { !$0.hasPrefix("events.out.tfevents.") } == [
          "journal.jsonl", "merges.txt", "starts.jsonl", "step-000000002",
        ])
    }

    @Test func aLossThatIsNoNumberStopsAllRanks() throws {
      try scratch.fail(
        Trained.command(steps: 20, "optimizer.learningRate=1e30", "checkpoint.everySteps=5"), ranks: 2, with: 1,
        "step 2: the loss is not a number", "optimizer.learningRate", "schedule.warmupSteps")
      #expect(try JournalLine.all(of: "run", in: scratch).map(\.step) == [1])
    }

    /// With one micro-batch a rank blocks have been updated by then: nothing of it is written.
    @Test func aGradientThatIsInfiniteStopsAllRanks() throws {
      try scratch.succeed(Trained.command(into: "small", steps: 1))
      try scratch.succeed(["export", "--weights", "small", "--into", "model", "--format", "open_clip"])
      // A hidden layer of large numbers, which the layer behind it makes small again, but for its weight's gradient.
      let block = "visual.transformer.resblocks.0.mlp"
      let factors: [String: Float] = ["\(block).c_fc.weight": 1e25, "\(block).c_proj.weight": 1e-25]
      let file = scratch("model/open_clip_model.safetensors")
      let tensors = try SafetensorsFile(file).tensors.map { tensor in
        let factor = factors[tensor.name] ?? 1
        return TensorSource(tensor.name, shape: tensor.shape, values: try tensor.values().map { factor * $0 })
      }
      try SafetensorsWriter.write(tensors, to: file)
      for (run, ranks, microBatch) in [("alone", 1, 64), ("together", 2, 32), ("parts", 2, 16)] {
        // Where bfloat16 is multiplied as integers, lengths of 1e19 are none already on the way forward.
        let command = Trained.command(
          into: run, steps: 2, "checkpoint.everySteps=1", "microBatch=\(microBatch)", "precision=fp32")
        try scratch.fail(
          command + ["--initial-weights", "model"], ranks: ranks, with: 1, "step 1: the gradient is infinite",
          "Checkpoints stay as they were")
        #expect(try scratch.names(run).filter { $0.hasPrefix("step-") }.isEmpty)
        #expect(try JournalLine.all(of: run, in: scratch).isEmpty)
      }
    }

    @Test func weightsWithoutMeasureAreNotSaved() throws {
      try scratch.fail(
        Trained.command(steps: 1, "optimizer.learningRate=1e30"), ranks: 2, with: 1,
        "step 1: the size of the weights is infinite")
      #expect(try scratch.names("run").filter { $0.hasPrefix("step-") }.isEmpty)
    }

    @Test func aRunWithoutASoundCheckpointIsNotStartedAgain() throws {
      try scratch.succeed(Trained.command(steps: 2), ranks: 2)
      try scratch.write("", to: "run/step-000000002/.DS_Store")
      let journal = try scratch.read("run/journal.jsonl")
      // The warning names the file in the checkpoint, the error the run.
      try scratch.fail(Trained.command(steps: 2), with: 74, "run: none of its 1 checkpoints can be trusted")
      #expect(try scratch.read("run/journal.jsonl") == journal)
      try scratch.remove("run/step-000000002/.DS_Store")
      #expect(try scratch.succeed(Trained.command(steps: 2), ranks: 2).errors.contains("nothing to do"))
    }

    /// Digests prove what was written, not that it makes sense: another program may have written it.
    @Test(arguments: [
      ("\"step\" : 2", "\"step\" : 9", "state.json: step: found 9, expected 2"),
      ("\"samples\" : 128", "\"samples\" : -12", "state.json: found -12 samples"),
      ("\"embed_dim\"", "\"embed_dam\"", "state.json: recipe: model.embed_d"),
    ]) func whatAStateCannotBeIsRefused(old: String, new: String, reason: String) throws {
      let model = ["model.embed_dim=8"]
      let command = Trained.command(steps: 2) + model.flatMap { ["--set", $0] }
      try scratch.succeed(command, ranks: 2)
      let checkpoint = "run/step-000000002"
      let state = try scratch.text("\(checkpoint)/state.json"), changed = state.replacing(old, with: new)
      try #require(changed != state)
      try scratch.write(changed, to: "\(checkpoint)/state.json")
      let manifest = try scratch.text("\(checkpoint)/MANIFEST.json")
        .replacing(
          "\(state.utf8.count) \(Digest(of: Array(state.utf8)))",
          with: "\(changed.utf8.count) \(Digest(of: Array(changed.utf8)))")
      let body = try #require(manifest.firstRange(of: ",\n  \"xxh64\"")).lowerBound
      let digest = Digest(of: Array(manifest[..<body].utf8))
      try scratch.write(manifest[..<body] + ",\n  \"xxh64\" : \"\(digest)\"\n}\n", to: "\(checkpoint)/MANIFEST.json")
      try scratch.succeed(["verify", checkpoint])
      let result = try scratch.fail(command, with: 74, "run: none of its 1 checkpoints can be trusted")
      #expect(result.errors.contains(reason), "\(result.errors)")
    }

    @Test func exchangedVocabulariesAreRefused() throws {
      try scratch.succeed(Trained.command(steps: 2), ranks: 2)
      // The last two merges in the other order: as many tokens, of which two mean each other's.
      var lines = try scratch.text("vocabulary.txt").split(separator: "\n").map(String.init)
      lines.swapAt(lines.count - 1, lines.count - 2)
      try scratch.write(lines.joined(separator: "\n") + "\n", to: "vocabulary.txt")
      let own = try scratch.read("run/merges.txt")
      try scratch.fail(Trained.command(steps: 2), ranks: 2, with: 64, "run holds a run with another vocabulary")
      #expect(try scratch.read("run/merges.txt") == own)
    }

    @Test(.enabled(if: SmallDisk.canBeMade, "needs the right to mount"))
    func aFullDiskLeavesTheOldCheckpoint() throws {
      // A checkpoint has about two megabytes: one fits, a second beside it does not.
      let disk = try SmallDisk(scratch("disk"), kilobytes: 3000)
      defer { disk.unmount() }
      let command = Trained.command(into: "disk/run", steps: 6, "checkpoint.everySteps=2", "checkpoint.keepLast=1")
      // Training goes on without the second checkpoint; only the last one must not fail.
      let full = try scratch.fail(
        command, ranks: 2, with: 74, "rank 0 on ", "disk/run/step-000000006", "No space left")
      #expect(full.errors.contains("warning: disk/run: ") && full.errors.contains("2 more checkpoints of "))
      #expect(full.errors.contains("warning: no checkpoint of step 4: disk/run/step-000000004"), "\(full.errors)")
      #expect(try scratch.names("disk/run").filter { $0.contains("tmp") }.isEmpty)
      #expect(try JournalLine.all(of: "disk/run", in: scratch).map(\.step) == Array(1...6))
      #expect(try scratch.names("disk/run").filter { $0.hasPrefix("step-") } == ["step-000000002"])
      try scratch.succeed(["verify", "disk/run"])
      try disk.resize(kilobytes: 8000)
      #expect(try scratch.succeed(command, ranks: 2).errors.contains("resuming disk/run after step 2"))
      #expect(try JournalLine.all(of: "disk/run", in: scratch).map(\.step) == Array(1...6))
      try disk.makeReadOnly()
      try scratch.fail(Trained.command(into: "disk/other"), ranks: 2, with: 74, "disk/other", "Read-only file system")
    }

    /// Lines of the journal wait until there is room, and checkpoints for the journal.
    @Test(.enabled(if: SmallDisk.canBeMade, "needs the right to mount"))
    func aFullDiskHoldsTheJournalBack() throws {
      let disk = try SmallDisk(scratch("disk"), kilobytes: 8000)
      defer { disk.unmount() }
      let program = try ClipProgram(
        Trained.command(into: "disk/run", steps: 1000, "checkpoint.everySteps=20", "checkpoint.keepLast=1"), ranks: 2,
        in: scratch.path)
      func lines() -> Int { (try? JournalLine.all(of: "disk/run", in: scratch).count) ?? 0 }
      let deadline = ContinuousClock.now + .seconds(60)
      while lines() < 3, program.isRunning, ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.005) }
      #expect(FileManager.default.createFile(atPath: scratch("disk/filler"), contents: nil))
      let filler = try #require(FileHandle(forWritingAtPath: scratch("disk/filler")))
      // A checkpoint that is removed meanwhile leaves room, which is filled as well.
      let filled = ContinuousClock.now + .seconds(1.5)
      while ContinuousClock.now < filled {
        while (try? filler.write(contentsOf: Data(count: 4096))) != nil {}
        Thread.sleep(forTimeInterval: 0.01)
      }
      let stuck = lines()
      Thread.sleep(forTimeInterval: 0.3)
      #expect(lines() == stuck && program.isRunning)
      try filler.close()
      try scratch.remove("disk/filler")
      let result = program.wait()
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.errors.contains("journal.jsonl: cannot be written: No space left on device; training goes on"))
      #expect(try JournalLine.all(of: "disk/run", in: scratch).map(\.step) == Array(1...1000))
      // TensorBoard's file has caught up: of every step's event, the tag of the loss.
      let events = try #require(scratch.names("disk/run").first { $0.hasPrefix("events.out.tfevents.") })
      let text = String(decoding: try scratch.read("disk/run/\(events)"), as: UTF8.self)
      #expect(text.components(separatedBy: "train/loss").count - 1 == 1000)
      try scratch.succeed(["verify", "disk/run"])
    }

    @Test func pathsThatCannotBeAreNamed() throws {
      try scratch.write("x", to: "file")
      for run in ["file", "file/run"] {
        try scratch.fail(Trained.command(into: run), ranks: 2, with: 74, "file: cannot create directory")
      }
      try scratch.fail(
        Trained.command() + ["--initial-weights", "none"], ranks: 2, with: 74, "none: does not exist; expected a run")
      try scratch.fail(
        Trained.command() + ["--validation", "none"], ranks: 2, with: 74, "none: is not there")
      #expect(!scratch.exists("run"))
    }
  }
}
