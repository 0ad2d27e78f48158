import Collectives

/// What all ranks tell each other after a step, in one reduction of a few numbers.
///
/// What one rank alone notices, a signal or a clock, is acted upon only when all know of it. Ranks that have lost step
/// with each other, or whose recipes differ, stop here instead of training on.
struct ControlWord {
  /// Steps done.
  let step: Int
  /// Whether a signal asked this rank, and once exchanged any rank, to stop.
  var stops: Bool
  /// Whether it is time for a checkpoint by this rank's clock; by anybody's, once exchanged.
  var isLate: Bool
  /// Whether this rank's part of a checkpoint is still being written; anybody's, once exchanged.
  var isSaving: Bool
  /// The peak resident set of this rank in bytes; the largest of all, once exchanged.
  var peakMemory: Int
  /// What of the recipe's digest a number of double precision can hold.
  let recipe: Int

  /// The words of all ranks together.
  func exchanged(in world: some Communicator) throws -> ControlWord {
    // What must be the same everywhere travels with its negative: the largest of both tell the range.
    var words: [Double] = [
      stops ? 1 : 0, isLate ? 1 : 0, Double(peakMemory), Double(step), -Double(step), Double(recipe), -Double(recipe),
      isSaving ? 1 : 0,
    ]
    try words.withUnsafeMutableBufferPointer { try world.maximum($0) }
    guard words[3] == -words[4] else {
      throw TrainingError(
        "rank \(world.rank) has done \(step) steps, the ranks between \(Int(-words[4])) and \(Int(words[3])): "
          + "they have lost step with each other")
    }
    guard words[5] == -words[6] else {
      throw TrainingError("step \(step): the recipe of rank \(world.rank) is not that of all other ranks")
    }
    var all = self
    (all.stops, all.isLate, all.peakMemory, all.isSaving) = (words[0] > 0, words[1] > 0, Int(words[2]), words[7] > 0)
    return all
  }
}
