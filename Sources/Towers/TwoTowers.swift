import Foundation
public import Tensors

/// A CLIP model: an image tower and a text tower that end in one space, and the temperature of their similarities.
public final class TwoTowers {
  /// Its shape.
  public let configuration: ModelConfiguration
  /// What matrix products read.
  public let precision: Precision
  /// What of it is trained, and what is kept on the way.
  public let training: TowerTraining
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
  /// What the backward twins need of a single micro-batch; nil for a tower that is locked whole.
  private var kept: (image: PictureTower.Saved?, text: TextTower.Saved?)?

  /// Names and shapes of a model's parameters, without the memory for them.
  public static func parameterShapes(of configuration: ModelConfiguration) -> [(name: String, shape: [Int])] {
    let towers = TwoTowers(declaring: configuration, precision: .fp32, .init())
    return towers.parameters.parameters.map { ($0.name, $0.shape) }
  }

  /// How many numbers a model has, without the memory for them.
  public static func parameterCounts(of configuration: ModelConfiguration, _ training: TowerTraining = .init())
    -> ParameterCounts
  {
    ParameterCounts(TwoTowers(declaring: configuration, precision: .fp32, training).parameters)
  }

  /// Builds a model whose values are all zero: draw them with `parameters.initialize`, or load them.
  ///
  /// - Parameters:
  ///   - forTraining: reserve gradients as well.
  ///   - passingUnits: but those of units, which ``backward(_:from:passingUnitsTo:)`` hands on.
  ///   - training: what of it is trained then.
  public convenience init(
    _ configuration: ModelConfiguration, precision: Precision, forTraining: Bool, passingUnits: Bool = false,
    _ training: TowerTraining = .init()
  ) {
    self.init(declaring: configuration, precision: precision, training)
    parameters.allocate(forTraining: forTraining, passingUnits: passingUnits)
  }

  /// Builds a model for training whose residual blocks several ranks share: each keeps a slice of every block.
  ///
  /// - Parameters:
  ///   - exchange: decides the slices, and brings those of a block together when it is computed with.
  ///   - passingUnits: reserve no gradients of units, which ``backward(_:from:passingUnitsTo:)`` hands on.
  public convenience init(
    _ configuration: ModelConfiguration, precision: Precision, sharedBy exchange: any UnitExchange,
    passingUnits: Bool = false, _ training: TowerTraining = .init()
  ) {
    self.init(declaring: configuration, precision: precision, training)
    parameters.allocate(sharedBy: exchange, passingUnits: passingUnits)
  }

  private init(declaring configuration: ModelConfiguration, precision: Precision, _ training: TowerTraining) {
    self.configuration = configuration
    self.precision = precision
    self.training = training
    let store = ParameterStore()
    let activation: Activation = configuration.quickGELU ? .quickGELU : .gelu
    text = TextTower(
      configuration.text, embedDim: configuration.embedDim, activation: activation, training, in: store)
    logitScale = store.declare("logit_scale", [], .constant(log(1 / 0.07)))
    image = PictureTower(
      configuration.vision, embedDim: configuration.embedDim, activation: activation, training, in: store)
    parameters = store
    workspace = Workspace(activations: precision.activations)
  }

  private var trainsImages: Bool { training.lockedImageGroups < configuration.vision.groups }
  private var trainsTexts: Bool { training.lockedTextGroups < configuration.text.groups }

  /// Bytes of activations reserved so far.
  public var workspaceBytes: Int { workspace.reserved }

  /// Writes the embeddings of a micro-batch that is trained on: batch norm takes its own statistics, and the running ones
  /// follow them once, here, and not when ``backward(_:from:passingUnitsTo:)`` embeds it again.
  ///
  /// Ranks that share the model embed and go backward together, equally often and in the same order; what fails between
  /// them is thrown.
  ///
  /// - Parameters:
  ///   - embeddings: room for `batch.count` pairs.
  ///   - keeping: keep the activations, so that ``backward(_:from:passingUnitsTo:)`` for this very batch, called
  ///     next, need not compute them again.
  public func embed(_ batch: MicroBatch, into embeddings: Embeddings, keeping: Bool = false) throws {
    let statistics = BatchStatistics.own(updating: true, across: statisticsExchange)
    let savedImage: PictureTower.Saved?, savedText: TextTower.Saved?
    if keeping, trainsImages {
      savedImage = try image.forward(batch.pictures, into: embeddings.images, statistics, in: workspace)
    } else {
      savedImage = nil
      try image.embed(batch.pictures, into: embeddings.images, trainsImages ? statistics : .running, in: workspace)
    }
    if keeping, trainsTexts {
      savedText = try text.forward(batch.captions, into: embeddings.texts, in: workspace)
    } else {
      savedText = nil
      try embed(batch.captions, into: embeddings.texts)
    }
    if keeping { kept = (savedImage, savedText) }
  }

  /// Writes the embeddings of pictures, (pictures, embedding), each on its own: batch norm takes its running statistics.
  ///
  /// - Parameter kind: what to write instead of embeddings, as many numbers of a picture as it has.
  public func embed(_ pictures: PackedPictures, into embeddings: Tensor, as kind: PictureFeatures = .embedding) throws {
    try image.embed(pictures, into: embeddings, as: kind, .running, in: workspace)
  }

  /// Writes the embeddings of captions, (captions, embedding).
  public func embed(_ captions: PackedCaptions, into embeddings: Tensor) throws {
    try text.embed(captions, into: embeddings, in: workspace)
  }

  /// Adds to the gradients of all parameters that are trained, from the gradient of a micro-batch's embeddings.
  ///
  /// - Parameter receiver: where the model keeps no gradients of units, who takes them, one unit after the other; it may
  ///   change the values of the unit it is given.
  public func backward(
    _ batch: MicroBatch, from gradient: Embeddings, passingUnitsTo receiver: (any GradientReceiver)? = nil
  ) throws {
    try parameters.passing(to: receiver) {
      if let kept {
        if let saved = kept.image { try image.backward(gradient.images, saved, in: workspace) }
        if let saved = kept.text { try text.backward(gradient.texts, batch.captions, saved, in: workspace) }
        self.kept = nil
      } else {
        if trainsImages { try embedAndGoBackward(batch.pictures, from: gradient.images) }
        if trainsTexts { try embedAndGoBackward(batch.captions, from: gradient.texts) }
      }
    }
    workspace.reset()
    parameters.continueGradients()
  }

  private func embedAndGoBackward(_ pictures: PackedPictures, from gradient: Tensor) throws {
    try workspace.scope {
      let embeddings = workspace.tensor(rows: gradient.rows, columns: configuration.embedDim)
      let saved = try image.forward(
        pictures, into: embeddings, .own(updating: false, across: statisticsExchange), in: workspace)
      try image.backward(gradient, saved, in: workspace)
    }
  }

  private func embedAndGoBackward(_ captions: PackedCaptions, from gradient: Tensor) throws {
    try workspace.scope {
      let embeddings = workspace.tensor(rows: gradient.rows, columns: configuration.embedDim)
      let saved = try text.forward(captions, into: embeddings, in: workspace)
      try text.backward(gradient, captions, saved, in: workspace)
    }
  }
}
