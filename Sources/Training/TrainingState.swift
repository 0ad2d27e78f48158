import Checkpoints
import Files
import Foundation
import Shards
import Towers

/// What a checkpoint knows besides parameters and moments: integers, and what they are only valid for.
package struct TrainingState: Codable, Equatable {
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
  package var recipe: Recipe
  /// Ranks that wrote it; any number may go on.
  let ranks: Int
}

extension TrainingState {
  /// Reads a state; what its recipe does not say, since it was written before there was such a field, has its default.
  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    step = try fields.decode(Int.self, forKey: .step)
    samples = try fields.decode(Int.self, forKey: .samples)
    epoch = try fields.decode(Int.self, forKey: .epoch)
    dataset = try fields.decode(Digest.self, forKey: .dataset)
    weights = try fields.decodeIfPresent(DatasetWeights.self, forKey: .weights)
    vocabulary = try fields.decode(Digest.self, forKey: .vocabulary)
    orderVersion = try fields.decode(Int.self, forKey: .orderVersion)
    recipe = try Recipe(
      laying: fields.decode(JSONValue.self, forKey: .recipe), over: Recipe.paper.value, source: "recipe")
    ranks = try fields.decode(Int.self, forKey: .ranks)
  }

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
