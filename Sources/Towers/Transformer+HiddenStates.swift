import Tensors

extension Transformer {
  /// All blocks.
  var depth: Int { blocks.count + 1 }

  /// Takes all tokens through some of the blocks, the last one too if it is among them.
  ///
  /// - Parameters:
  ///   - x: (tokens, width), what enters the first of them.
  ///   - y: (tokens, width), what leaves the last of them.
  func advance(
    _ x: Tensor, _ segments: Segments, through range: Range<Int>, into y: Tensor, in workspace: Workspace
  ) throws {
    try workspace.scope {
      let rooms = (0..<2).map { _ in workspace.tensor(rows: x.rows, columns: width) }
      var x = x
      for (place, block) in (blocks + [last.whole])[range].enumerated() {
        let next = rooms[place % 2]
        try block.unit.withValues {
          workspace.scope { _ = block.forward(x, segments, into: next, in: workspace) }
        }
        x = next
      }
      copy(x, into: y)
    }
  }
}
