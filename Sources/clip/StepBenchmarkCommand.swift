import ArgumentParser
import Benchmarks
import Towers
import Training

/// Measures training steps.
struct StepBenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step", abstract: "Measure training steps on synthetic pairs, alone or with all ranks.",
    discussion: """
      Runs the trainer's own step, without reading data. samples_per_second is of all ranks together. \
      useful_gflops counts the products the mathematics needs, nothing that is computed twice; gemm_gflops is \
      the best rate of a library's large product in the same run (oneDNN's of bf16, OpenBLAS's of fp32), \
      own_gemm_gflops that of ours, and fraction_of_peak is useful_gflops over gemm_gflops.

      Example: clip benchmark step --recipe ViT-B-32 --batch 32 --caption-tokens real
      """)

  @OptionGroup var recipe: BenchmarkRecipeOption

  @Option(parsing: .unconditional, help: ArgumentHelp("Pairs of one rank.", valueName: "n"))
  var batch = 32

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Tokens of every caption, start and end included, or `real`: lengths as on the web, 20 on average.",
      valueName: "n|real"))
  var captionTokens = CaptionTokens.real

  @Option(parsing: .unconditional, help: ArgumentHelp("Steps to time, after one that is not timed.", valueName: "n"))
  var steps = 5

  @OptionGroup var options: BenchmarkOptions

  func validate() throws {
    guard batch >= 1 else { throw ValidationError("--batch: expected at least 1") }
    guard steps >= 1 else { throw ValidationError("--steps: expected at least 1") }
  }

  func run() throws {
    try options.run { world in
      let (recipe, name) = try recipe.recipe(else: "ViT-B-32")
      let context = try recipe.model.configuration.text.contextLength
      if case .exactly(let tokens) = captionTokens.lengths, tokens > context {
        throw ValidationError("--caption-tokens: found \(tokens), expected at most the model's context, \(context)")
      }
      return try StepBenchmark(recipe, named: name, batch: batch, captions: captionTokens.lengths, steps: steps)
        .run(in: world)
    }
  }
}
