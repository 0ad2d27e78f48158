import Foundation
public import Tensors

/// How well captions find their pictures, and pictures their captions.
public struct Retrieval: Codable, Sendable {
  /// One direction.
  public struct Direction: Codable, Sendable {
    /// The share of queries whose own partner is first.
    public let recallAt1: Double
    /// Among the first five.
    public let recallAt5: Double
    /// Among the first ten.
    public let recallAt10: Double
    /// The mean place of the own partner, from 1.
    public let meanRank: Double
    /// The median place, from 1; of two middle ones the lower.
    public let medianRank: Int

    private enum CodingKeys: String, CodingKey {
      case recallAt1 = "R@1"
      case recallAt5 = "R@5"
      case recallAt10 = "R@10"
      case meanRank = "mean_rank"
      case medianRank = "median_rank"
    }

    /// - Parameter places: of each query, the place of its own partner, from 0.
    init(_ places: [Int]) {
      func recall(_ k: Int) -> Double { Double(places.count { $0 < k }) / Double(max(places.count, 1)) }
      recallAt1 = recall(1)
      recallAt5 = recall(5)
      recallAt10 = recall(10)
      meanRank = Double(places.reduce(0, +)) / Double(max(places.count, 1)) + 1
      medianRank = places.isEmpty ? 0 : places.sorted()[(places.count - 1) / 2] + 1
    }
  }

  /// Pairs.
  public let samples: Int
  /// Each caption looks for its picture.
  public let textToImage: Direction
  /// Each picture looks for its caption.
  public let imageToText: Direction

  private enum CodingKeys: String, CodingKey {
    case samples
    case textToImage = "text_to_image"
    case imageToText = "image_to_text"
  }

  /// Ranks the partners of paired embeddings, row i of one with row i of the other; of equal similarities the lower
  /// index comes first, as in open_clip.
  ///
  /// - Parameters:
  ///   - images: (pairs, embedding); `texts`: the same shape; rows of length 1.
  public init(images: Tensor, texts: Tensor) {
    samples = images.rows
    imageToText = Direction(Self.places(of: texts, for: images))
    textToImage = Direction(Self.places(of: images, for: texts))
  }

  /// For every query, how many candidates come before candidate i in the order of similarity to it.
  private static func places(of candidates: Tensor, for queries: Tensor) -> [Int] {
    let tile = 256
    let room = Tensor(rows: min(tile, queries.rows), columns: candidates.rows)
    return stride(from: 0, to: queries.rows, by: tile).flatMap { start in
      let rows = start..<min(start + tile, queries.rows)
      let similarities = room.rows(0..<rows.count)
      multiply(queries.rows(rows), candidates.transposed, into: similarities)
      return similarities.withFloats { numbers in
        rows.map { query in
          let row = numbers[(query - start) * candidates.rows..<(query - start + 1) * candidates.rows]
          let first = row.startIndex
          let own = row[first + query]
          return row.indices.count { row[$0] > own || (row[$0] == own && $0 < first + query) }
        }
      }
    }
  }
}
