import ArgumentParser
import Checkpoints
import Collectives

/// Where a trained model lies.
struct WeightsOption: ParsableArguments {
  @Option(
    name: .customLong("weights"),
    help: ArgumentHelp(
      "A run, a checkpoint, a model's directory of open_clip or Transformers, or a file: .safetensors, .pt, .pth, .bin.",
      valueName: "path"))
  var path: String

  /// Opens it, telling of checkpoints that were passed over and of what was taken for granted.
  func open() throws -> Weights {
    let weights = try Weights.open(path)
    weights.warnings.forEach { Failure.tell("warning: \($0)") }
    return weights
  }

  /// Opens it on every rank of a world, of which the first tells.
  func open(in world: any Communicator) throws -> Weights {
    try world.isFirst ? open() : Weights.open(path)
  }
}
