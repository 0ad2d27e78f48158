extension Recipe {
  /// Whether the optimizer takes its step of a unit as soon as the way back has left it, so that gradients are never all
  /// there at once. No number differs. It takes that nothing is to be known of the whole gradient before, and that nothing is
  /// added to it after: no clipping, a single micro-batch a rank, and sums in the order of ranks.
  ///
  /// - Parameter pairs: of a rank in a step.
  func updatesUnits(pairs: Int) -> Bool {
    optimizer.gradientClip == 0 && microBatch >= pairs && reduction.order == .ranks
  }
}
