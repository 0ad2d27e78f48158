/// What makes the sums of a step the same numbers on 1, 2, 4, … ranks: `reduction.order` "canonical".
///
/// Each sum has one order of additions, of which a rank takes a part that is whole whatever the number of ranks:
///
/// * Gradients are computed for each micro-batch on its own, and added in one binary tree over all micro-batches of the
///   world (``PairwiseSum``), the upper levels of it between ranks (``SliceExchange``).
/// * The rows of all logits are cut into ``shares(microBatches:)``, and statistics and gradients of captions are added in
///   one tree over these (``CanonicalContrast``).
/// * The norm is made of the squares of ``grains`` of each unit of the parameters (``Reduction``).
enum CanonicalOrder {
  /// How many grains each unit of the parameters has. So many ranks can share them, and no more.
  static let grains = 64

  /// Into how many shares the rows of all logits are cut: a power of two that every number of ranks divides which shares
  /// the micro-batches equally. None is smaller than a micro-batch, or small batches would be cut into slivers.
  ///
  /// - Parameter microBatches: of all ranks.
  static func shares(microBatches: Int) -> Int {
    1 << min(microBatches.trailingZeroBitCount, grains.trailingZeroBitCount)
  }
}
