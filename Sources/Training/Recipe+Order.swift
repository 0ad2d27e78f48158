extension Recipe {
  /// Throws where so many ranks, which share the batch equally, cannot add in the order the recipe asks for: where a
  /// rank's part of some sum would not be whole (``CanonicalOrder``).
  package func checkOrder(ranks: Int) throws {
    guard reduction.order == .canonical else { return }
    let most = CanonicalOrder.grains, pairs = globalBatch / ranks
    guard ranks.nonzeroBitCount == 1, ranks <= most else {
      let fitting = (0..<Int.bitWidth - 1).map { 1 << $0 }.last { $0 <= min(ranks, most) && globalBatch % $0 == 0 } ?? 1
      throw RecipeError(
        "reduction.order: canonical found \(ranks) ranks, expected a power of two, \(most) at most: take \(fitting), or "
          + "set reduction.order=ranks")
    }
    guard pairs % microBatch == 0 else {
      let fitting = (1...min(pairs, microBatch)).last { pairs % $0 == 0 } ?? 1
      throw RecipeError(
        "microBatch: found \(microBatch), expected a divisor of the \(pairs) pairs of each of \(ranks) ranks, since "
          + "reduction.order is canonical: set microBatch=\(fitting), take fewer ranks, or set reduction.order=ranks")
    }
  }
}
