import ArgumentParser
import Evaluation
import Foundation
import Shards

/// Measures a trained model.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a trained model.",
    discussion: "Example: clip evaluate retrieval --weights my-run --data held-out-shards",
    subcommands: [RetrievalCommand.self])

  /// Measures how well captions find their pictures and pictures their captions.
  struct RetrievalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "retrieval",
      abstract: "Measure how well captions find their pictures and pictures their captions.",
      discussion: "Example: clip evaluate retrieval --weights my-run --data held-out-shards")

    @OptionGroup var weights: WeightsOption

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Datasets, taken together as one.", valueName: "dir"))
    var data: [String]

    @OptionGroup var threads: ThreadOption
    @OptionGroup var output: Output

    func run() throws {
      let model = try DatasetEncoder(weights, data, threads)
      let images = try model.images()
      let captions = try (0..<model.samples.count).map { try model.samples.sample(at: $0).caption }
      let found = Retrieval(images: images, texts: try model.encoder.texts(captions))
      try output.show(found) {
        let header = "\(found.samples) pairs       R@1     R@5    R@10   mean rank  median rank"
        let lines = [("text → image", found.textToImage), ("image → text", found.imageToText)].map { name, direction in
          String(
            format: "%@   %6.3f  %6.3f  %6.3f  %10.1f  %11d", name, direction.recallAt1, direction.recallAt5,
            direction.recallAt10, direction.meanRank, direction.medianRank)
        }
        return ([header] + lines).joined(separator: "\n")
      }
    }
  }
}
