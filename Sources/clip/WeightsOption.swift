import ArgumentParser
import Checkpoints

/// Where a trained model lies.
struct WeightsOption: ParsableArguments {
  @Option(
    name: .customLong("weights"),
    help: ArgumentHelp(
      "A run, a checkpoint, an exported directory of either format, or a .safetensors beside its configuration.",
      valueName: "path"))
  var path: String

  /// Opens it, telling of checkpoints that were passed over.
  func open() throws -> Weights {
    let weights = try Weights.open(path)
    weights.warnings.forEach { Failure.tell("warning: \($0)") }
    return weights
  }
}
