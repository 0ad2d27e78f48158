import Evaluation
import Shards
import Tensors

/// A trained model and the datasets it is to look at.
struct DatasetEncoder {
  let samples: ShardCollection
  let encoder: Encoder

  /// Opens both.
  init(_ weights: WeightsOption, _ data: [String], _ threads: ThreadOption) throws {
    threads.apply()
    samples = try ShardCollection(data)
    encoder = try Encoder(weights.open(), threads: threads.count)
  }

  /// The embeddings of all pictures, in the order of the samples, with a count on the terminal.
  func images() throws -> Tensor {
    var meter = Meter("pictures")
    defer { meter.end() }
    return try encoder.images(of: samples, 0..<samples.count) { meter.show($0) }
  }
}
