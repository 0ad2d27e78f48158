public import Collectives
import Foundation
public import Tensors
public import Towers

/// The contrastive loss of a global batch, exactly, and its gradients.
///
/// With B pairs of unit embeddings I and T on all ranks together and the multiplier s, the logits are L = s · I · Tᵀ and
/// the loss is the mean cross-entropy of the diagonal, over rows and over columns (Radford et al. 2021, figure 3):
///
///     loss = 1/2B Σᵢ (rowLSEᵢ − Lᵢᵢ) + 1/2B Σⱼ (columnLSEⱼ − Lⱼⱼ)
///     G    = (row softmax + column softmax − 2 · identity) / 2B
///     dI = s · G · T      dT = s · Gᵀ · I      d(ln s) = Σ G ∘ L
///
/// Each rank holds b = B / P rows of I. It gathers all of T and walks its b × B logits in tiles, twice: once for the
/// log-sum-exp of rows (its own) and columns (reduced over the ranks), once for the gradients. No b × B matrix exists.
/// dT of the other ranks' captions travels back to them. The gradients are those of the global mean: parameter
/// gradients are therefore *summed* over ranks.
public struct Contrast {
  /// The loss of the whole batch, the same on all ranks.
  public let loss: Double
  /// Of all pictures, how many found their own caption before every other; who ties has not found it.
  public let imageAccuracy: Double
  /// Of all captions, how many found their own picture before every other.
  public let textAccuracy: Double
  /// The gradient with respect to this rank's embeddings.
  public let gradients: Embeddings
  /// This rank's part of the gradient with respect to the logarithm of the multiplier; the sum over ranks is the whole.
  public let logitScaleGradient: Float

  /// Computes loss and gradients together with all other ranks.
  ///
  /// - Parameters:
  ///   - embeddings: this rank's pairs, equally many on every rank; rank r's are pairs r · b … r · b + b − 1.
  ///   - logitScale: ln s.
  ///   - gradients: room for the gradients, shaped as `embeddings`.
  ///   - precision: what the products read: the embeddings rounded to 16 bits (bfloat16, or integers where the
  ///     processor multiplies those faster), or as they are. Everything else is single precision or better.
  public init(
    of embeddings: Embeddings, logitScale: Float, in world: some Communicator, into gradients: Embeddings,
    precision: Precision, using workspace: Workspace
  ) throws {
    try self.init(
      of: embeddings, logitScale: logitScale, in: world, into: gradients,
      on: Self.unit(for: precision), threads: Threads.count, using: workspace)
  }

  /// What multiplies embeddings.
  public static func unit(for precision: Precision) -> ProductUnit {
    precision == .bf16 ? .best : .widening
  }

  /// What was found elsewhere.
  init(
    loss: Double, imageAccuracy: Double, textAccuracy: Double, gradients: Embeddings, logitScaleGradient: Float
  ) {
    self.loss = loss
    self.imageAccuracy = imageAccuracy
    self.textAccuracy = textAccuracy
    self.gradients = gradients
    self.logitScaleGradient = logitScaleGradient
  }

  /// The same, with products on a unit of choice and divided among so many threads, whether there are or not.
  package init(
    of embeddings: Embeddings, logitScale: Float, in world: some Communicator, into gradients: Embeddings,
    on unit: ProductUnit, threads: Int, using workspace: Workspace
  ) throws {
    defer { workspace.reset() }
    let own = embeddings.count, all = own * world.size, multiplier = exp(logitScale)
    // Alone, a rank's captions are all captions, and their gradients all gradients.
    let isAlone = world.size == 1
    let texts = try Self.allTexts(embeddings, in: world, using: workspace)
    let largest = try Self.largestLogit(embeddings, multiplier: multiplier, in: world)
    let tiles = LogitTiles(
      images: embeddings.images, texts: PackedTexts(texts, on: unit, threads: threads, using: workspace),
      multiplier: multiplier, firstOwn: own * world.rank, isSmall: largest <= LogitTiles.largestSmall,
      using: workspace)
    tiles.sum()
    try Self.reduce(tiles.columns, in: world)

    // The captions have been packed: where other ranks' were, there is room for their gradients.
    let dTexts = isAlone ? gradients.texts : texts
    zero(dTexts)
    zero(gradients.images)
    let product = tiles.addGradients(images: gradients.images, texts: dTexts)
    logitScaleGradient = Float(product / (2 * Double(all)))
    scale(gradients.images, by: multiplier / (2 * Float(all)))
    scale(dTexts, by: multiplier / (2 * Float(all)))
    if !isAlone {
      try dTexts.withFloats { all in try gradients.texts.withMutableFloats { try world.sumScatter(all, into: $0) } }
    }
    self.gradients = gradients
    var totals = Self.totals(tiles, firstOwn: own * world.rank)
    try totals.withUnsafeMutableBufferPointer { try world.sum($0) }
    loss = totals[0] / (2 * Double(all))
    (imageAccuracy, textAccuracy) = (totals[1] / Double(all), totals[2] / Double(all))
  }

  /// The captions of all ranks.
  static func allTexts(
    _ embeddings: Embeddings, in world: some Communicator, using workspace: Workspace
  ) throws -> Tensor {
    guard world.size > 1 else { return embeddings.texts }
    let texts = workspace.tensor(rows: embeddings.count * world.size, columns: embeddings.texts.columns)
    try embeddings.texts.withFloats { own in try texts.withMutableFloats { try world.gather(own, into: $0) } }
    return texts
  }

  /// What no logit of any rank exceeds.
  static func largestLogit(
    _ embeddings: Embeddings, multiplier: Float, in world: some Communicator
  ) throws -> Float {
    var norms = [largestNorm(embeddings.images), largestNorm(embeddings.texts)].map { $0.isNaN ? .infinity : $0 }
    try norms.withUnsafeMutableBufferPointer { try world.maximum($0) }
    return multiplier * norms[0] * norms[1]
  }

  /// Makes the statistics of columns those of all ranks' rows: the largest of the references, then the sums brought to it.
  private static func reduce(_ columns: LogitStatistics, in world: some Communicator) throws {
    guard world.size > 1 else { return }
    let largest = UnsafeMutableBufferPointer<Float>.allocate(capacity: columns.count)
    defer { largest.deallocate() }
    _ = largest.initialize(fromContentsOf: columns.references)
    try world.maximum(largest)
    columns.raise(to: largest)
    try world.sum(columns.sums)
    try world.maximum(columns.rivals)
  }

  /// Of some pairs, the first of which is pair `firstOwn`: twice their losses, and how many pictures and how many captions
  /// found their partners.
  static func totals(_ tiles: LogitTiles, firstOwn: Int) -> [Double] {
    var totals = [0.0, 0.0, 0.0]
    for (row, logit) in tiles.own.enumerated() {
      let column = firstOwn + row
      totals[0] += tiles.rows.logSum(row) + tiles.columns.logSum(column) - 2 * Double(logit)
      totals[1] += logit > tiles.rows.rivals[row] ? 1 : 0
      totals[2] += logit > tiles.columns.rivals[column] ? 1 : 0
    }
    return totals
  }
}
