package import Shards
import Tensors

/// Which samples a rank takes in each step: a pure function of integers.
///
/// A step takes the next `globalBatch` positions of the epoch's order; rank r takes the r-th part of them, in
/// micro-batches. What is left at the end of an epoch and does not fill a batch is left out; the next epoch's order
/// leaves out others. Where datasets have weights, the epochs of their order follow one another without a gap.
package struct BatchPlan: Sendable {
  let shardSizes: [Int]
  let samples: Int
  /// The order of datasets that have weights.
  let weighted: WeightedOrder?
  let seed: UInt64
  let globalBatch: Int
  let microBatch: Int
  let rank: Int
  let ranks: Int

  package init(
    shardSizes: [Int], samples: Int, weighted: WeightedOrder? = nil, seed: UInt64, globalBatch: Int, microBatch: Int,
    rank: Int, ranks: Int
  ) {
    self.shardSizes = shardSizes
    self.samples = samples
    self.weighted = weighted
    self.seed = seed
    self.globalBatch = globalBatch
    self.microBatch = microBatch
    self.rank = rank
    self.ranks = ranks
  }

  /// A sample of a step, and what its random draws are keyed by.
  package struct Place: Equatable {
    package let sample: Int
    package let epoch: Int
    package let position: Int

    package init(sample: Int, epoch: Int, position: Int) {
      self.sample = sample
      self.epoch = epoch
      self.position = position
    }
  }

  /// Steps of an epoch. A data set smaller than a batch is passed through more than once in a step.
  package var stepsPerEpoch: Int { max((weighted?.samplesPerEpoch ?? samples) / globalBatch, 1) }

  /// Pairs of this rank in a step.
  var own: Int { globalBatch / ranks }

  /// Micro-batches of this rank in a step.
  package var microBatches: Int { (own + microBatch - 1) / microBatch }

  /// Which of this rank's pairs make up a micro-batch.
  func rows(ofMicroBatch index: Int) -> Range<Int> {
    index * microBatch..<min((index + 1) * microBatch, own)
  }

  /// The samples of a micro-batch of a step.
  package func places(step: Int, microBatch index: Int) -> [Place] {
    if let weighted {
      let first = step * globalBatch + rank * own, rows = rows(ofMicroBatch: index)
      return weighted.draws(at: first + rows.lowerBound..<first + rows.upperBound).map {
        Place(sample: $0.sample, epoch: $0.epoch, position: $0.place)
      }
    }
    let epoch = step / stepsPerEpoch
    let first = step % stepsPerEpoch * globalBatch + rank * own
    // Only a data set smaller than a batch has more than one pass an epoch.
    let passes = (globalBatch + samples - 1) / samples
    var orders: [Int: SampleOrder] = [:]
    return rows(ofMicroBatch: index).map { row in
      let position = first + row
      let pass = stepsPerEpoch > 1 ? epoch : epoch * passes + position / samples
      let order = orders[pass] ?? SampleOrder(shardSizes: shardSizes, seed: seed, epoch: pass)
      orders[pass] = order
      return Place(sample: order.sample(at: position % samples), epoch: pass, position: position % samples)
    }
  }
}
