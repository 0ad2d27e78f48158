import Checkpoints
import Files
import Foundation
import Shards

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
  /// How often the samples of its parts come in an epoch; nil where they have no weights.
  var weights: DatasetWeights?
  /// What the tokens mean.
  let vocabulary: Digest
  /// The version of the rule that orders samples.
  let orderVersion: Int
  /// The recipe of the run.
  var recipe: Recipe
  /// Ranks that wrote it; any number may go on.
  let ranks: Int
}

extension TrainingState {
  /// Reads what a checkpoint says; what cannot be is a `FileError`.
  init(json: [UInt8], of checkpoint: Checkpoint) throws {
    let file = "\(checkpoint.directory)/\(Checkpoint.stateFile)"
    do {
      self = try JSONDecoder().decode(TrainingState.self, from: Data(json))
    } catch let error as DecodingError {
      throw FileError(file, RecipeError.text(of: error))
    } catch {
      throw FileError(file, "\(error)")
    }
    guard step == checkpoint.step else {
      throw FileError(file, "step: found \(step), expected \(checkpoint.step ?? 0) as in the checkpoint's name")
    }
    let most = 1 << 53
    guard (0...most).contains(samples), (0...most).contains(epoch), ranks > 0 else {
      throw FileError(file, "found \(samples) samples, epoch \(epoch) and \(ranks) ranks, expected counts")
    }
  }
}
