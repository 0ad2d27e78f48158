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
  /// Of all pictures, how many found their own caption first.
  public let imageAccuracy: Double
  /// Of all captions, how many found their own picture first.
  public let textAccuracy: Double
  /// The gradient with respect to this rank's embeddings.
  public let gradients: Embeddings
  /// This rank's part of the gradient with respect to the logarithm of the multiplier; the sum over ranks is the whole.
  public let logitScaleGradient: Float

  private static let tileRows = 256
  private static let tileColumns = 1024

  /// Computes loss and gradients together with all other ranks.
  ///
  /// - Parameters:
  ///   - embeddings: this rank's pairs, equally many on every rank; rank r's are pairs r · b … r · b + b − 1.
  ///   - logitScale: ln s.
  ///   - gradients: room for the gradients, shaped as `embeddings`.
  public init(
    of embeddings: Embeddings, logitScale: Float, in world: some Communicator, into gradients: Embeddings,
    using workspace: Workspace
  ) throws {
    defer { workspace.reset() }
    let own = embeddings.count, all = own * world.size, dimension = embeddings.images.columns
    let texts = workspace.tensor(rows: all, columns: dimension)
    try embeddings.texts.withFloats { own in try texts.withMutableFloats { try world.gather(own, into: $0) } }
    let images = workspace.tensor(rows: own, columns: dimension)
    copy(embeddings.images, into: images)
    scale(images, by: exp(logitScale))

    let tiles = Tiles(images: images, texts: texts, firstOwn: own * world.rank, workspace)
    let statistics = try Statistics(tiles, in: world, workspace)

    let dTexts = workspace.tensor(rows: all, columns: dimension)
    zero(dTexts)
    zero(gradients.images)
    var products = [Double](repeating: 0, count: own)
    tiles.forEach { rows, columns, logits, diagonal in
      var part = Array(products[rows])
      replaceBySoftmaxes(
        logits, rowLogSums: statistics.rows.columns(rows), columnLogSums: statistics.columns.columns(columns),
        addingProductsTo: &part)
      products.replaceSubrange(rows, with: part)
      logits.withMutableFloats { numbers in
        for (row, column) in diagonal { numbers[row * logits.columns + column] -= 2 }
      }
      multiply(logits, texts.rows(columns), into: gradients.images.rows(rows), accumulating: true)
      multiply(logits.transposed, images.rows(rows), into: dTexts.rows(columns), accumulating: true)
    }
    let factor = 1 / (2 * Float(all))
    scale(gradients.images, by: factor * exp(logitScale))
    scale(dTexts, by: factor)
    try dTexts.withFloats { all in try gradients.texts.withMutableFloats { try world.sumScatter(all, into: $0) } }

    let diagonal = statistics.diagonal.reduce(0) { $0 + Double($1) }
    logitScaleGradient = Float((products.reduce(0, +) - 2 * diagonal) / (2 * Double(all)))
    self.gradients = gradients
    (loss, imageAccuracy, textAccuracy) = try statistics.totals(firstOwn: own * world.rank, of: all, in: world)
  }

  /// The logits of this rank's pictures and all captions, tile by tile.
  private struct Tiles {
    let images: Tensor  // (own, embedding), times the multiplier
    let texts: Tensor  // (all, embedding)
    /// The column that belongs to row 0.
    let firstOwn: Int
    private let room: Tensor

    init(images: Tensor, texts: Tensor, firstOwn: Int, _ workspace: Workspace) {
      self.images = images
      self.texts = texts
      self.firstOwn = firstOwn
      room = workspace.tensor(rows: Contrast.tileRows, columns: Contrast.tileColumns)
    }

    /// Calls `body` with the rows and columns of each tile, its logits, and where in it own pairs lie.
    func forEach(
      _ body: (_ rows: Range<Int>, _ columns: Range<Int>, _ logits: Tensor, _ diagonal: [(Int, Int)]) -> Void
    ) {
      for row in stride(from: 0, to: images.rows, by: Contrast.tileRows) {
        let rows = row..<min(row + Contrast.tileRows, images.rows)
        for column in stride(from: 0, to: texts.rows, by: Contrast.tileColumns) {
          let columns = column..<min(column + Contrast.tileColumns, texts.rows)
          let logits = room.rows(0..<rows.count).packed(columns: columns.count)
          multiply(images.rows(rows), texts.rows(columns).transposed, into: logits)
          let diagonal = rows.filter { columns.contains(firstOwn + $0) }
            .map { ($0 - row, firstOwn + $0 - column) }
          body(rows, columns, logits, diagonal)
        }
      }
    }
  }

  /// What the first walk over the tiles finds.
  private struct Statistics {
    let rows: Tensor  // (1, own): log-sum-exp
    let columns: Tensor  // (1, all): log-sum-exp over all ranks
    let rowMaxima: Tensor  // (1, own)
    let columnMaxima: Tensor  // (1, all): over all ranks
    private(set) var diagonal: [Float]  // own

    init(_ tiles: Tiles, in world: some Communicator, _ workspace: Workspace) throws {
      let own = tiles.images.rows, all = tiles.texts.rows
      rows = workspace.tensor(rows: 1, columns: own)
      columns = workspace.tensor(rows: 1, columns: all)
      rowMaxima = workspace.tensor(rows: 1, columns: own)
      columnMaxima = workspace.tensor(rows: 1, columns: all)
      let rowSums = rows, columnSums = columns, rowMaxima = rowMaxima, columnMaxima = columnMaxima
      zero(rowSums)
      zero(columnSums)
      for maxima in [rowMaxima, columnMaxima] { maxima.withMutableFloats { $0.update(repeating: -.infinity) } }
      var found = [Float](repeating: 0, count: own)
      tiles.forEach { rows, columns, logits, diagonal in
        mergeRowLogSums(logits, maxima: rowMaxima.columns(rows), sums: rowSums.columns(rows))
        mergeColumnLogSums(logits, maxima: columnMaxima.columns(columns), sums: columnSums.columns(columns))
        logits.withFloats { numbers in
          for (row, column) in diagonal { found[rows.lowerBound + row] = numbers[row * logits.columns + column] }
        }
      }
      diagonal = found

      // Columns of all ranks: the largest of the maxima, then the sums brought to it.
      let ownMaxima = workspace.tensor(rows: 1, columns: all)
      copy(columnMaxima, into: ownMaxima)
      try columnMaxima.withMutableFloats { try world.maximum($0) }
      columnSums.withMutableFloats { sums in
        ownMaxima.withFloats { own in
          columnMaxima.withFloats { maxima in
            for j in sums.indices { sums[j] *= exp(own[j] - maxima[j]) }
          }
        }
      }
      try columnSums.withMutableFloats { try world.sum($0) }
      for (sums, maxima) in [(rowSums, rowMaxima), (columnSums, columnMaxima)] {
        sums.withMutableFloats { sums in
          maxima.withFloats { maxima in
            for i in sums.indices { sums[i] = maxima[i] + log(sums[i]) }
          }
        }
      }
    }

    /// Loss and accuracies over all ranks.
    func totals(firstOwn: Int, of all: Int, in world: some Communicator) throws -> (Double, Double, Double) {
      var totals = [0.0, 0.0, 0.0]
      let rowLSE = rows.values, columnLSE = columns.columns(firstOwn..<firstOwn + diagonal.count).values
      let rowMaxima = rowMaxima.values
      let columnMaxima = columnMaxima.columns(firstOwn..<firstOwn + diagonal.count).values
      for (i, logit) in diagonal.enumerated() {
        totals[0] += Double(rowLSE[i]) + Double(columnLSE[i]) - 2 * Double(logit)
        totals[1] += logit >= rowMaxima[i] ? 1 : 0
        totals[2] += logit >= columnMaxima[i] ? 1 : 0
      }
      try totals.withUnsafeMutableBufferPointer { try world.sum($0) }
      return (totals[0] / (2 * Double(all)), totals[1] / Double(all), totals[2] / Double(all))
    }
  }
}
