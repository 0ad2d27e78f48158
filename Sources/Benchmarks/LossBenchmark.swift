public import Collectives
import Tensors
public import Towers
import Training

/// How fast the global loss with its gradients is, alone, on random embeddings.
public struct LossBenchmark: Sendable {
  private let batch: Int
  private let dimension: Int
  private let precision: Precision
  private let repeats: Int

  /// - Parameters:
  ///   - batch: pairs of all ranks.
  ///   - dimension: numbers of an embedding.
  ///   - precision: what the products of the loss read.
  ///   - repeats: how often it is computed.
  public init(batch: Int, dimension: Int, precision: Precision, repeats: Int) {
    self.batch = batch
    self.dimension = dimension
    self.precision = precision
    self.repeats = repeats
  }

  /// Computes the loss on all ranks.
  ///
  /// - Precondition: the ranks can share the batch equally.
  public func run(in world: any Communicator) throws -> LossReport {
    precondition(batch % world.size == 0, "\(batch) pairs for \(world.size) ranks")
    let own = batch / world.size
    let embeddings = Embeddings(count: own, dimension: dimension)
    embeddings.images.fillWithDirections(seed: 2, first: world.rank * own)
    embeddings.texts.fillWithDirections(seed: 3, first: world.rank * own)
    let inputs = Memory.residentBytes
    let gradients = Embeddings(count: own, dimension: dimension)
    let workspace = Workspace(activations: precision.activations)
    let counting = CountingCommunicator(world)
    var loss = 0.0, bytesSent = 0.0
    let durations = try world.durations(least: repeats, seconds: 0) {
      let before = counting.bytesSent
      loss = try Contrast(
        of: embeddings, logitScale: Self.logitScale, in: counting, into: gradients, precision: precision,
        using: workspace
      ).loss
      bytesSent = counting.bytesSent - before
    }
    let unit = Contrast.unit(for: precision)
    return LossReport(
      batch: batch, dimension: dimension, precision: precision.rawValue, repeats: repeats, seconds: durations.median,
      bestSeconds: durations.best, products: unit == .widening ? "single precision" : unit.name,
      gflops: 8 * Double(batch) * Double(batch) * Double(dimension) / durations.median / 1e9, loss: loss,
      peakMemoryBytes: try world.peakMemory(),
      memoryAboveInputsBytes: Int(try world.largest(Double(max(Memory.peakResidentBytes - inputs, 0)))),
      bytesSent: Int(try world.largest(bytesSent)))
  }

  /// ln(1/0.07), where CLIP's temperature starts.
  private static let logitScale: Float = 2.6592600
}
