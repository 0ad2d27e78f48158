import Collectives
import Files
import Foundation
import Images
package import Shards
import Tensors

/// What a model makes of the pairs of a dataset: numbers, and examples to look at.
package struct PairStudy: Sendable {
  /// A pair as it is shown.
  struct Pair: Sendable {
    let key: String
    let caption: String
    /// Nil where the picture cannot be shown.
    let picture: Base64?
  }

  /// Best and worst queries of one direction.
  struct Direction: Sendable {
    let best: [Ranking]
    let worst: [Ranking]
  }

  /// Where the weights came from, and the dataset, as the command named them.
  let weights: String
  let data: String
  /// The identity of the dataset.
  let digest: String
  /// Pairs of the dataset, and those looked at.
  let all: Int
  package let studied: Int
  let retrieval: Retrieval
  let textToImage: Direction
  let imageToText: Direction
  /// Some pairs for the matrix, by their numbers among those studied.
  let shown: [Int]
  /// The cosines of their captions (rows) and pictures (columns).
  let similarities: [[Float]]
  let confusion: Confusion?
  /// All pairs that are shown somewhere, by their numbers among those studied.
  let pairs: [Int: Pair]

  /// More pairs than this are not looked at: what is compared grows with their square.
  package static let mostPairs = 5000
  private static let matrixSize = 8
  private static let examples = 4
  private static let top = 3

  /// Embeds pairs at even distances and compares all of them with each other.
  ///
  /// - Parameters:
  ///   - encoder: the model.
  ///   - samples: the dataset.
  ///   - names: what to call the weights and the dataset.
  ///   - progress: told how many pictures are done.
  package init(
    _ encoder: Encoder, _ samples: ShardCollection, named names: (weights: String, data: String),
    progress: (Int) -> Void
  ) throws {
    let places = Inspection.places(Self.mostPairs, among: samples.count)
    let captions = try places.map { try samples.sample(at: $0).caption.trimmingCharacters(in: .whitespacesAndNewlines) }
    let images = try encoder.images(places.count, progress: progress) {
      let sample = try samples.sample(at: places[$0])
      return ("the picture of sample \(sample.key)", sample.picture)
    }
    let texts = try encoder.texts(captions)
    (weights, data, digest) = (names.weights, names.data, samples.digest.description)
    (all, studied) = (samples.count, places.count)
    retrieval = try Retrieval(
      images: images, texts: texts, captionCounts: [Int](repeating: 1, count: images.rows), in: SoloCommunicator())

    var numbers: [String: Int] = [:], firsts: [Int] = []
    let groups = captions.enumerated().map { place, caption in
      if let known = numbers[caption] { return known }
      numbers[caption] = firsts.count
      firsts.append(place)
      return firsts.count - 1
    }
    func direction(of candidates: Tensor, for queries: Tensor) -> Direction {
      let rankings = Ranking.all(of: candidates, for: queries, groups: groups, top: Self.top)
      return Direction(
        best: Ranking.clearest(Self.examples, of: rankings, groups: groups),
        worst: Ranking.worst(Self.examples, of: rankings, groups: groups))
    }
    textToImage = direction(of: images, for: texts)
    imageToText = direction(of: texts, for: images)
    confusion = Confusion(images: images, texts: texts, captions: captions, groups: groups, firsts: firsts)

    // Of each caption one pair: two of the same would both be right.
    let shown = Inspection.places(Self.matrixSize, among: firsts.count).map { firsts[$0] }
    self.shown = shown
    similarities = shown.map { row in
      let found = Tensor(rows: 1, columns: images.rows)
      multiply(texts.rows(row..<row + 1), images.transposed, into: found)
      let values = found.values
      return shown.map { values[$0] }
    }

    let directions = [textToImage, imageToText].flatMap { $0.best + $0.worst }
    let used = Set(shown + directions.flatMap { [$0.query, $0.own.index] + $0.best.map(\.index) })
    var pairs: [Int: Pair] = [:]
    for number in used {
      let sample = try samples.sample(at: places[number])
      pairs[number] = Pair(
        key: sample.key, caption: captions[number], picture: try? Base64(Picture.decode(sample.picture)))
    }
    self.pairs = pairs
  }
}
