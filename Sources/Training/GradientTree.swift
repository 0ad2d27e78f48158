import Tensors
import Towers

/// The gradients of a rank's micro-batches, added up in the order of ``CanonicalOrder``: each is computed on its own, in
/// a block of memory as large as all gradients, and the blocks are added pairwise.
final class GradientTree {
  private let parameters: ParameterStore
  /// The first is the one gradients are made in elsewhere; the others are reserved when they are first needed, and kept.
  private var blocks: [Storage]

  /// A tree for a model that every rank keeps whole.
  init(of parameters: ParameterStore) {
    self.parameters = parameters
    blocks = [parameters.gradientBlock]
  }

  /// Leaves the sum of the gradients of all micro-batches.
  ///
  /// - Parameter backward: adds the gradients of a micro-batch to none.
  func sum(microBatches: Int, _ backward: (Int) throws -> Void) rethrows {
    while blocks.count < PairwiseSum.blocks(for: microBatches) { blocks.append(Storage(count: blocks[0].count)) }
    defer { parameters.gradientBlock = blocks[0] }
    try PairwiseSum.sum(0..<microBatches) { microBatch, block in
      parameters.gradientBlock = blocks[block]
      parameters.beginGradients()
      try backward(microBatch)
    } add: { block, target in
      // Nothing but what is trained has a gradient.
      for elements in parameters.trained { add(row(block).columns(elements), to: row(target).columns(elements)) }
    }
  }

  private func row(_ block: Int) -> Tensor { Tensor(blocks[block], rows: 1, columns: parameters.count) }
}
