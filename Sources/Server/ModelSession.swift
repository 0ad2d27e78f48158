public import Evaluation
import FlyingFox
import Foundation
import Images
public import Shards
import Tensors
import Towers
import Training

/// A model and the pictures it looks through: answers what people ask, one question at a time.
///
/// Everything is refused before it costs much: pictures by their header, names by their number.
public actor ModelSession {
  private let encoder: Encoder
  private let samples: ShardCollection
  private let images: any RowSource
  private let name: String

  /// Most pixels of a picture that is sent.
  static let mostPixels = 64_000_000
  /// Most pictures an answer shows, and most class names a question has.
  static let mostHits = 200, mostNames = 1000
  /// Most characters of a text.
  static let mostCharacters = 2000

  /// - Parameters:
  ///   - encoder: the model; nobody else uses it from now on.
  ///   - samples: the pictures, with their captions.
  ///   - images: their embeddings, (samples, embedding), rows of length 1; of zeros where a picture cannot be decoded.
  ///   - name: what to call the model.
  public init(_ encoder: sending Encoder, _ samples: ShardCollection, _ images: any RowSource, name: String) {
    precondition(images.rows == samples.count && images.columns == encoder.dimension, "embeddings of other pictures")
    self.encoder = encoder
    self.samples = samples
    self.images = images
    self.name = name
  }

  /// What there is, for the page's head.
  struct About: Encodable {
    let model: String
    let pictures: Int
    let dimension: Int
  }

  func about() -> About { About(model: name, pictures: samples.count, dimension: encoder.dimension) }

  /// The pictures most similar to a text.
  func search(text: String, top: Int) throws -> SearchAnswer {
    try Self.check(text, "the query")
    return try find(top) { try encoder.texts([text]) }
  }

  /// The pictures most similar to an encoded picture.
  func search(picture: [UInt8], top: Int) throws -> SearchAnswer {
    try find(top) { try embedding(of: picture) }
  }

  /// The pictures most similar to one of them.
  func search(like index: Int, top: Int) throws -> SearchAnswer {
    guard (0..<samples.count).contains(index) else { throw Self.noPicture(index, of: samples.count) }
    return try find(top) {
      let own = try images.block(index..<index + 1, room: Tensor(rows: 1, columns: images.columns))
      guard own.values.contains(where: { $0 != 0 }) else {
        throw Refusal(.badRequest, "picture \(index) cannot be decoded, so that nothing is known to be like it")
      }
      return own
    }
  }

  /// How well names fit an encoded picture.
  ///
  /// - Parameter template: what a name becomes a sentence with, in place of `{}`.
  func classify(_ picture: [UInt8], as names: [String], template: String) throws -> ClassifyAnswer {
    guard !names.isEmpty else { throw Refusal(.badRequest, "no class names: give one on every line") }
    guard names.count <= Self.mostNames else {
      throw Refusal(.badRequest, "\(names.count) class names, expected at most \(Self.mostNames)")
    }
    guard template.contains("{}") else {
      throw Refusal(.badRequest, "the template \"\(template)\" has no {} for the name to go")
    }
    try Self.check(template, "the template")
    for name in names { try Self.check(name, "a class name") }
    if let twice = Dictionary(grouping: names, by: { $0 }).first(where: { $0.value.count > 1 })?.key {
      throw Refusal(.badRequest, "the class name \"\(twice)\" is there twice")
    }
    let start = ContinuousClock.now
    let query = try embedding(of: picture)
    let prompts = try encoder.texts(names.map { template.replacingOccurrences(of: "{}", with: $0) })
    let scores = Tensor(rows: 1, columns: names.count)
    multiply(query, prompts.transposed, into: scores)
    let scale = exp(encoder.towers.logitScale.values.scalar), values = scores.values
    let largest = values.max() ?? 0
    let weights = values.map { exp(scale * ($0 - largest)) }, sum = weights.reduce(0, +)
    let classes = names.indices.map {
      ClassifyAnswer.Class(name: names[$0], probability: weights[$0] / sum, score: values[$0])
    }
    return ClassifyAnswer(
      classes: classes.sorted { $0.score > $1.score }, seconds: start.duration(to: .now) / .seconds(1))
  }

  /// A picture of the data, encoded.
  func picture(_ index: Int) throws -> Sample {
    guard (0..<samples.count).contains(index) else { throw Self.noPicture(index, of: samples.count) }
    return try samples.sample(at: index)
  }

  // MARK: -

  private func find(_ top: Int, _ query: () throws -> Tensor) throws -> SearchAnswer {
    guard (1...Self.mostHits).contains(top) else {
      throw Refusal(.badRequest, "top: found \(top), expected 1 to \(Self.mostHits)")
    }
    let start = ContinuousClock.now
    let hits = try Search.best(top, of: images, for: query())[0].map { hit in
      let sample = try samples.sample(at: hit.index)
      return SearchAnswer.Hit(
        index: hit.index, key: sample.key, caption: sample.caption.trimmingCharacters(in: .whitespacesAndNewlines),
        score: hit.score)
    }
    return SearchAnswer(results: hits, seconds: start.duration(to: .now) / .seconds(1))
  }

  private func embedding(of picture: [UInt8]) throws -> Tensor {
    do {
      let size = try PictureHeader(picture).size
      guard size.width <= Self.mostPixels / size.height else {
        throw Refusal(
          .payloadTooLarge, "the picture has \(size) pixels, expected at most \(Self.mostPixels / 1_000_000) million")
      }
      let pixels = try encoder.reader.pixels(of: picture)
      let embedding = Tensor(rows: 1, columns: encoder.dimension)
      try encoder.towers.embed(encoder.reader.pack(pixels, count: 1), into: embedding)
      return embedding
    } catch let error as ImageError {
      throw Refusal(.badRequest, "the picture cannot be read: \(error)")
    }
  }

  private static func check(_ text: String, _ what: String) throws {
    guard !text.allSatisfy(\.isWhitespace) else { throw Refusal(.badRequest, "\(what) is empty") }
    guard text.count <= mostCharacters else {
      throw Refusal(.badRequest, "\(what) has \(text.count) characters, expected at most \(mostCharacters)")
    }
  }

  private static func noPicture(_ index: Int, of count: Int) -> Refusal {
    Refusal(.notFound, "there is no picture \(index): the data has 0 to \(count - 1)")
  }
}
