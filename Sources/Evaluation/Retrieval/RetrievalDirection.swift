/// How well one kind finds its partners of the other.
public struct RetrievalDirection: Codable, Equatable, Sendable {
  /// The share of queries whose own partner is first.
  public let recallAt1: Double
  /// Among the first five.
  public let recallAt5: Double
  /// Among the first ten.
  public let recallAt10: Double
  /// The mean place of the own partner, from 1.
  public let meanRank: Double
  /// The median place, from 1; of two middle ones their mean, rounded down as in open_clip.
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
    let sorted = places.sorted()
    medianRank = places.isEmpty ? 0 : (sorted[(places.count - 1) / 2] + sorted[places.count / 2]) / 2 + 1
  }
}
