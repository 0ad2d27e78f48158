import Towers

/// What a run will take of each rank, by arithmetic, before a single one is started.
public struct RunPlan: Sendable {
  /// Bytes of memory a rank needs, by what for.
  public struct Memory: Encodable, Sendable {
    /// Values, gradients and moments: what sharding shares. Where gradients are added in canonical order, more of them.
    public let parameters: Int
    /// What the towers keep of a micro-batch from forward to backward, and compute with meanwhile.
    public let activations: Int
    /// Embeddings and their gradients, those of all captions, and the loss's packed copies.
    public let embeddings: Int
    /// The copy of a rank's share of a checkpoint, from which it is written while training goes on.
    public let checkpoint: Int
    /// The program, its libraries, and room for products and for what is on the wire.
    public let rest: Int

    /// All of it.
    public var total: Int { parameters + activations + embeddings + checkpoint + rest }
  }

  /// Numbers training changes.
  public let parameters: Int
  /// Pairs of a rank in a step, and how many go through the towers at once.
  public let pairs: Int
  /// Micro-batches of a rank in a step.
  public let microBatches: Int
  /// What a rank needs.
  public let memory: Memory
  /// Bytes a rank sends in a step.
  public let bytesSent: Int
  /// Size of a checkpoint: values and both moments in single precision, before the zeros among them are compressed.
  public let checkpointBytes: Int
  /// Operations of a rank in a step that the mathematics needs, and those done again for the second embedding.
  public let operations: Int

  /// - Parameters:
  ///   - recipe: the model, batch, precision and what is shared.
  ///   - ranks: how many there are.
  ///   - threads: of each rank.
  ///   - captionTokens: of a caption on average, start and end included.
  /// - Throws: where the model cannot be, or so many ranks cannot add in canonical order.
  public init(_ recipe: Recipe, ranks: Int, threads: Int, captionTokens: Int) throws {
    let model = try recipe.model.configuration
    let layout = TwoTowers.parameterLayout(of: model)
    pairs = recipe.globalBatch / ranks
    let micro = min(recipe.microBatch, pairs)
    microBatches = (pairs + micro - 1) / micro
    try recipe.checkOrder(ranks: ranks)
    parameters = layout.trained
    checkpointBytes = 12 * layout.all
    let sizes = Sizes(
      recipe: recipe, model: model, layout: layout, ranks: ranks, threads: threads, pairs: pairs, micro: micro,
      microBatches: microBatches, tokens: min(captionTokens, model.text.contextLength))
    memory = Memory(
      parameters: sizes.parameters, activations: sizes.activations, embeddings: sizes.embeddings,
      checkpoint: recipe.checkpoint.background ? checkpointBytes / ranks : 0, rest: sizes.rest)
    bytesSent = sizes.bytesSent
    let once = StepOperations.count(
      model, captionLengths: [Int](repeating: sizes.tokens, count: pairs), globalBatch: recipe.globalBatch)
    let loss = StepOperations.contrast(pairs: pairs, globalBatch: recipe.globalBatch, dimension: model.embedDim)
    // With several micro-batches the forward pass, a third of the towers' work, is done twice.
    operations = once + (microBatches > 1 ? (once - loss) / 3 : 0)
  }

  /// The arithmetic.
  private struct Sizes {
    let recipe: Recipe
    let model: ModelConfiguration
    let layout: (all: Int, trained: Int, units: [Int])
    let ranks: Int
    let threads: Int
    let pairs: Int
    let micro: Int
    let microBatches: Int
    let tokens: Int

    private var activation: Int { recipe.precision == .bf16 ? 2 : 4 }
    private var inBlocks: Int { layout.units.reduce(0, +) }
    private var outside: Int { layout.all - inBlocks }
    private var embedding: Int { model.embedDim }

    private var isCanonical: Bool { recipe.reduction.order == .canonical }
    /// Of the logits, on each rank.
    private var shares: Int {
      isCanonical ? CanonicalOrder.shares(microBatches: microBatches * ranks) / ranks : 1
    }

    /// README, "Memory and wire", "Models that do not fit" and "The same bytes on more ranks".
    var parameters: Int {
      kept + (isCanonical ? 4 * layout.all * (PairwiseSum.blocks(for: microBatches) - 1) : 0)
    }

    private var kept: Int {
      switch recipe.shard {
      case .parameters where ranks > 1:
        16 * inBlocks / ranks + 8 * outside + 8 * outside / ranks + 8 * (layout.units.max() ?? 0)
      case .optimizer, .parameters: 8 * layout.all + 8 * layout.all / ranks
      case .none: 16 * layout.all
      }
    }

    var activations: Int {
      let vision = model.vision, text = model.text
      return (vision.isResNet ? residual(vision) : transformer(vision))
        + tower(
          rows: micro * tokens, segments: micro, width: text.width, hidden: text.mlpWidth, heads: text.heads,
          layers: text.layers)
    }

    private func transformer(_ vision: VisionConfiguration) -> Int {
      tower(
        rows: micro * vision.tokens, segments: micro, width: vision.width, hidden: vision.mlpWidth,
        heads: vision.width / vision.headWidth, layers: vision.layers)
        + micro * (vision.tokens - 1) * 3 * vision.patchSize * vision.patchSize * activation
    }

    /// What each convolution makes, before and after its norm, and as much as four of the largest on the way back; what the
    /// pool before a convolution leaves is about an eighth.
    private func residual(_ vision: VisionConfiguration) -> Int {
      let made = vision.convolutions.map { $0.pixelsOut * $0.outputs }
      let pool = 3 * vision.tokens * vision.pooledChannels
      let kept = 2 * made.reduce(0, +) * 9 / 8 + 3 * vision.imageHeight * vision.imageWidth + pool
      return micro * activation * (kept + 4 * (made.max() ?? 0))
    }

    /// Rows of the residual stream before and after the attention, queries, keys and values, what was attended, the
    /// hidden layer before and after its function; all of the last block for the pooled token only, but keys and values.
    private func tower(rows: Int, segments: Int, width: Int, hidden: Int, heads: Int, layers: Int) -> Int {
      let row = 2 * width * 4 + (4 * width + 2 * hidden) * activation + 16 + 4 * heads
      let last = rows * (2 * width * activation + width * 4) + segments * row
      let backward = rows * (width * 4 + (3 * width + hidden) * activation)
      return (layers - 1) * rows * row + last + backward
    }

    var embeddings: Int {
      let own = pairs * embedding, all = ranks > 1 ? recipe.globalBatch * embedding : 0
      let packed = 2 * (pairs + recipe.globalBatch) * embedding * activation
      let waiting = (PairwiseSum.blocks(for: shares) - 1) * recipe.globalBatch * embedding
      return 4 * (4 * own + all + waiting) + packed + 20 * (pairs + shares * recipe.globalBatch)
    }

    var rest: Int {
      let program = 40 << 20, thread = 4 << 20
      let vision = model.vision
      let rows = micro * max(vision.tokens, tokens), widest = max(vision.mlpWidth, model.text.mlpWidth)
      let wire = ranks > 1 ? 2 * min(1 << 22, (1 << 17) * ranks) * 4 : 0
      let pictures = 4 * micro * 3 * vision.imageHeight * vision.imageWidth
      return program + threads * thread + (rows + 64) * widest * activation + wire + pictures
    }

    var bytesSent: Int {
      guard ranks > 1 else { return 0 }
      let gradient = recipe.reduction.wire == .bf16 ? 2 : 4
      // Each rank sends every other its part of what that one answers for; and then its own to every other.
      func share(_ bytes: Int) -> Int { bytes / ranks * (ranks - 1) }
      let towers: Int
      switch recipe.shard {
      case .none: towers = share(2 * gradient * layout.all)
      case .optimizer: towers = share((gradient + 4) * layout.all)
      case .parameters:
        let gathered = microBatches == 1 ? 2 : 3 * microBatches
        towers = share((4 * gathered + gradient * microBatches) * inBlocks) + share((gradient + 4) * outside)
      }
      let captions = 2 * share(recipe.globalBatch * embedding * 4)
      return towers + captions + 2 * share(16 * recipe.globalBatch)
    }
  }
}
