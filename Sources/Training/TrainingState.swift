import Files

/// What a checkpoint knows besides parameters and moments: integers, and what they are only valid for.
struct TrainingState: Codable, Equatable {
  /// Steps done.
  var step: Int
  /// Pairs seen.
  var samples: Int
  /// Passes over the data begun before the next step.
  var epoch: Int
  /// The identity of the data set.
  var dataset: Digest
  /// What the tokens mean.
  let vocabulary: Digest
  /// The version of the rule that orders samples.
  let orderVersion: Int
  /// The recipe of the run.
  var recipe: Recipe
  /// Ranks that wrote it; any number may go on.
  let ranks: Int
}
