public import Towers

/// Floating-point operations that the mathematics of a training step needs: what a rate of useful operations counts.
///
/// A multiplication with its addition is two operations. Counted are all products of matrices, forward and backward: an
/// input gradient and a weight gradient cost as much as the product itself, and pixels need no gradient. Captions count
/// by their own tokens, without padding. Of a tower's last block only keys and values are counted for every token, the
/// query, the attention and the MLP for the one token that is pooled. Attention counts two products forward and four
/// backward for each pair of a query and a key it may see.
///
/// Of a ModifiedResNet its convolutions count, and its attention pool with one query.
///
/// Of groups of layers that are locked the way forward counts alone; the input gradient of the first that is trained
/// counts, though nobody reads it. Of pictures some patches of which are left out, the
/// rest counts.
///
/// Not counted: embeddings, attention and blocks that are computed a second time to save memory, LayerNorm, activations,
/// softmax, the optimizer. The loss alone counts all it computes, its logits twice: at the paper's batch that makes a
/// difference of a thousandth.
public enum StepOperations {
  /// Of a step on a rank's pairs.
  ///
  /// - Parameters:
  ///   - recipe: what is trained of the model, and which share of patches is left out.
  ///   - captionLengths: tokens of each of the rank's captions; there are as many pictures.
  ///   - globalBatch: pairs of all ranks, which the loss compares with the rank's own.
  public static func count(
    _ model: ModelConfiguration, _ recipe: Recipe, captionLengths: [Int], globalBatch: Int
  ) -> Int {
    let training = recipe.training(of: model)
    let patches = model.vision.patches(leavingOut: recipe.patchDropout)
    let picture = image(model.vision, embedDim: model.embedDim, patches: patches, training)
    let texts = captionLengths.reduce(0) { $0 + text(model.text, tokens: $1, embedDim: model.embedDim, training).all }
    return captionLengths.count * picture.all + texts
      + contrast(pairs: captionLengths.count, globalBatch: globalBatch, dimension: model.embedDim)
  }

  /// Of one picture or caption through its tower.
  package struct Tower {
    /// The way forward.
    package let forward: Int
    /// The way back.
    package let backward: Int
    /// What is done again where blocks are computed again on the way back.
    package let recomputed: Int

    /// Both ways.
    package var all: Int { forward + backward }

    /// - Parameters:
    ///   - groups: operations of each group of layers on the way forward.
    ///   - input: those whose input needs no gradient.
    ///   - blocks: those of each group that would be done again.
    fileprivate init(groups: [Int], input: Int, blocks: [Int], locked: Int) {
      forward = groups.reduce(0, +)
      backward = 2 * groups.dropFirst(locked).reduce(0, +) - (locked == 0 ? input : 0)
      recomputed = blocks.dropFirst(locked).reduce(0, +)
    }
  }

  /// Of one picture through the image tower.
  ///
  /// - Parameter patches: how many of them a Vision Transformer sees; nil: all.
  package static func image(
    _ vision: VisionConfiguration, embedDim: Int, patches: Int? = nil, _ training: TowerTraining = .init()
  ) -> Tower {
    guard !vision.isResNet else { return residual(vision, embedDim: embedDim, training) }
    let patches = patches ?? (vision.tokens - 1), tokens = patches + 1
    return tower(
      input: 2 * patches * 3 * vision.patchSize * vision.patchSize * vision.width, tokens: tokens, width: vision.width,
      hidden: vision.mlpWidth, layers: vision.layers, embedDim: embedDim, visiblePairs: tokens * tokens,
      locked: training.lockedImageGroups)
  }

  /// Of one picture through a ModifiedResNet: its convolutions and its attention pool.
  private static func residual(_ vision: VisionConfiguration, embedDim: Int, _ training: TowerTraining) -> Tower {
    let convolutions = vision.convolutionGroups.map { $0.reduce(0) { $0 + 2 * $1.products } }
    let channels = vision.pooledChannels, tokens = vision.tokens
    let pool = 2 * tokens * channels * channels + channels * channels + channels * embedDim + 2 * tokens * channels
    return Tower(
      groups: convolutions + [2 * pool], input: 2 * (vision.convolutions.first?.products ?? 0),
      blocks: [0] + convolutions.dropFirst(), locked: training.lockedImageGroups)
  }

  /// Of one caption through the text tower. Looking embeddings up multiplies nothing.
  package static func text(
    _ text: TextConfiguration, tokens: Int, embedDim: Int, _ training: TowerTraining = .init()
  ) -> Tower {
    tower(
      input: 0, tokens: tokens, width: text.width, hidden: text.mlpWidth, layers: text.layers, embedDim: embedDim,
      visiblePairs: tokens * (tokens + 1) / 2, locked: training.lockedTextGroups)
  }

  /// Of the loss on one rank: its rows of logits, once for their sums and once for the gradients, and both gradients.
  package static func contrast(pairs: Int, globalBatch: Int, dimension: Int) -> Int {
    4 * 2 * pairs * globalBatch * dimension
  }

  private static func tower(
    input: Int, tokens: Int, width: Int, hidden: Int, layers: Int, embedDim: Int, visiblePairs: Int, locked: Int
  ) -> Tower {
    let perToken = 3 * width * width + width * width + 2 * width * hidden
    let block = 2 * (tokens * perToken + 2 * visiblePairs * width)
    let last = 2 * (tokens * 2 * width * width + 2 * width * width + 2 * width * hidden + 2 * tokens * width)
    // The last product of a block is not needed on the way back.
    let again = block - 2 * tokens * width * hidden
    return Tower(
      groups: [input] + Array(repeating: block, count: layers - 1) + [last, 2 * width * embedDim], input: input,
      blocks: [0] + Array(repeating: again, count: layers - 1), locked: locked)
  }
}
