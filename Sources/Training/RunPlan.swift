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
    try recipe.checkTraining(of: model)
    let training = recipe.training(of: model)
    let counts = TwoTowers.parameterCounts(of: model, training)
    pairs = recipe.globalBatch / ranks
    let micro = min(recipe.microBatch, pairs)
    microBatches = (pairs + micro - 1) / micro
    try recipe.checkOrder(ranks: ranks)
    parameters = counts.trained
    checkpointBytes = 12 * counts.all
    let sizes = Sizes(
      recipe: recipe, model: model, training: training, counts: counts, ranks: ranks, threads: threads, pairs: pairs,
      micro: micro,
      microBatches: microBatches, tokens: min(captionTokens, model.text.contextLength))
    memory = Memory(
      parameters: sizes.parameters, activations: sizes.activations, embeddings: sizes.embeddings,
      checkpoint: recipe.checkpoint.background ? checkpointBytes / ranks : 0, rest: sizes.rest)
    bytesSent = sizes.bytesSent
    operations = sizes.operations
  }

  /// The arithmetic.
  private struct Sizes {
    let recipe: Recipe
    let model: ModelConfiguration
    let training: TowerTraining
    let counts: ParameterCounts
    let ranks: Int
    let threads: Int
    let pairs: Int
    let micro: Int
    let microBatches: Int
    let tokens: Int

    private var activation: Int { recipe.precision == .bf16 ? 2 : 4 }
    private var inBlocks: Int { counts.units.reduce(0, +) }
    private var outside: Int { counts.all - inBlocks }
    private var unlockedInBlocks: Int { counts.unlockedUnits.reduce(0, +) }
    private var unlockedOutside: Int { counts.unlocked - unlockedInBlocks }
    private var embedding: Int { model.embedDim }

    private var isCanonical: Bool { recipe.reduction.order == .canonical }
    /// Of the logits, on each rank.
    private var shares: Int {
      isCanonical ? CanonicalOrder.shares(microBatches: microBatches * ranks) / ranks : 1
    }

    /// README, "Memory and wire", "Models that do not fit" and "The same bytes on more ranks".
    var parameters: Int {
      kept + (isCanonical ? 4 * counts.unlocked * (PairwiseSum.blocks(for: microBatches) - 1) : 0)
    }

    /// Values of everything; gradients and moments of what is not locked.
    private var kept: Int {
      switch recipe.shard {
      case .parameters where ranks > 1:
        (4 * inBlocks + 8 * unlockedInBlocks) / ranks + 4 * outside + 8 * unlockedOutside / ranks
          + 4 * (counts.units.max() ?? 0) + gradients
      case .optimizer, .parameters: 4 * counts.all + 8 * counts.unlocked / ranks + gradients
      case .none: 4 * counts.all + 8 * counts.unlocked + gradients
      }
    }

    /// All of them, or those of what lies between units, and of one unit at a time.
    private var gradients: Int {
      let isShared = recipe.shard == .parameters && ranks > 1
      guard recipe.updatesUnits(pairs: pairs) else {
        return isShared
          ? 4 * unlockedInBlocks / ranks + 4 * unlockedOutside + 4 * (counts.units.max() ?? 0) : 4 * counts.unlocked
      }
      let units = counts.unlockedUnits + counts.unlockedParts
      return 4 * (counts.unlocked - units.reduce(0, +)) + 4 * (units.max() ?? 0)
    }

    var activations: Int {
      let vision = model.vision, text = model.text
      return (vision.isResNet ? residual(vision) : transformer(vision))
        + tower(
          rows: micro * tokens, segments: micro, width: text.width, hidden: text.mlpWidth, heads: text.heads,
          layers: text.layers, locked: training.lockedTextGroups)
    }

    private func transformer(_ vision: VisionConfiguration) -> Int {
      let patches = vision.patches(leavingOut: recipe.patchDropout)
      return tower(
        rows: micro * (patches + 1), segments: micro, width: vision.width, hidden: vision.mlpWidth,
        heads: vision.width / vision.headWidth, layers: vision.layers, locked: training.lockedImageGroups)
        + micro * patches * 3 * vision.patchSize * vision.patchSize * activation
    }

    /// What each convolution makes, before and after its norm, and as much as five of the largest on the way back; what the
    /// pool before a convolution leaves is about an eighth.
    ///
    /// Of blocks that are computed again only what enters them is kept, and all of the largest.
    private func residual(_ vision: VisionConfiguration) -> Int {
      func made(_ shapes: [ConvolutionShape]) -> Int { shapes.reduce(0) { $0 + 2 * $1.pixelsOut * $1.outputs } * 9 / 8 }
      let groups = vision.convolutionGroups
      let stem = training.lockedImageGroups > 0 ? 0 : groups[0].reduce(0) { $0 + 2 * $1.pixelsOut * $1.outputs }
      let blocks = vision.blockConvolutions.dropFirst(max(training.lockedImageGroups - 1, 0)).joined()
      let entering = blocks.reduce(0) { $0 + $1[0].pixelsIn * $1[0].inputs }
      let kept = training.recomputesBlocks ? entering + (blocks.map(made).max() ?? 0) : blocks.map(made).reduce(0, +)
      let largest = groups.joined().map { $0.pixelsOut * $0.outputs }.max() ?? 0
      let pool = 3 * vision.tokens * vision.pooledChannels, pixels = 3 * vision.imageHeight * vision.imageWidth
      return micro * activation * (stem + kept + 5 * largest + pixels + pool)
    }

    /// Rows of the residual stream before and after the attention, queries, keys and values, what was attended, the
    /// hidden layer before its function; all of the last block for the pooled token only, but keys and values, and with a
    /// hidden layer in single precision.
    ///
    /// Of blocks that are computed again only the stream that enters them is kept, and all of one; of locked ones nothing.
    private func tower(
      rows: Int, segments: Int, width: Int, hidden: Int, heads: Int, layers: Int, locked: Int
    ) -> Int {
      let row = 2 * width * 4 + (4 * width + hidden) * activation + 16 + 4 * heads
      let last = rows * (2 * width * activation + width * 4) + segments * (row + hidden * (4 - activation))
      let backward = rows * (width * 4 + (3 * width + 2 * hidden) * activation)
      let kept = max(layers - 1 - max(locked - 1, 0), 0)
      let blocks =
        training.recomputesBlocks ? kept * rows * width * 4 + min(kept, 1) * rows * row : kept * rows * row
      // What embeds locked blocks: two streams that take turns, and all of one block.
      let passing = locked > 1 ? rows * (row + 2 * width * 4) : 0
      return blocks + passing + last + (locked > layers ? 0 : backward)
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

    /// With several micro-batches the way forward of what is trained is done twice.
    var operations: Int {
      let patches = model.vision.patches(leavingOut: recipe.patchDropout)
      let towers = [
        StepOperations.image(model.vision, embedDim: embedding, patches: patches, training),
        StepOperations.text(model.text, tokens: tokens, embedDim: embedding, training),
      ]
      let pair = towers.reduce(0) { sum, tower in
        let again = microBatches > 1 && tower.backward > 0 ? tower.forward : 0
        return sum + tower.all + again + (training.recomputesBlocks ? tower.recomputed : 0)
      }
      return pairs * pair
        + StepOperations.contrast(pairs: pairs, globalBatch: recipe.globalBatch, dimension: embedding)
    }

    var bytesSent: Int {
      guard ranks > 1 else { return 0 }
      let gradient = recipe.reduction.wire == .bf16 ? 2 : 4
      // Each rank sends every other its part of what that one answers for; and then its own to every other.
      func share(_ bytes: Int) -> Int { bytes / ranks * (ranks - 1) }
      let towers: Int
      switch recipe.shard {
      case .none: towers = share(2 * gradient * counts.unlocked)
      case .optimizer: towers = share((gradient + 4) * counts.unlocked)
      case .parameters:
        let forward = microBatches == 1 ? 1 : 2 * microBatches
        towers =
          share(4 * forward * inBlocks) + share((4 + gradient) * microBatches * unlockedInBlocks)
          + share((gradient + 4) * unlockedOutside)
      }
      let captions = 2 * share(recipe.globalBatch * embedding * 4)
      return towers + captions + 2 * share(16 * recipe.globalBatch)
    }
  }
}
