import Evaluation
import Shards
import Tensors

/// A trained model and the datasets it is to look at.
struct DatasetEncoder {
  let samples: ShardCollection
  let encoder: Encoder
  private let index: EmbeddingIndex?

  /// Opens all, and checks that an index is of this model and these datasets, and undamaged.
  init(_ weights: WeightsOption, _ data: [String], _ index: IndexOption, _ threads: ThreadOption) throws {
    threads.apply()
    self.index = try index.open()
    samples = try ShardCollection(data)
    encoder = try Encoder(weights.open(), threads: threads.count)
    // The width first: what tells models apart reads all of their numbers.
    try self.index?.check(samples: samples, model: nil, dimension: encoder.dimension)
    try self.index?.check(samples: nil, model: "\(encoder.digest)", dimension: encoder.dimension)
    try self.index?.prove()
  }

  /// The embeddings of all pictures, in the order of the samples: those of the index, or computed now, with a count on the
  /// terminal.
  func images() throws -> any RowSource {
    if let index { return index }
    var meter = Meter("pictures")
    defer { meter.end() }
    return try encoder.images(of: samples, 0..<samples.count) { meter.show($0) }
  }
}
