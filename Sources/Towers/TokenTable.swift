import Tensors

/// The embedding of each token: a large table, of which a batch touches few rows.
///
/// Its gradient is made some rows at a time, so that where it is handed on it need not all be there.
struct TokenTable {
  let embedding: Parameter  // (vocabulary, width)
  private let parts: [Part]

  private struct Part {
    let rows: Range<Int>
    let unit: ParameterUnit
  }

  /// Declares the parameter.
  init(_ name: String, vocabulary: Int, width: Int, _ initializer: Initializer, in store: ParameterStore) {
    let first = store.count
    embedding = store.declare(name, [vocabulary, width], initializer)
    // Parts begin where vectors do.
    let rows = max(1, Self.partElements / width / 16) * 16
    parts = stride(from: 0, to: vocabulary, by: rows).map { row in
      let end = row + rows < vocabulary ? first + (row + rows) * width : store.count
      return Part(rows: row..<min(row + rows, vocabulary), unit: store.part(first + row * width..<end))
    }
  }

  /// Less than a block of any but small models, and enough for several ranks to sum it piece by piece.
  private static let partElements = 1 << 22

  /// `y[i]` = the embedding of token i.
  func forward(_ tokens: [Int32], into y: Tensor) {
    gatherRows(of: embedding.values, tokens, into: y)
  }

  /// Adds the rows of `dy` to the gradients of their tokens.
  func backward(_ dy: Tensor, _ tokens: [Int32], in workspace: Workspace) throws {
    for part in parts {
      let places = tokens.indices.filter { part.rows.contains(Int(tokens[$0])) }
      try part.unit.withGradients {
        workspace.scope {
          let own = workspace.tensor(rows: places.count, columns: dy.columns)
          gatherRows(of: dy, places.map { Int32($0) }, into: own)
          scatterAddRows(
            of: own, places.map { tokens[$0] - Int32(part.rows.lowerBound) },
            to: embedding.slice(part.rows).gradient)
        }
      }
    }
  }
}
