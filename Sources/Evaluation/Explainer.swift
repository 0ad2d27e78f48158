import Captions
public import Checkpoints
import Files
import Foundation
import Images
import Tensors
import Towers
import Training

/// A trained model that tells what in a picture its similarity to a text comes from.
public final class Explainer {
  private let towers: TwoTowers
  private let reader: SampleReader

  /// Loads a model, with room for gradients, in single precision.
  ///
  /// - Parameter weights: whatever ``Checkpoints/Weights`` finds.
  public init(_ weights: Weights) throws {
    reader = try SampleReader(for: weights)
    towers = TwoTowers(weights.configuration, precision: .fp32, forTraining: true)
    try towers.load(weights)
  }

  /// Rows and columns of the places that ``Explanation/features`` have.
  public var grid: (rows: Int, columns: Int) {
    (towers.configuration.vision.gridHeight, towers.configuration.vision.gridWidth)
  }

  /// Compares a picture with texts, and goes back to where their similarity comes from.
  ///
  /// - Parameters:
  ///   - file: an encoded picture; the model sees its middle, as in evaluation.
  ///   - name: what to call it in an error.
  /// - Throws: ``EncoderError`` where the weights are no numbers.
  public func explain(_ file: [UInt8], named name: String, texts: [String]) throws -> Explanation {
    let pixels: [UInt8]
    do {
      pixels = try reader.pixels(of: file)
    } catch let error as ImageError {
      throw FileError(name, "cannot be decoded: \(error)")
    }
    let found = try towers.similarityGradients(
      of: reader.pack(pixels, count: 1), with: PackedCaptions(texts.map(reader.tokens)))
    for gradients in found.captions {
      let numbers = [gradients.similarity] + gradients.pixels + gradients.features
      guard numbers.allSatisfy(\.isFinite) else { throw EncoderError() }
    }
    let probabilities = Self.softmax(
      found.captions.map { exp(Double(towers.logitScale.values.scalar)) * Double($0.similarity) })
    let vision = towers.configuration.vision
    return Explanation(
      picture: Picture(
        size: PictureSize(width: vision.imageWidth, height: vision.imageHeight), pixels: pixels),
      features: found.features,
      texts: texts.indices.map {
        Explanation.Text(
          text: texts[$0], gradients: found.captions[$0], probability: texts.count > 1 ? probabilities[$0] : nil)
      })
  }

  private static func softmax(_ logits: [Double]) -> [Double] {
    let most = logits.max() ?? 0
    let powers = logits.map { exp($0 - most) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}
