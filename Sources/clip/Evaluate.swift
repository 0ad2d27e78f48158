import ArgumentParser

/// Measures a trained model.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a trained model, alone or with all ranks that mpirun started.",
    discussion: """
      Example:
        clip evaluate zero-shot --weights my-run --data class-folders
        mpirun -n 2 clip evaluate retrieval --weights my-run --data my-shards
      """,
    subcommands: [
      RetrievalCommand.self, ZeroShotCommand.self, LinearProbeCommand.self, FewShotCommand.self, RobustnessCommand.self,
    ])
}
