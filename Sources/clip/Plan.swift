import ArgumentParser
import Benchmarks
import Foundation
import Tensors
import Training

/// Tells what a run will take, without starting it.
struct Plan: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Tell what a run takes of each rank: memory, bytes sent, checkpoint size, and about how long a step lasts.",
    discussion: """
      Memory and bytes are computed; the rate of matrix products is measured on this machine, which stands for all.

      Example: clip plan --recipe ViT-L-14 --ranks 256 --set shard=parameters
      """)

  @OptionGroup var recipe: RecipeOption

  @Option(help: ArgumentHelp("How many ranks.", valueName: "n"))
  var ranks: Int

  @Option(help: ArgumentHelp("Threads of a rank.", valueName: "n"))
  var threads = 1

  @Option(help: ArgumentHelp("Tokens of a caption on average, start and end included.", valueName: "n"))
  var captionTokens = 20

  @Option(
    help: ArgumentHelp(
      "What a rank can send, in MB/s; without it, steps are told without their time on the wire.", valueName: "mb/s"))
  var network: Double?

  @OptionGroup var output: Output

  func validate() throws {
    guard ranks >= 1, threads >= 1, captionTokens >= 3 else {
      throw ValidationError("--ranks and --threads: expected at least 1; --caption-tokens: at least 3")
    }
    guard network.map({ $0 > 0 }) ?? true else { throw ValidationError("--network: expected more than 0 MB/s") }
  }

  func run() throws {
    let recipe = try recipe.recipe()
    guard recipe.globalBatch % ranks == 0 else {
      throw ValidationError("--ranks: found \(ranks), expected a number that divides the batch, \(recipe.globalBatch)")
    }
    Threads.use(threads)
    let report = try PlanReport(
      recipe, ranks: ranks, threads: threads, captionTokens: captionTokens, network: network.map { $0 * 1e6 })
    try output.show(report, keys: .convertToSnakeCase) { report.text() }
  }
}
