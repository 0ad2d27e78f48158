/// How the towers of a model are trained; nothing of it changes what they compute.
///
/// A tower is made of groups of layers, from what reads the input to what leaves in the embedding: see
/// ``VisionConfiguration/groups`` and ``TextConfiguration/groups``. The first of them may be locked (LiT, Zhai et al. 2022):
/// they keep their values, have no gradients, and batch norm in them takes its running statistics, which stay as they are.
public struct TowerTraining: Sendable, Equatable {
  /// How many groups of the image tower are locked.
  public var lockedImageGroups = 0
  /// How many groups of the text tower are locked.
  public var lockedTextGroups = 0
  /// Whether only what enters a residual block is kept for its backward twin, which computes everything else again: less
  /// memory, a third more work, the same numbers.
  public var recomputesBlocks = false

  /// Everything is trained, and kept.
  public init() {}
}

extension VisionConfiguration {
  /// Groups of layers that can be locked. Of a Vision Transformer: what makes tokens of patches; each block, the last
  /// together with the norm behind it; the projection. Of a ModifiedResNet: the stem, the four stages, the attention pool.
  public var groups: Int { isResNet ? stages.count + 2 : layers + 2 }
}

extension TextConfiguration {
  /// Groups of layers that can be locked: embeddings and positions; each block, the last together with the norm behind it;
  /// the projection.
  public var groups: Int { layers + 2 }
}
