public import Collectives
import Evaluation
import Tensors
import Towers
import Training

/// How fast the partners of pictures and captions are ranked, on random embeddings.
public struct RetrievalBenchmark: Sendable {
  private let samples: Int
  private let dimension: Int
  private let repeats: Int

  /// - Parameters:
  ///   - samples: pictures, and as many captions, of all ranks.
  ///   - dimension: numbers of an embedding.
  ///   - repeats: how often they are ranked.
  public init(samples: Int, dimension: Int, repeats: Int) {
    self.samples = samples
    self.dimension = dimension
    self.repeats = repeats
  }

  /// Ranks on all ranks, each with its share of pairs.
  public func run(in world: any Communicator) throws -> RetrievalReport {
    let begin = samples * world.rank / world.size, end = samples * (world.rank + 1) / world.size
    let images = Tensor(rows: end - begin, columns: dimension), texts = Tensor(rows: end - begin, columns: dimension)
    images.fillWithDirections(seed: 2, first: begin)
    texts.fillWithDirections(seed: 3, first: begin)
    // A little of the picture, so that most partners are near the front and not all are first.
    images.withFloats { images in
      texts.withMutableFloats { texts in for index in texts.indices { texts[index] += 0.2 * images[index] } }
    }
    let inputs = Memory.residentBytes
    var found: Retrieval?
    let durations = try world.durations(least: repeats, seconds: 0) {
      found = try Retrieval(
        images: images, texts: texts, captionCounts: [Int](repeating: 1, count: images.rows), in: world)
    }
    let memory = try world.peakMemory()
    let above = Int(try world.largest(Double(max(Memory.peakResidentBytes - inputs, 0))))
    let peak = try GEMMBenchmark(precision: .fp32).peak(in: world).gflops
    let gflops = 2 * Double(samples) * Double(samples) * Double(dimension) / durations.best / 1e9
    return RetrievalReport(
      samples: samples, dimension: dimension, repeats: repeats, seconds: durations.median,
      bestSeconds: durations.best, gflops: gflops, gemmGflops: peak, fractionOfPeak: gflops / peak,
      recallAt10: found?.textToImage.recallAt10 ?? 0, peakMemoryBytes: memory, memoryAboveInputsBytes: above)
  }
}
