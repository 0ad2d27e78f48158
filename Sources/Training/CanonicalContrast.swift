import Collectives
import Foundation
package import Tensors
package import Towers

/// The contrastive loss of a global batch, the same numbers whatever the number of ranks and threads.
///
/// The rows of all logits are cut into shares, of which each rank has equally many neighbours. Each share is walked on its
/// own, as by a rank that has no more; what shares find of the captions is added in one tree over them
/// (``PairwiseSum``), the upper levels of it between ranks.
package struct CanonicalContrast {
  private let exchange: SliceExchange
  private let embeddings: Embeddings
  private let multiplier: Float
  /// Of this rank, among those of all.
  private let shares: Range<Int>
  /// Pairs of a share.
  private let pairs: Int
  private let workspace: Workspace
  private let tiles: [LogitTiles]
  /// The captions of all ranks; they have been packed.
  private let texts: Tensor

  /// Among how many threads a share is divided: the order of additions depends on it, so it is no matter how many there
  /// are.
  private static let threads = 8

  private var world: any Communicator { exchange.world }
  private var all: Int { texts.rows }

  /// Computes loss and gradients together with all other ranks; see ``Contrast``.
  ///
  /// - Parameters:
  ///   - count: how many shares all ranks have, a power of two that their number divides and that divides the pairs.
  ///   - exchange: of all ranks, in canonical order.
  /// - Returns: what ``Contrast`` tells; the gradient of the multiplier is the sum over this rank's shares.
  package static func contrast(
    of embeddings: Embeddings, logitScale: Float, shares count: Int, by exchange: SliceExchange,
    into gradients: Embeddings, precision: Precision, using workspace: Workspace
  ) throws -> Contrast {
    defer { workspace.reset() }
    let contrast = try CanonicalContrast(
      of: embeddings, multiplier: exp(logitScale), shares: count, by: exchange,
      on: Contrast.unit(for: precision), using: workspace)
    try contrast.sum()
    let product = try contrast.differentiate(into: gradients)
    let totals = try contrast.totals(shares: count), all = Double(contrast.all)
    return Contrast(
      loss: totals[0] / (2 * all), imageAccuracy: totals[1] / all, textAccuracy: totals[2] / all,
      gradients: gradients, logitScaleGradient: product)
  }

  private init(
    of embeddings: Embeddings, multiplier: Float, shares count: Int, by exchange: SliceExchange, on unit: ProductUnit,
    using workspace: Workspace
  ) throws {
    let world = exchange.world, own = count / world.size, all = embeddings.count * world.size
    precondition(
      exchange.order == .canonical && count.nonzeroBitCount == 1 && own * world.size == count && all % count == 0,
      "\(all) pairs in \(count) shares of \(world.size) ranks")
    self.exchange = exchange
    self.embeddings = embeddings
    self.multiplier = multiplier
    self.workspace = workspace
    let first = own * world.rank, pairs = all / count
    (shares, self.pairs) = (first..<first + own, pairs)
    texts = try Contrast.allTexts(embeddings, in: world, using: workspace)
    let largest = try Contrast.largestLogit(embeddings, multiplier: multiplier, in: world)
    let packed = PackedTexts(texts, on: unit, threads: Self.threads, using: workspace)
    tiles = (0..<own).map { share in
      LogitTiles(
        images: embeddings.images.rows(share * pairs..<(share + 1) * pairs), texts: packed, multiplier: multiplier,
        firstOwn: (first + share) * pairs, isSmall: largest <= LogitTiles.largestSmall, using: workspace)
    }
  }

  /// Walks all shares, and makes the statistics of their columns those of all ranks' rows.
  private func sum() throws {
    for tiles in tiles { tiles.sum() }
    let statistics = tiles.map(\.columns), columns = statistics[0]
    let largest = UnsafeMutableBufferPointer<Float>.allocate(capacity: columns.count)
    defer { largest.deallocate() }
    largest.initialize(repeating: -.infinity)
    for references in statistics.map(\.references) {
      for index in largest.indices { largest[index] = max(largest[index], references[index]) }
    }
    try world.maximum(largest)
    for columns in statistics { columns.raise(to: largest) }
    PairwiseSum.sum(statistics.count) { statistics[$1].add(statistics[$0]) }
    try world.sumPairwise(columns.sums)
    try world.maximum(columns.rivals)
    for tiles in tiles { tiles.columns = columns }
  }

  /// Walks all shares again, for the gradients.
  ///
  /// - Returns: this rank's part of the gradient of the logarithm of the multiplier.
  private func differentiate(into gradients: Embeddings) throws -> Float {
    zero(gradients.images)
    let first = world.size == 1 ? gradients.texts : texts
    let blocks =
      [first]
      + (1..<PairwiseSum.blocks(for: tiles.count)).map { _ in workspace.tensor(rows: all, columns: texts.columns) }
    var products = [Float](repeating: 0, count: tiles.count)
    PairwiseSum.sum(tiles.indices) { share, block in
      zero(blocks[block])
      let rows = gradients.images.rows(share * pairs..<(share + 1) * pairs)
      products[share] = Float(tiles[share].addGradients(images: rows, texts: blocks[block]) / (2 * Double(all)))
    } add: { block, target in
      add(blocks[block], to: blocks[target])
    }
    PairwiseSum.sum(products.count) { products[$1] += products[$0] }
    if world.size > 1 {
      let own = try exchange.sumParts(first.reshaped(columns: first.count))
      copy(own, into: gradients.texts.reshaped(columns: own.count))
    }
    // Not before everything is added up: a factor rounds.
    scale(gradients.images, by: multiplier / (2 * Float(all)))
    scale(gradients.texts, by: multiplier / (2 * Float(all)))
    return products[0]
  }

  /// Twice the losses, and how many found their partners, added up over the shares of all ranks.
  private func totals(shares count: Int) throws -> [Double] {
    var all = [Double](repeating: 0, count: 3 * count)
    for (share, tiles) in zip(shares, tiles) {
      all.replaceSubrange(3 * share..<3 * (share + 1), with: Contrast.totals(tiles, firstOwn: share * pairs))
    }
    // To the zeros of the others each is added exactly.
    try all.withUnsafeMutableBufferPointer { try world.sum($0) }
    return (0..<3).map { kind in (0..<count).reduce(0) { $0 + all[3 * $1 + kind] } }
  }
}
