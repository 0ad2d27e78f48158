import Checkpoints
import Collectives
import Files
import Foundation
import Tensors
import Towers
import Training

/// A case frozen in Fixtures: a model, a batch, and what open_clip made of them.
struct GoldenCase {
  let configuration: ModelConfiguration
  let weights: SafetensorsFile
  private let file: SafetensorsFile
  private let folder: String
  private let pictures: [UInt8]
  private let captions: [[Int32]]

  init(_ name: String) throws {
    let folder = Bundle.module.bundlePath + "/Fixtures/" + name
    self.folder = folder
    configuration = try JSONDecoder().decode(
      ModelConfiguration.self, from: Data(FileReader.contents(of: folder + "/config.json")))
    weights = try SafetensorsFile(folder + "/weights.safetensors")
    let file = try SafetensorsFile(folder + "/case.safetensors")
    self.file = file
    func numbers(_ name: String) throws -> [Float] { try file.tensor(name).values() }
    pictures = try numbers("pixels").map { UInt8($0) }
    var tokens = try numbers("tokens").map { Int32($0) }
    captions = try numbers("lengths").map { length in
      defer { tokens.removeFirst(Int(length)) }
      return Array(tokens.prefix(Int(length)))
    }
  }

  var batchSize: Int { captions.count }

  /// What open_clip computed.
  func expected(_ name: String) throws -> [Float] { try file.tensor(name).values() }

  /// What else open_clip computed, in a file of its own.
  func file(_ name: String) throws -> SafetensorsFile { try SafetensorsFile("\(folder)/\(name).safetensors") }

  /// The model with the case's weights.
  func towers(_ precision: Precision, _ training: TowerTraining = .init()) throws -> TwoTowers {
    let towers = TwoTowers(configuration, precision: precision, forTraining: true, training)
    for parameter in towers.parameters.parameters {
      let values = try weights.tensor(parameter.name).values()
      parameter.values.withMutableFloats { _ = $0.update(fromContentsOf: values) }
    }
    return towers
  }

  /// The same, with batch norm's running statistics from another file of the case.
  func towers(_ precision: Precision, statistics: SafetensorsFile) throws -> TwoTowers {
    let towers = try towers(precision)
    for parameter in towers.parameters.parameters where parameter.isStatistic {
      guard !parameter.name.hasSuffix("num_batches_tracked") else { continue }
      parameter.values.set(try statistics.tensor("statistic.\(parameter.name)").values())
    }
    return towers
  }

  /// The pairs in `rows`, of whose pictures some patches are seen, or all.
  func batch(_ rows: Range<Int>, seeing patches: [Int32]? = nil) -> MicroBatch {
    let bytes = pictures.count / batchSize, seen = (patches?.count ?? 0) / batchSize
    return MicroBatch(
      pictures: PackedPictures(
        pixels: Array(pictures[rows.lowerBound * bytes..<rows.upperBound * bytes]), count: rows.count,
        patches: patches.map { Array($0[rows.lowerBound * seen..<rows.upperBound * seen]) },
        mean: [0.48145466, 0.4578275, 0.40821073], deviation: [0.26862954, 0.26130258, 0.27577711]),
      captions: PackedCaptions(Array(captions[rows])))
  }

  /// Embeds, contrasts and goes backward, as a training step does; gradients are left in the towers.
  func step(_ towers: TwoTowers, microBatch: Int, seeing patches: [Int32]? = nil) throws -> (
    embeddings: Embeddings, loss: Double
  ) {
    let embeddings = Embeddings(count: batchSize, dimension: configuration.embedDim)
    let gradients = Embeddings(count: batchSize, dimension: configuration.embedDim)
    let parts = stride(from: 0, to: batchSize, by: microBatch).map { $0..<min($0 + microBatch, batchSize) }
    for part in parts {
      try towers.embed(batch(part, seeing: patches), into: embeddings.rows(part), keeping: parts.count == 1)
    }
    let contrast = try Contrast(
      of: embeddings, logitScale: towers.logitScale.values.scalar, in: SoloCommunicator(), into: gradients,
      precision: towers.precision, using: Workspace())
    towers.parameters.beginGradients()
    towers.logitScale.gradient.scalar = contrast.logitScaleGradient
    for part in parts { try towers.backward(batch(part, seeing: patches), from: gradients.rows(part)) }
    return (embeddings, contrast.loss)
  }
}
