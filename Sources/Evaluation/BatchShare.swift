import Collectives

/// A rank's share of things that go through the model in batches: whole batches, so that none is another for another
/// number of ranks.
package struct BatchShare: Equatable {
  /// The numbers of its things, neighbours.
  package let numbers: Range<Int>
  /// The most batches of any rank.
  package let rounds: Int

  /// - Parameters:
  ///   - count: things of all ranks.
  ///   - batch: things of a batch; the last one may have fewer.
  init(of count: Int, batch: Int, in world: any Communicator) {
    self.init(of: count, batch: batch, rank: world.rank, of: world.size)
  }

  /// The share of a rank of so many.
  package init(of count: Int, batch: Int, rank: Int, of ranks: Int) {
    let batches = (count + batch - 1) / batch
    let begin = batches * rank / ranks, end = batches * (rank + 1) / ranks
    numbers = min(begin * batch, count)..<min(end * batch, count)
    rounds = (batches + ranks - 1) / ranks
  }
}
