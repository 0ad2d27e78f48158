import ArgumentParser

/// Measures how fast the program is on this machine.
struct BenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark",
    abstract: "Measure how fast this machine, or cluster, is.",
    discussion: """
      Example:
        mpirun -n 2 clip benchmark step --recipe ViT-B-32 --batch 32 --plot step.png
      """,
    subcommands: [
      GEMMBenchmarkCommand.self, StepBenchmarkCommand.self, LossBenchmarkCommand.self, DataBenchmarkCommand.self,
      CollectivesBenchmarkCommand.self, CheckpointBenchmarkCommand.self, RetrievalBenchmarkCommand.self,
      SearchBenchmarkCommand.self,
    ])
}
