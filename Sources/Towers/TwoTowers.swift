import Foundation
public import Tensors

/// A CLIP model: an image tower and a text tower that end in one space, and the temperature of their similarities.
public final class TwoTowers {
  /// Its shape.
  public let configuration: ModelConfiguration
  /// What matrix products read.
  public let precision: Precision
  /// Everything training changes.
  public let parameters: ParameterStore
  /// ln of what multiplies cosine similarities: a scalar.
  public let logitScale: Parameter
  let image: PictureTower
  let text: TextTower
  /// Adds up batch norm's statistics of all ranks, so that they are those of a micro-batch of all of them together; nil:
  /// each rank takes its own.
  public var statisticsExchange: (any StatisticsExchange)?
  let workspace: Workspace
  private var kept: (image: PictureTower.Saved, text: TextTower.Saved)?

  /// Names and shapes of a model's parameters, without the memory for them.
  public static func parameterShapes(of configuration: ModelConfiguration) -> [(name: String, shape: [Int])] {
    let towers = TwoTowers(declaring: configuration, precision: .fp32)
    return towers.parameters.parameters.map { ($0.name, $0.shape) }
  }

  /// How many numbers a model has, batch norm's statistics among them, how many of them are trained, and how many are in
  /// each of the blocks that ranks may share.
  public static func parameterLayout(
    of configuration: ModelConfiguration
  ) -> (all: Int, trained: Int, units: [Int]) {
    let store = TwoTowers(declaring: configuration, precision: .fp32).parameters
    let trained = store.parameters.filter { !$0.isStatistic }
    return (
      store.parameters.reduce(0) { $0 + $1.count }, trained.reduce(0) { $0 + $1.count }, store.unitSizes
    )
  }

  /// Builds a model whose values are all zero: draw them with `parameters.initialize`, or load them.
  ///
  /// - Parameter forTraining: reserve gradients as well.
  public convenience init(_ configuration: ModelConfiguration, precision: Precision, forTraining: Bool) {
    self.init(declaring: configuration, precision: precision)
    parameters.allocate(forTraining: forTraining)
  }

  /// Builds a model for training whose residual blocks several ranks share: each keeps a slice of every block.
  ///
  /// - Parameter exchange: decides the slices, and brings those of a block together when it is computed with.
  public convenience init(
    _ configuration: ModelConfiguration, precision: Precision, sharedBy exchange: any UnitExchange
  ) {
    self.init(declaring: configuration, precision: precision)
    parameters.allocate(sharedBy: exchange)
  }

  private init(declaring configuration: ModelConfiguration, precision: Precision) {
    self.configuration = configuration
    self.precision = precision
    let store = ParameterStore()
    let activation: Activation = configuration.quickGELU ? .quickGELU : .gelu
    text = TextTower(configuration.text, embedDim: configuration.embedDim, activation: activation, in: store)
    logitScale = store.declare("logit_scale", [], .constant(log(1 / 0.07)))
    image = PictureTower(configuration.vision, embedDim: configuration.embedDim, activation: activation, in: store)
    parameters = store
    workspace = Workspace(activations: precision.activations)
  }

  /// Bytes of activations reserved so far.
  public var workspaceBytes: Int { workspace.reserved }

  /// Writes the embeddings of a micro-batch that is trained on: batch norm takes its own statistics, and the running ones
  /// follow them once, here, and not when ``backward(_:from:)`` embeds it again.
  ///
  /// Ranks that share the model embed and go backward together, equally often and in the same order; what fails between
  /// them is thrown.
  ///
  /// - Parameters:
  ///   - embeddings: room for `batch.count` pairs.
  ///   - keeping: keep the activations, so that ``backward(_:from:)`` for this very batch, called next, need not
  ///     compute them again.
  public func embed(_ batch: MicroBatch, into embeddings: Embeddings, keeping: Bool = false) throws {
    if keeping {
      kept = (
        try image.forward(
          batch.pictures, into: embeddings.images, .own(updating: true, across: statisticsExchange), in: workspace),
        try text.forward(batch.captions, into: embeddings.texts, in: workspace)
      )
    } else {
      try image.embed(
        batch.pictures, into: embeddings.images, .own(updating: true, across: statisticsExchange), in: workspace)
      try embed(batch.captions, into: embeddings.texts)
    }
  }

  /// Writes the embeddings of pictures, (pictures, embedding), each on its own: batch norm takes its running statistics.
  public func embed(_ pictures: PackedPictures, into embeddings: Tensor) throws {
    try image.embed(pictures, into: embeddings, .running, in: workspace)
  }

  /// Writes the embeddings of captions, (captions, embedding).
  public func embed(_ captions: PackedCaptions, into embeddings: Tensor) throws {
    try text.embed(captions, into: embeddings, in: workspace)
  }

  /// Adds to the gradients of all parameters of both towers, from the gradient of a micro-batch's embeddings.
  public func backward(_ batch: MicroBatch, from gradient: Embeddings) throws {
    if let kept {
      try image.backward(gradient.images, kept.image, in: workspace)
      try text.backward(gradient.texts, batch.captions, kept.text, in: workspace)
      self.kept = nil
    } else {
      try workspace.scope {
        let embeddings = workspace.tensor(rows: batch.count, columns: configuration.embedDim)
        let saved = try image.forward(
          batch.pictures, into: embeddings, .own(updating: false, across: statisticsExchange), in: workspace)
        try image.backward(gradient.images, saved, in: workspace)
      }
      try workspace.scope {
        let embeddings = workspace.tensor(rows: batch.count, columns: configuration.embedDim)
        let saved = try text.forward(batch.captions, into: embeddings, in: workspace)
        try text.backward(gradient.texts, batch.captions, saved, in: workspace)
      }
    }
    workspace.reset()
    parameters.continueGradients()
  }
}
