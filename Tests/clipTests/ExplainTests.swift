import Checkpoints
import Files
import Foundation
import Images
import Testing

/// `clip explain` and the hidden states of `clip embed`, as a person uses them; whether their numbers are right is for the
/// tests of Training and for Tests/Peers.
@Suite struct ExplainTests {
  /// A run of one step, one of a ModifiedResNet, and one whose patches are whole pictures.
  private static let prepared = Result {
    let scratch = try Scratch.untilExit()
    try Trained.copyDataset(to: scratch)
    try scratch.succeed(Trained.command(into: "transformer", steps: 1))
    try scratch.succeed(Trained.command(into: "whole", steps: 1, "model.vision_cfg.patch_size=32"))
    let tower = #"model.vision_cfg={"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "head_width": 32}"#
    try scratch.succeed(Trained.command(into: "residual", steps: 1, tower, "precision=fp32", "globalBatch=8"))
    return scratch
  }

  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    let prepared = try Self.prepared.get()
    for name in ["transformer", "whole", "residual"] { try scratch.copy(prepared(name), to: name) }
    try scratch.write(Shapes.picture(1, side: 80).encodedAsPNG(), to: "shape.png")
    try scratch.write("a red square\na blue circle\n", to: "texts.txt")
  }

  private func explain(_ weights: String, _ more: String...) -> [String] {
    [
      "explain", "--weights", weights, "--image", "shape.png", "--text", "a red square", "a blue circle", "--into",
      "heat.png",
    ]
      + more
  }

  private func object(_ json: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
  }

  @Test(arguments: [("transformer", 32), ("residual", 64)], ["features", "pixels"])
  func eachTextGetsAMapAndItsNumbers(model: (name: String, side: Int), layer: String) throws {
    let printed = try scratch.succeed(
      explain(model.name, "--layer", layer, "--gradients", "gradients.safetensors", "--json"))
    #expect(printed.errors.isEmpty)
    let report = try object(printed.output)
    let file = try SafetensorsFile(scratch("gradients.safetensors"))
    let shapes = Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0.shape) })
    let features = try #require(shapes["features"])
    #expect(shapes["similarity"] == [2] && shapes["pixel_gradient"] == [2, 3, model.side, model.side])
    #expect(shapes["feature_gradient"] == [2] + features && features.count == 3)
    #expect(report["map"] as? [Int] == (layer == "pixels" ? [model.side, model.side] : Array(features.prefix(2))))
    #expect(report["picture"] as? [Int] == [model.side, model.side])

    let texts = try #require(report["texts"] as? [[String: Any]])
    #expect(texts.map { $0["text"] as? String } == ["a red square", "a blue circle"])
    let probabilities = texts.compactMap { $0["probability"] as? Double }
    let keys: Set = ["text", "similarity", "probability", "peak", "center", "strongest", "area"]
    #expect(texts.allSatisfy { Set($0.keys) == keys })
    #expect(probabilities.count == 2 && abs(probabilities.reduce(0, +) - 1) < 1e-9)
    let similarities = try file.tensor("similarity").values()
    // The same cosines as of the embeddings.
    try scratch.succeed([
      "embed", "--weights", model.name, "--images", "shape.png", "--texts", "texts.txt", "--into", "e.safetensors",
    ])
    let embeddings = try SafetensorsFile(scratch("e.safetensors"))
    let image = try embeddings.tensor("image_features").values()
    let captions = try embeddings.tensor("text_features").values()
    for (row, similarity) in similarities.enumerated() {
      let cosine = zip(image, captions[row * image.count..<(row + 1) * image.count]).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(cosine - similarity) < 1e-5)
    }
    // A picture of three cells beside each other.
    let header = try PictureHeader(try scratch.read("heat.png"))
    #expect(header.format == .png && header.size.width == 2 * 32 + 3 * 320 + 2 * 20)
  }

  @Test func oneTextHasNoProbability() throws {
    let report = try object(
      scratch.succeed([
        "explain", "--weights", "transformer", "--image", "shape.png", "--text", "a red square", "--into", "heat.png",
        "--json",
      ]).output)
    let texts = try #require(report["texts"] as? [[String: Any]])
    #expect(texts.count == 1 && texts[0]["probability"] is NSNull && texts[0]["similarity"] is Double)
    #expect(try scratch.succeed(explain("transformer")).output.hasPrefix("heat.png: 2 maps of "))
  }

  @Test func whatCannotBeExplainedIsSaid() throws {
    let words = ["explain", "--weights", "transformer", "--into", "heat.png", "--image"]
    for (more, reason) in [
      (["--text", "a", "  "], "--text: found an empty text"),
      (["--text", "a", "--gradients", "heat.png"], "--gradients: found the file of --into"),
      (["--text", "a", "--layer", "middle"], "'middle' is invalid"),
    ] {
      let result = try scratch.clip(words + ["shape.png"] + more)
      #expect(result.status == 2 && result.errors.contains(reason), "\(result.errors)")
    }
    try scratch.fail(words + ["none.png", "--text", "a"], with: 74, "none.png: cannot open")
    try scratch.fail(words + ["texts.txt", "--text", "a"], with: 74, "texts.txt: cannot be decoded")
    try scratch.fail(explain("nowhere"), with: 74, "nowhere: does not exist")
    try scratch.fail(explain("whole"), with: 74, "whole: has one feature for the whole picture", "take --layer pixels")
    try scratch.fail(explain("transformer", "--gradients", "no/g.safetensors"), with: 74, "no/g.safetensors")
    #expect(!scratch.exists("heat.png"))
    try scratch.succeed(explain("whole", "--layer", "pixels"))
  }

  private func embed(_ weights: String, _ more: String...) -> [String] {
    ["embed", "--weights", weights, "--images", "shape.png", "--texts", "texts.txt", "--into", "e.safetensors"] + more
  }

  @Test func hiddenStatesHaveTheirShapes() throws {
    // The models have two blocks in each tower, or four stages in one.
    for (name, more, picture, text) in [
      ("transformer", ["--hidden"], [1, 17, 64], [2, 16, 32]),
      ("transformer", ["--hidden-layer", "-2"], [1, 17, 64], [2, 16, 32]),
      ("residual", ["--hidden"], [1, 4, 256], [2, 16, 32]),
      ("residual", ["--hidden-layer", "2"], [1, 64, 64], [2, 16, 32]),
    ] as [(String, [String], [Int], [Int])] {
      let printed = try scratch.succeed(embed(name) + more + ["--json"]).output
      let shapes = try #require(try JSONSerialization.jsonObject(with: Data(printed.utf8)) as? [String: [Int]])
      let file = try SafetensorsFile(scratch("e.safetensors"))
      #expect(Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0.shape) }) == shapes)
      #expect(shapes["image_hidden"] == picture && shapes["text_hidden"] == text, "\(name) \(more)")
    }
    try scratch.succeed(embed("transformer"))
    #expect(try SafetensorsFile(scratch("e.safetensors")).tensors.count == 2)
  }

  @Test func layersThatAreNotThereAreNamed() throws {
    try scratch.fail(
      embed("residual", "--hidden-layer", "5"), with: 2,
      "--hidden-layer: found 5, expected -5 to 4: the image tower has 4 layers")
    try scratch.fail(embed("transformer", "--hidden-layer", "-100"), with: 2, "--hidden-layer: found -100")
    #expect(!scratch.exists("e.safetensors"))
  }
}
