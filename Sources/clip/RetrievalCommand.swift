import ArgumentParser
import Collectives
import Evaluation
import Foundation
import Shards

/// Measures how well captions find their pictures and pictures their captions.
struct RetrievalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retrieval",
    abstract: "Measure how well captions find their pictures and pictures their captions.",
    discussion: """
      A picture with several captions has to be found by each of them, and to find
      any of them. Pictures that cannot be decoded are left out and counted.

      Example: mpirun -n 2 clip evaluate retrieval --weights my-run --data held-out
      """)

  @OptionGroup var weights: WeightsOption

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Datasets, taken together as one.", valueName: "dir"))
  var data: [String]

  @Option(
    help: ArgumentHelp(
      "What captions are put into, in the place of {}, as in \"a photo of {}\" (default: they stay as they are).",
      valueName: "text"))
  var template: String?

  @OptionGroup var threads: ThreadOption
  @OptionGroup var output: Output

  func validate() throws {
    guard !data.isEmpty else { throw ValidationError("--data: name at least one dataset") }
    guard template.map({ PromptTemplate($0) != nil }) ?? true else {
      throw ValidationError("--template: expected {} where captions go, as in \"a photo of {}\"")
    }
  }

  func run() throws {
    threads.apply()
    try World.run { world in
      let samples = try ShardCollection(data)
      let encoder = try Encoder(weights.open(in: world), threads: threads.count)
      var meter = WorldMeter("pictures", in: world)
      let measured = try RetrievalMeasurement(
        samples, by: encoder, template: template.flatMap { PromptTemplate($0) }, in: world
      ) { meter.show($0) }
      meter.end()
      guard world.isFirst else { return }
      if let warning = measured.undecodable.warning("that cannot be decoded") { Failure.tell("warning: \(warning)") }
      try output.show(measured) { text(measured.found) }
    } onError: { error, world in
      Failure.report(error, of: world)
    }
  }

  private func text(_ found: Retrieval) -> String {
    let what =
      found.captions == found.samples
      ? "\(found.samples) pairs" : "\(found.samples) pictures, \(found.captions) captions"
    let header = "                  R@1     R@5    R@10   mean rank  median rank"
    let lines = [("text → image", found.textToImage), ("image → text", found.imageToText)].map { name, direction in
      String(
        format: "%@   %6.3f  %6.3f  %6.3f  %10.1f  %11d", name, direction.recallAt1, direction.recallAt5,
        direction.recallAt10, direction.meanRank, direction.medianRank)
    }
    return ([what, header] + lines).joined(separator: "\n")
  }
}
