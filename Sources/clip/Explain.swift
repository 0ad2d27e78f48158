public import ArgumentParser
import Checkpoints
public import Evaluation
import Files
import Foundation
import Images
import Towers

/// Shows what in a picture makes it similar to a text.
struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what in a picture makes it similar to a text: heat maps of gradients.",
    discussion: """
      A map for each text is laid over the picture as the model sees it, the
      middle square. With --layer features it is Grad-CAM of the last features
      that have a place: of a ModifiedResNet what its last stage gives to the
      attention pool, of a Vision Transformer the patch tokens that enter the last
      block. Each channel weighs as its mean gradient; what speaks against the
      text is left out. With --layer pixels it is the absolute gradient of each
      pixel, summed over colours and smoothed by a Gaussian of a 64th of the side.
      Each map is divided by its strongest place. Where several texts are given,
      percentages tell how the model's temperature shares the picture among them.

      --json tells of each map its peak before that division, its strongest place
      and its center of mass (shares of width and height from the left upper
      corner), and the share of the picture that is at least half as strong.

      --gradients writes, in single precision:
        similarity        (texts), the cosines
        pixel_gradient    (texts, 3, height, width), of the cosines with respect
                          to the normalised pixels
        features          (rows, columns, channels)
        feature_gradient  (texts, rows, columns, channels)

      Example:
        clip explain --weights my-run --image cat.jpg --text "a cat" "a sofa" \\
          --into cat-heat.png
        clip explain --weights my-run --image cat.jpg --text "a cat" \\
          --layer pixels --into cat-heat.png --gradients cat.safetensors --json
      """)

  @OptionGroup var weights: WeightsOption

  @Option(help: ArgumentHelp("The picture: JPEG, PNG or WebP.", valueName: "file"))
  var image: String

  @Option(parsing: .upToNextOption, help: "Texts; each gets a map of its own.")
  var text: [String]

  @Option(help: "What the maps are made of: features or pixels.")
  var layer = Explanation.Layer.features

  @Option(help: ArgumentHelp("The PNG to draw.", valueName: "file"), transform: PNGFile.path)
  var into: String

  @Option(help: ArgumentHelp("Also write the gradients, as safetensors.", valueName: "file"))
  var gradients: String?

  @OptionGroup var threads: ThreadOption
  @OptionGroup var output: Output

  private struct Report: Encodable {
    let image: String
    let layer: String
    /// Places of the map: rows, columns.
    let map: [Int]
    /// Pixels the model sees: height, width.
    let picture: [Int]
    let texts: [TextReport]
  }

  private struct TextReport: Encodable {
    let text: String
    let similarity: Float
    let probability: Double?
    let peak: Float
    let center: HeatMap.Place?
    let strongest: HeatMap.Place?
    let area: Double

    private enum CodingKeys: CodingKey {
      case text, similarity, probability, peak, center, strongest, area
    }

    /// Writes every key, with `null` for what there is none of.
    func encode(to encoder: any Swift.Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(text, forKey: .text)
      try container.encode(similarity, forKey: .similarity)
      try container.encode(probability, forKey: .probability)
      try container.encode(peak, forKey: .peak)
      try container.encode(center, forKey: .center)
      try container.encode(strongest, forKey: .strongest)
      try container.encode(area, forKey: .area)
    }
  }

  func validate() throws {
    guard !text.isEmpty else { throw ValidationError("--text: name at least one text") }
    guard text.allSatisfy({ !$0.trimmed.isEmpty }) else {
      throw ValidationError("--text: found an empty text, expected what the picture may show")
    }
    for (option, path) in [("--into", into)] + (gradients.map { [("--gradients", $0)] } ?? []) {
      guard Directory.resolved(path) != Directory.resolved(image) else {
        throw ValidationError("\(option): found the picture itself, expected another file")
      }
    }
    guard gradients.map({ Self.place(of: $0) != Self.place(of: into) }) ?? true else {
      throw ValidationError("--gradients: found the file of --into, expected another")
    }
    guard text.count <= Self.mostTexts else {
      throw ValidationError("--text: found \(text.count) texts, expected at most \(Self.mostTexts)")
    }
  }

  /// More would make a sheet nobody looks through.
  private static let mostTexts = 100

  /// A path without detours, whether there is something yet or not.
  private static func place(of path: String) -> String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let folder = parts.dropLast().joined(separator: "/")
    return Directory.resolved(folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder) + "/" + (parts.last ?? "")
  }

  func run() throws {
    threads.apply()
    let explainer = try Explainer(weights.open())
    let (rows, columns) = explainer.grid
    guard layer == .pixels || rows * columns > 1 else {
      throw FileError(
        weights.path, "has one feature for the whole picture, which makes no map: take --layer pixels")
    }
    // Known before the work, not after.
    for path in [into, gradients].compactMap(\.self) { try FileWriter.check(path) }
    let found = try explainer.explain(FileReader.contents(of: image), named: image, texts: text)
    let name = image.split(separator: "/").last.map(String.init) ?? image
    let sheet = try ExplanationSheet(found, layer, title: name).png()
    if let gradients { try SafetensorsWriter.write(Self.tensors(of: found), to: gradients) }
    try FileWriter.write(sheet, to: into)
    let report = report(on: found)
    try output.show(report) {
      let lines = report.texts.map { text in
        let share = text.probability.map { String(format: "%6.1f %%  ", 100 * $0) } ?? ""
        let place = text.strongest.map {
          String(format: "most at %.0f %% from the left, %.0f %% from the top", 100 * $0.x, 100 * $0.y)
        }
        return String(format: "  %6.3f  ", text.similarity) + share + text.text.shortened
          + ": \(place ?? "no place speaks for it")"
      }
      return
        (["\(into): \(counted(lines.count, "map")) of \(report.map[0]) × \(report.map[1]) \(layer.rawValue)"] + lines)
        .joined(separator: "\n")
    }
  }

  private func report(on found: Explanation) -> Report {
    let picture = found.picture
    var places = [picture.height, picture.width]
    if layer == .features { places = [found.features.rows, found.features.columns] }
    return Report(
      image: image, layer: layer.rawValue, map: places, picture: [picture.height, picture.width],
      texts: found.texts.map { text in
        let map = found.map(of: text, layer).resized(toWidth: picture.width, height: picture.height)
        return TextReport(
          text: text.text, similarity: text.gradients.similarity, probability: text.probability, peak: map.peak,
          center: map.center, strongest: map.strongest, area: map.area)
      })
  }

  private static func tensors(of found: Explanation) -> [TensorSource] {
    let texts = found.texts.map(\.gradients), features = found.features
    let places = [features.rows, features.columns, features.channels]
    return [
      TensorSource("similarity", shape: [texts.count], values: texts.map(\.similarity)),
      TensorSource(
        "pixel_gradient", shape: [texts.count, 3, found.picture.height, found.picture.width],
        values: texts.flatMap(\.pixels)),
      TensorSource("features", shape: places, values: features.values),
      TensorSource("feature_gradient", shape: [texts.count] + places, values: texts.flatMap(\.features)),
    ]
  }
}

extension Explanation.Layer: ExpressibleByArgument {}
