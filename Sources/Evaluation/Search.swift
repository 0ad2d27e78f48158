import Shards
public import Tensors

/// Finds the pictures most similar to a query, exactly.
public enum Search {
  /// A picture found: its row among the candidates, and the cosine of query and picture.
  public typealias Hit = SimilarRows.Hit

  /// Bytes of candidates that are read at once.
  private static let blockBytes = 8 << 20

  /// The `top` best rows of `candidates` for every row of `queries`, the best first; of equals the lower index.
  ///
  /// - Parameters:
  ///   - queries: (queries, embedding); `candidates`: (candidates, embedding); rows of length 1. A candidate of zeros is
  ///     not found.
  public static func best(_ top: Int, of candidates: Tensor, for queries: Tensor) -> [[Hit]] {
    let similar = SimilarRows(to: queries, top: top)
    similar.look(through: candidates)
    return similar.found
  }

  /// The same out of any number of candidates: a block of them is in memory, and the next one is read meanwhile.
  ///
  /// - Parameter block: rows of a block, which change nothing in what is found; nil: a few megabytes of them.
  public static func best(
    _ top: Int, of candidates: any RowSource, for queries: Tensor, block: Int? = nil
  ) throws -> [[Hit]] {
    precondition(candidates.columns == queries.columns, "embeddings of other widths")
    let count = candidates.rows, columns = candidates.columns
    let height = min(block ?? max(blockBytes / (columns * MemoryLayout<Float>.size), 1), max(count, 1))
    let blocks = (count + height - 1) / height
    let rooms = (0..<2).map { _ in Tensor(rows: height, columns: columns) }
    // One block ahead: its room is that of the block before this one, which is done with when this one is taken.
    let reader = Prefetcher(from: 0, to: blocks, threads: 1, ahead: 1) { number in
      let range = number * height..<min((number + 1) * height, count)
      return try candidates.block(range, room: rooms[number % 2].rows(0..<range.count))
    }
    let similar = SimilarRows(to: queries, top: top)
    for _ in 0..<blocks { similar.look(through: try reader.next()) }
    return similar.found
  }
}
