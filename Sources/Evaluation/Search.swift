public import Tensors

/// Finds the pictures most similar to a query, exactly.
public enum Search {
  /// A picture found.
  public struct Hit: Sendable {
    /// Its row among the candidates.
    public let index: Int
    /// The cosine of query and picture.
    public let score: Float
  }

  /// The `top` best rows of `candidates` for every row of `queries`, the best first; of equals the lower index.
  ///
  /// - Parameters:
  ///   - queries: (queries, embedding); `candidates`: (candidates, embedding); rows of length 1.
  public static func best(_ top: Int, of candidates: Tensor, for queries: Tensor) -> [[Hit]] {
    let similarities = Tensor(rows: queries.rows, columns: candidates.rows)
    multiply(queries, candidates.transposed, into: similarities)
    return (0..<queries.rows).map { query in
      let scores = similarities.rows(query..<query + 1).values
      return scores.indices
        .sorted { scores[$0] > scores[$1] || (scores[$0] == scores[$1] && $0 < $1) }
        .prefix(top)
        .map { Hit(index: $0, score: scores[$0]) }
    }
  }
}
