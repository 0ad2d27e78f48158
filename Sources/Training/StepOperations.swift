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
/// Not counted: embeddings and attention that are computed a second time to save memory, LayerNorm, activations,
/// softmax, the optimizer. The loss alone counts all it computes, its logits twice: at the paper's batch that makes a
/// difference of a thousandth.
public enum StepOperations {
  /// Of a step on a rank's pairs.
  ///
  /// - Parameters:
  ///   - captionLengths: tokens of each of the rank's captions; there are as many pictures.
  ///   - globalBatch: pairs of all ranks, which the loss compares with the rank's own.
  public static func count(_ model: ModelConfiguration, captionLengths: [Int], globalBatch: Int) -> Int {
    let pairs = captionLengths.count
    let images = pairs * image(model.vision, embedDim: model.embedDim)
    let texts = captionLengths.reduce(0) { $0 + text(model.text, tokens: $1, embedDim: model.embedDim) }
    return images + texts + contrast(pairs: pairs, globalBatch: globalBatch, dimension: model.embedDim)
  }

  /// Of one picture through the image tower, forward and backward.
  package static func image(_ vision: VisionConfiguration, embedDim: Int) -> Int {
    guard !vision.isResNet else { return residual(vision, embedDim: embedDim) }
    let patches = vision.tokens - 1
    let convolution = patches * 3 * vision.patchSize * vision.patchSize * vision.width
    return 2 * 2 * convolution
      + tower(
        tokens: vision.tokens, width: vision.width, hidden: vision.mlpWidth, layers: vision.layers, embedDim: embedDim,
        visiblePairs: vision.tokens * vision.tokens)
  }

  /// Of one picture through a ModifiedResNet: its convolutions and its attention pool.
  private static func residual(_ vision: VisionConfiguration, embedDim: Int) -> Int {
    let convolutions = vision.convolutions
    let products = convolutions.reduce(0) { $0 + 3 * $1.products } - (convolutions.first?.products ?? 0)
    let channels = vision.pooledChannels, tokens = vision.tokens
    let pool = 3 * (2 * tokens * channels * channels + channels * channels + channels * embedDim)
    return 2 * (products + pool + (2 + 4) * tokens * channels)
  }

  /// Of one caption through the text tower, forward and backward. Looking embeddings up multiplies nothing.
  package static func text(_ text: TextConfiguration, tokens: Int, embedDim: Int) -> Int {
    tower(
      tokens: tokens, width: text.width, hidden: text.mlpWidth, layers: text.layers, embedDim: embedDim,
      visiblePairs: tokens * (tokens + 1) / 2)
  }

  /// Of the loss on one rank: its rows of logits, once for their sums and once for the gradients, and both gradients.
  package static func contrast(pairs: Int, globalBatch: Int, dimension: Int) -> Int {
    4 * 2 * pairs * globalBatch * dimension
  }

  private static func tower(
    tokens: Int, width: Int, hidden: Int, layers: Int, embedDim: Int, visiblePairs: Int
  ) -> Int {
    let perToken = 3 * width * width + width * width + 2 * width * hidden
    let last = tokens * 2 * width * width + 2 * width * width + 2 * width * hidden
    let layersAndHead = (layers - 1) * tokens * perToken + last + width * embedDim
    let attention = (layers - 1) * visiblePairs * width + tokens * width
    return 2 * (3 * layersAndHead + (2 + 4) * attention)
  }
}
