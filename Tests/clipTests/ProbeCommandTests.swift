import Files
import Foundation
import Images
import Testing

extension RankTests {
  /// Probes of what was trained on shapes.
  @Suite struct ProbeCommandTests {
    let scratch: Scratch

    init() throws {
      let trained = try Trained.shared.get().scratch
      scratch = try Scratch()
      for name in ["run", "vocabulary.txt"] { try scratch.copy(trained(name), to: name) }
      try scratch.write("a {}\n", to: "a.txt")
      for (split, numbers) in [("train", 0..<144), ("validation", 144..<192), ("test", 192..<264)] {
        for number in numbers {
          let name = "\(split)/\(Shapes.caption(number).dropFirst(2).replacing(" ", with: "_"))/\(1000 + number).png"
          try scratch.write(Shapes.picture(number).encodedAsPNG(), to: name)
        }
      }
    }

    private func object(_ json: String) throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    }

    private func data(_ verb: String) -> [String] {
      ["evaluate", verb, "--weights", "run", "--train", "train", "--test", "test"]
    }

    @Test func ranksChangeNothingInAProbe() throws {
      let command = data("linear-probe") + ["--validation", "validation", "--json"]
      var outputs: [String] = [], classifiers: [[UInt8]] = []
      for (index, ranks) in [nil, 2, 3].enumerated() {
        let result = try scratch.succeed(
          command + ["--classifier", "c\(index).safetensors", "--threads", "\(index + 1)"], ranks: ranks)
        #expect(result.errors.isEmpty, "\(result.errors)")
        outputs.append(result.output)
        classifiers.append(try scratch.read("c\(index).safetensors"))
      }
      #expect(outputs[0] == outputs[1] && outputs[0] == outputs[2])
      #expect(classifiers[0] == classifiers[1] && classifiers[0] == classifiers[2])
      let found = try object(outputs[0])
      #expect(
        Set(found.keys) == [
          "train", "validation", "test", "classes", "features", "dimension", "c", "search", "iterations", "converged",
          "metric", "score", "top_1", "top_5", "mean_per_class", "roc_auc",
        ])
      #expect(
        found["classes"] as? Int == 24 && found["features"] as? String == "image" && found["converged"] as? Bool == true
      )
      #expect((found["test"] as? [String: Any])?["samples"] as? Int == 72)
      // By chance 0.04.
      #expect(try #require(found["top_1"] as? Double) > 0.3, "\(outputs[0])")

      let text = try scratch.succeed(data("linear-probe") + ["--c", "1", "--features", "projected"]).output
      #expect(text.contains("72 pictures of 24 classes; trained on 144, ") && text.contains("\nC 1, "))
    }

    @Test func featuresAreSavedAndUsedAgain() throws {
      let words = ["--c", "0.5", "--json"]
      let first = try object(scratch.succeed(data("linear-probe") + words + ["--save-features", "saved"]).output)
      #expect(try Set(scratch.names("saved")) == ["train.safetensors", "test.safetensors"])
      let second = try object(
        scratch.succeed(
          ["evaluate", "linear-probe", "--train", "saved/train.safetensors", "--test", "saved/test.safetensors"] + words
        ).output)
      for key in ["top_1", "mean_per_class", "iterations", "dimension"] {
        #expect(first[key] as? NSNumber == second[key] as? NSNumber, "\(key)")
      }
      try scratch.fail(
        data("linear-probe") + ["--validation", "saved/train.safetensors", "--features", "projected"], with: 74,
        "saved/train.safetensors: has ")
    }

    @Test func fewShotsComeNearerWithMoreExamples() throws {
      let command = data("few-shot") + ["--shots", "1", "4", "--seeds", "3", "--templates", "a.txt"]
      let alone = try scratch.succeed(command + ["--json"]).output
      #expect(try scratch.succeed(command + ["--json"], ranks: 3).output == alone)
      let found = try object(alone)
      let shots = try #require(found["shots"] as? [[String: Any]])
      let means = shots.compactMap { $0["mean"] as? Double }
      #expect(shots.compactMap { $0["shots"] as? Int } == [1, 4] && means.count == 2 && means[0] < means[1])
      let zeroShot = try scratch.succeed([
        "evaluate", "zero-shot", "--weights", "run", "--data", "test", "--templates", "a.txt", "--json",
      ])
      #expect(found["zero_shot"] as? Double == (try object(zeroShot.output))["top_1"] as? Double)
      let text = try scratch.succeed(command).output
      #expect(text.contains("\nzero-shot ") && text.contains("\n1-shot ") && text.contains(" ± "))
      try scratch.fail(
        data("few-shot") + ["--shots", "7"], ranks: 2, with: 74, "train: has 6 pictures of the class \"blue_circle\"",
        "--shots asks for 7")
    }

    @Test func robustnessIsMeasured() throws {
      let rows = [(0.5, 0.41), (0.6, 0.48), (0.7, 0.61), (0.8, 0.69)].enumerated().map {
        "net\($0),new,\($1.0),\($1.1)\n"
      }
      try scratch.write("model,shift,reference,shifted\n" + rows.joined(), to: "table.csv")
      let words = ["evaluate", "robustness", "--table", "table.csv"]
      let command =
        words + ["--weights", "run", "--reference", "train", "--shifted", "new=test", "--templates", "a.txt"]
      let result = try scratch.clip(command + ["--json"])
      if result.status == 0 {
        #expect(try scratch.succeed(command + ["--json"], ranks: 2).output == result.output)
      } else {
        // What was trained on these pictures may know all of them.
        #expect(result.errors.contains("accuracy 1.0: expected more than 0 and less than 1"))
      }
      try scratch.write("model,shift,reference,shifted\nmine,new,0.7,0.7\n", to: "mine.csv")
      let text = try scratch.succeed(words + ["--measured", "mine.csv", "--baseline", "net0"]).output
      #expect(
        text.hasPrefix("new: logit(shifted) = ") && text.contains("4 reference models") && text.contains("+0.2900"))
      try scratch.fail(words + ["--measured", "gone.csv"], with: 74, "gone.csv: ")
    }

    @Test func badDataAreRefused() throws {
      try scratch.write(Shapes.picture(1).encodedAsPNG(), to: "test/pink_star/1.png")
      try scratch.fail(
        data("linear-probe") + ["--c", "1"], ranks: 2, with: 74, "test: has pictures of the class \"pink_star\"",
        "train has none to train on")
      try scratch.remove("test/pink_star")
      try scratch.write("no picture", to: "test/red_cross/broken.png")
      let result = try scratch.succeed(data("linear-probe") + ["--c", "1", "--json"], ranks: 2)
      #expect(result.errors.contains("1 picture that cannot be decoded is left out"), "\(result.errors)")
      #expect(((try object(result.output))["test"] as? [String: Any])?["left_out"] as? Int == 1)
      try scratch.fail(
        data("linear-probe") + ["--c", "1", "--metric", "roc-auc"], with: 74, "test: cannot be judged by roc-auc")
    }
  }
}
