import ArgumentParser
import Training

/// The program: one verb a file.
struct Clip: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clip",
    abstract: "Trains CLIP on a cluster of CPUs: data in, mpirun, weights that other programs load.",
    discussion: """
      From pictures to a search, on two ranks:
        clip pack my-pictures --into my-shards
        mpirun -n 2 clip train --recipe tiny --data my-shards --into my-run
        clip search --weights my-run --data my-shards "a red circle"

      Exit codes: 0 done, 1 error, 2 usage, 64 resume refused, 74 data or disk,
      86 nothing happened any more, 143 stopped by a signal after a checkpoint.
      """,
    version: "swift-clip \(ProgramVersion.current)",
    subcommands: [
      Pack.self, Balance.self, Inspect.self, Verify.self, Unpack.self, VocabularyCommand.self, RecipeCommand.self,
      Plan.self, Train.self, Launch.self, CheckpointsCommand.self, Report.self, Evaluate.self, Embed.self,
      SearchCommand.self, Serve.self, Explain.self, Export.self, BenchmarkCommand.self,
    ])
}
