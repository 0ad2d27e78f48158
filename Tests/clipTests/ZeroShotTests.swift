import Files
import Foundation
import Images
import Testing

extension RankTests {
  /// Classifying what was trained on, by way of every kind of data.
  @Suite struct ZeroShotTests {
    let scratch: Scratch
    /// Pictures of each of the 24 kinds of shapes.
    private static let pictures = 5

    init() throws {
      let trained = try Trained.shared.get().scratch
      scratch = try Scratch()
      for name in ["run", "vocabulary.txt"] { try scratch.copy(trained(name), to: name) }
      try scratch.write("a {}\n", to: "a.txt")
    }

    /// The kind of shape of a picture, as the name of its folder.
    private static func label(_ number: Int) -> String {
      String(Shapes.caption(number).dropFirst(2)).replacing(" ", with: "_")
    }

    private func writeFolders() throws {
      for number in 0..<Self.pictures * Shapes.kinds {
        let name = "folders/\(Self.label(number))/deep/p\(1000 + number).png"
        try scratch.write(Shapes.picture(number).encodedAsPNG(), to: name)
      }
    }

    private var command: [String] { ["evaluate", "zero-shot", "--weights", "run", "--templates", "a.txt", "--json"] }

    private func object(_ json: String) throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    }

    @Test func ranksChangeNothingAndFilesSayTheSame() throws {
      try writeFolders()
      var outputs: [String] = [], files: [[UInt8]] = []
      for (index, ranks) in [nil, 2, 3].enumerated() {
        let result = try scratch.succeed(
          command + ["--data", "folders", "--predictions", "p\(index).csv", "--confusion", "c\(index).csv"],
          ranks: ranks)
        #expect(result.errors.isEmpty)
        outputs.append(result.output)
        files.append(try scratch.read("p\(index).csv") + scratch.read("c\(index).csv"))
      }
      #expect(outputs[0] == outputs[1] && outputs[0] == outputs[2])
      #expect(files[0] == files[1] && files[0] == files[2])

      let found = try object(outputs[0])
      #expect(
        Set(found.keys) == [
          "samples", "undecodable", "unlabelled", "classes", "templates", "top_1", "top_5", "mean_per_class",
          "mean_average_precision", "roc_auc", "per_class",
        ])
      #expect(found["samples"] as? Int == 120 && found["classes"] as? Int == 24 && found["templates"] as? Int == 1)
      let top1 = try #require(found["top_1"] as? Double)
      // By chance 0.04 and 0.5.
      #expect(top1 > 0.4 && found["roc_auc"] as? Double ?? 0 > 0.85, "\(found)")
      #expect(abs(try #require(found["mean_per_class"] as? Double) - top1) < 1e-12)

      let predictions = try scratch.text("p0.csv").split(separator: "\n").map { $0.split(separator: ",") }
      #expect(predictions[0] == ["picture", "class", "predicted", "score", "probability"] && predictions.count == 121)
      #expect(abs(Double(predictions.dropFirst().count { $0[1] == $0[2] }) / 120 - top1) < 1e-12)
      #expect(predictions[1][0] == "folders/blue_circle/deep/p1008.png" && predictions[1][1] == "blue_circle")
      let counts = try scratch.text("c0.csv").split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
      let matrix = counts.map { $0.dropFirst().compactMap { Int($0) } }
      #expect(matrix.count == 24 && matrix.allSatisfy { $0.count == 24 && $0.reduce(0, +) == Self.pictures })
      #expect(abs(Double(matrix.indices.reduce(0) { $0 + matrix[$1][$1] }) / 120 - top1) < 1e-12)

      let text = try scratch.succeed(
        ["evaluate", "zero-shot", "--weights", "run", "--data", "folders", "--confusion", "c.png"])
      #expect(text.output.contains("120 pictures of 24 classes, described with 1 template\ntop-1"))
      #expect(text.output.contains("most mistaken for\nblue_circle  "))
      #expect(try scratch.read("c.png").prefix(4) == [0x89, 0x50, 0x4E, 0x47])
    }

    /// Folders, a table, captions, a field of the JSON and a table of keys: the same pictures of the same classes.
    @Test func allKindsOfDataSayTheSame() throws {
      try writeFolders()
      let numbers = (0..<Self.pictures * Shapes.kinds).sorted { (Self.label($0), $0) < (Self.label($1), $1) }
      let labels = Set(numbers.map(Self.label)).sorted()
      try scratch.write(labels.map { "\($0)\t\($0.replacing("_", with: " "))\n" }.joined(), to: "classes.txt")
      let expected = try scratch.succeed(command + ["--data", "folders"]).output
      #expect(try scratch.succeed(command + ["--data", "folders", "--classes", "classes.txt"]).output == expected)

      let rows = numbers.map { "folders/\(Self.label($0))/deep/p\(1000 + $0).png,\(Self.label($0))\n" }
      try scratch.write("filepath,class\n" + rows.joined(), to: "table.csv")
      try scratch.write("file\tkind\n" + rows.joined().replacing(",", with: "\t"), to: "table.tsv")
      #expect(try scratch.succeed(command + ["--data", "table.csv"]).output == expected)
      #expect(
        try scratch.succeed(
          command + ["--data", "table.tsv", "--image-column", "file", "--class-column", "kind"]
        ).output == expected)

      for (place, number) in numbers.enumerated() {
        let name = "in/\(1000 + place)"
        try scratch.write(Shapes.picture(number).encodedAsPNG(), to: "\(name).png")
        let kind = try #require(labels.firstIndex(of: Self.label(number)))
        try scratch.write(#"{"caption":"\#(Shapes.caption(number))!","kind":\#(kind)}"#, to: "\(name).json")
      }
      try scratch.succeed(["pack", "in", "--into", "shards", "--samples-per-shard", "50"])
      let keys = numbers.enumerated().map { "\(1000 + $0),\(Self.label($1))\n" }
      try scratch.write("key,class\n" + keys.joined(), to: "labels.csv")
      let shards = command + ["--data", "shards", "--classes", "classes.txt"]
      #expect(try scratch.succeed(shards + ["--caption-template", "a {}!"], ranks: 2).output == expected)
      #expect(try scratch.succeed(shards + ["--class-field", "kind"]).output == expected)
      #expect(try scratch.succeed(shards + ["--labels", "labels.csv"]).output == expected)
      try scratch.fail(shards, with: 74, "shards: leaves nothing to evaluate on: of 120 pictures", "120 are of none")
      try scratch.fail(command + ["--data", "shards"], with: 74, "shards: is a packed dataset", "--classes FILE")
      try scratch.fail(
        command + ["--data", "folders", "--class-field", "kind"], with: 74, "folders: is no packed dataset")
    }

    /// The classifier is saved, and used without its templates; names of a class are averaged.
    @Test func aClassifierIsSavedAndUsedAgain() throws {
      try writeFolders()
      let described = try scratch.succeed(
        command + ["--data", "folders", "--save-classifier", "classifier.safetensors"], ranks: 2
      ).output
      let again = [
        "evaluate", "zero-shot", "--weights", "run", "--data", "folders", "--json", "--classifier",
        "classifier.safetensors",
      ]
      #expect(try scratch.succeed(again).output == described)
      try scratch.write("a red circle\n", to: "texts.txt")
      try scratch.fail(
        again.dropLast() + ["run/step-000000240/model.safetensors"], with: 74, "is no classifier")
    }

    /// Classes in the order of the folders, as files for ImageNet have them.
    @Test func classesComeInTheOrderOfTheFolders() throws {
      for (folder, number) in [("n01", 0), ("n02", 1), ("n03", 2)] {
        try scratch.write(Shapes.picture(number).encodedAsPNG(), to: "folders/\(folder)/x.png")
      }
      try scratch.write("red circle\nred square\nred square\n", to: "classes.txt")
      try scratch.fail(
        command + ["--data", "folders", "--classes", "classes.txt"], with: 74,
        #"classes.txt: classes 2 and 3 are both named "red square""#)
      try scratch.write("red circle\nred square\nred cross|cross that is red\n", to: "classes.txt")
      let found = try scratch.succeed(command + ["--data", "folders", "--classes", "classes.txt"])
      #expect(
        found.errors.contains("classes.txt names none of the folders of folders; its classes are taken in their order"))
      #expect(found.output.contains(#""label" : "n03""#) && found.output.contains("cross that is red"))
      #expect(found.output.contains(#""top_5" : null"#))
      try scratch.write("red circle\nn02\nred cross\n", to: "classes.txt")
      try scratch.fail(
        command + ["--data", "folders", "--classes", "classes.txt"], with: 74, "folders/n01: is the folder of none")
      try scratch.write("red circle\nred square\n", to: "classes.txt")
      try scratch.fail(
        command + ["--data", "folders", "--classes", "classes.txt"], ranks: 2, with: 74, "folders/n01: is the folder")
      // Equal names that labels tell apart are told of.
      try scratch.write("n01\tred circle\nn02\tred square\nn03\tRed Square\n", to: "classes.txt")
      let equal = try scratch.succeed(command + ["--data", "folders", "--classes", "classes.txt"])
      #expect(equal.errors.contains("2 class labels share their names") && equal.errors.contains("n02, n03"))
    }

    /// One bad picture in thousands must not stop an evaluation, nor pass unseen.
    @Test func whatCannotBeUsedIsLeftOutAndCounted() throws {
      try writeFolders()
      try scratch.write(Array(try Shapes.picture(3).encodedAsPNG().prefix(90)), to: "folders/red_cross/short.png")
      try scratch.write("no picture", to: "folders/blue_cross/words.jpg")
      try scratch.write("not looked at", to: "folders/blue_cross/notes.txt")
      try Directory.create(scratch("folders/empty"))
      let expected = try object(try scratch.succeed(command + ["--data", "folders", "--predictions", "p.csv"]).output)
      for ranks in [nil, 2] {
        let found = try scratch.succeed(command + ["--data", "folders"], ranks: ranks)
        #expect(
          found.errors.contains("warning: 2 pictures that cannot be decoded are left out: folders/blue_cross/words.jpg")
        )
        #expect(found.errors.contains("folders/red_cross/short.png: "))
        #expect(found.errors.contains("warning: folders/empty: holds no pictures, so that its class has none"))
        #expect(found.errors.contains("1 of 25 classes have no pictures") && found.errors.contains("empty"))
        let figures = try object(found.output)
        #expect(figures["undecodable"] as? Int == 2 && figures["samples"] as? Int == 120)
        #expect(figures["top_1"] as? Double == expected["top_1"] as? Double)
        let empty = try #require(
          (figures["per_class"] as? [[String: Any]])?.first { $0["label"] as? String == "empty" })
        #expect(empty["samples"] as? Int == 0 && empty["recall"] is NSNull && empty["average_precision"] is NSNull)
      }
      #expect(try scratch.text("p.csv").contains("folders/blue_cross/words.jpg,blue_cross,,,\n"))
      // Of a table, rows of other classes are left out.
      try scratch.write("red circle\nred square\n", to: "classes.txt")
      let rows = (0..<24).map { "folders/\(Self.label($0))/deep/p\(1000 + $0).png,\(Self.label($0))\n" }
      try scratch.write("filepath,class\n" + rows.joined(), to: "table.csv")
      let found = try scratch.succeed(command + ["--data", "table.csv", "--classes", "classes.txt"])
      #expect(found.errors.contains("warning: 22 pictures of none of the classes are left out: folders/"))
      #expect(found.output.contains(#""samples" : 2"#) && found.output.contains(#""unlabelled" : 22"#))
    }

    @Test func dataThatAreNoneAreRefused() throws {
      try writeFolders()
      let zeroShot = { [command] (data: String) in command + ["--data", data] }
      try scratch.fail(zeroShot("nowhere"), ranks: 2, with: 74, "nowhere: is not there")
      try scratch.fail(zeroShot("a.txt"), with: 74, "a.txt: is nothing to evaluate on: expected a folder")
      try scratch.fail(zeroShot("folders/red_cross/deep"), with: 74, "holds no folders: expected one for each class")
      try Directory.create(scratch("empty/one"))
      try scratch.fail(zeroShot("empty"), with: 74, "empty: has no pictures in its 1 folders")
      try scratch.write("no picture", to: "words/one/x.jpg")
      try scratch.fail(zeroShot("words"), with: 74, "words: leaves nothing to evaluate on", "1 cannot be decoded")
      try scratch.write("filepath,class\n", to: "none.csv")
      try scratch.fail(zeroShot("none.csv"), with: 74, "none.csv: has no rows below its header")
      try scratch.write("filepath,kind\nx.png,dog\n", to: "kind.csv")
      try scratch.fail(zeroShot("kind.csv"), with: 74, #"kind.csv: has no column "class", only "#, "--class-column")
      try scratch.write("filepath,class\nx.png\n", to: "short.csv")
      try scratch.fail(zeroShot("short.csv"), with: 74, "short.csv: line 2 has 1 fields, expected 2")
      try scratch.write("filepath,class\nx.png,dog\n", to: "gone.csv")
      try scratch.fail(zeroShot("gone.csv"), with: 74, "x.png: cannot open")
      try scratch.fail(
        zeroShot("folders") + ["--confusion", "nowhere/c.png"], with: 74, "nowhere/c.png: cannot be written")
      try scratch.write("", to: "classes.txt")
      try scratch.fail(
        zeroShot("folders") + ["--classes", "classes.txt"], with: 74, "classes.txt: holds no class")
      try scratch.write("a photo\n", to: "a.txt")
      try scratch.fail(zeroShot("folders"), with: 74, #"a.txt: line 1: "a photo" has no {}"#)
    }
  }

  /// Retrieval where pictures have several captions.
  @Suite struct SeveralCaptionsTests {
    @Test func ranksChangeNothing() throws {
      let trained = try Trained.shared.get().scratch
      let scratch = try Scratch()
      for name in ["run", "vocabulary.txt"] { try scratch.copy(trained(name), to: name) }
      for number in 0..<150 {
        try scratch.write(Shapes.picture(number).encodedAsPNG(), to: "in/\(1000 + number).png")
        let captions = (0...number % 4).map { "\(Shapes.caption(number)) \(number + $0)" }
        let json = try JSONSerialization.data(withJSONObject: ["captions": captions])
        try scratch.write(Array(json), to: "in/\(1000 + number).json")
      }
      try scratch.succeed(["pack", "in", "--into", "shards"])
      let command = ["evaluate", "retrieval", "--weights", "run", "--data", "shards"]
      let alone = try scratch.succeed(command + ["--json"]).output
      for ranks in 1...4 {
        #expect(try scratch.succeed(command + ["--json"], ranks: ranks).output == alone)
      }
      #expect(alone.contains(#""samples" : 150"#) && alone.contains(#""captions" : 373"#))
      #expect(try scratch.succeed(command).output.contains("150 pictures, 373 captions\n"))
      let prompted = try scratch.succeed(command + ["--json", "--template", "a photo of {}"]).output
      #expect(prompted != alone && prompted.contains(#""captions" : 373"#))
    }
  }
}
