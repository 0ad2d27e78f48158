import CKernels

/// The logits L = multiplier · images · textsᵀ of some pictures and all captions, walked tile by tile and never stored.
///
/// Both walks give every thread a share of the columns. They go around in as many rounds as there are threads, and in
/// each a thread takes another share of the rows: so no two threads ever add to the same row or column, and the order of
/// the additions depends on the number of threads alone.
public final class LogitTiles {
  /// Up to this size of all logits exp(logit) and sums of it are far from the ends of single precision.
  public static let largestSmall: Float = 64

  /// What the first walk finds of every picture's logits.
  public let rows: LogitStatistics
  /// What the first walk finds of every caption's logits. For the second, statistics of more rows may take their place.
  public var columns: LogitStatistics {
    didSet {
      precondition(columns.count == oldValue.count, "\(columns.count) columns for \(oldValue.count)")
      kernel.text = columns.kernel
    }
  }
  /// Each picture's logit with its own caption, found by the first walk.
  public let own: UnsafeMutableBufferPointer<Float>
  private var kernel: CKernels_Contrast
  private let texts: PackedTexts
  // What the kernel's addresses point into.
  private let operands: [Tensor]

  /// Packs the pictures.
  ///
  /// - Parameters:
  ///   - images: (own, embedding).
  ///   - texts: all captions, and among how many threads the work is divided.
  ///   - firstOwn: the column of row 0's own caption; the others' follow.
  ///   - isSmall: whether no |logit| exceeds ``largestSmall``.
  ///   - workspace: has room for the packed pictures.
  public init(
    images: Tensor, texts: PackedTexts, multiplier: Float, firstOwn: Int, isSmall: Bool, using workspace: Workspace
  ) {
    precondition(images.isContiguous && images.columns == texts.dimension, "shapes differ")
    let unit = texts.unit
    rows = LogitStatistics(count: images.rows, isSmall: isSmall)
    columns = LogitStatistics(count: texts.count, isSmall: isSmall)
    self.texts = texts
    own = .allocate(capacity: images.rows)
    own.initialize(repeating: .nan)

    let (height, group, turnedUnit) = texts.tileRows(of: images.rows)
    let left = unit == CKernels_NoProductUnit ? images : Self.rounded(images, unit, using: workspace)
    let imageTiles = PackedTexts.tiles(of: images, extent: group, turnedUnit, using: workspace)
    operands = [left, imageTiles]
    kernel = CKernels_Contrast(
      rows: images.rows, columns: texts.count, dimension: images.columns, tile_rows: height,
      tile_columns: texts.tileColumns, unit: unit, turned_unit: turnedUnit, group_rows: group, multiplier: multiplier,
      first_own: firstOwn, is_small: isSmall ? 1 : 0, images: left.address, images_stride: left.columns,
      text_panels: texts.panels.address,
      text_tiles: texts.tiles.address, image_tiles: imageTiles.address, image: rows.kernel, text: columns.kernel,
      own: own.baseAddress, products: nil, d_images: nil, d_texts: nil)
  }

  deinit {
    own.deallocate()
  }

  /// The first walk, over all logits: the statistics of rows and columns.
  public func sum() {
    walk(CKernels_contrast_sums)
  }

  /// The second walk. With G = row softmax + column softmax − 2 · identity it adds G · texts and Gᵀ · images to the given
  /// tensors, which are (own, embedding) and (all, embedding).
  ///
  /// Before, the statistics of columns must have been summed over all ranks.
  ///
  /// - Returns: Σ G ∘ L.
  public func addGradients(images: Tensor, texts: Tensor) -> Double {
    precondition(images.rows == rows.count && texts.rows == columns.count, "shapes differ")
    precondition(images.isContiguous && texts.isContiguous, "a view with gaps")
    rows.weigh()
    columns.weigh()
    var products = [Double](repeating: 0, count: rows.count)
    products.withUnsafeMutableBufferPointer { products in
      kernel.products = products.baseAddress
      kernel.d_images = images.floatPointer
      kernel.d_texts = texts.floatPointer
      walk(CKernels_contrast_gradients)
    }
    return products.reduce(0, +) - 2 * own.reduce(0) { $0 + Double($1) }
  }

  private func walk(
    _ pass: (UnsafePointer<CKernels_Contrast>, Int, Int, Int, Int, UnsafeMutableRawPointer) -> Void
  ) {
    let down = (kernel.rows + kernel.tile_rows - 1) / kernel.tile_rows
    let across = (kernel.columns + kernel.tile_columns - 1) / kernel.tile_columns
    let threads = texts.threads
    func share(_ part: Int, of tiles: Int) -> Range<Int> { tiles * part / threads..<tiles * (part + 1) / threads }
    withUnsafePointer(to: kernel) { kernel in
      Scratch.with(threads: threads, bytes: CKernels_contrast_scratch(kernel), shared: 0) { scratch in
        for round in 0..<threads {
          Threads.forEachNumberedBand(of: threads, atMost: threads) { band, parts in
            for part in parts {
              let rows = share((part + round) % threads, of: down), columns = share(part, of: across)
              pass(
                kernel, rows.lowerBound, rows.upperBound, columns.lowerBound, columns.upperBound, scratch.room(of: band)
              )
            }
          }
        }
      }
    }
  }
}

extension LogitTiles {
  /// Rows of numbers of 16 bits, with as many more as a block of rows may reach beyond.
  private static func rounded(_ x: Tensor, _ unit: CKernels_ProductUnit, using workspace: Workspace) -> Tensor {
    let y = workspace.tensor(rows: x.rows + 32, columns: CKernels_contrast_row_length(unit, x.columns), .bfloat16)
    Threads.forEachBand(of: x.rows) { band in
      CKernels_contrast_pack_rows(unit, x.floatPointer, x.columns, y.address, band.lowerBound, band.upperBound)
    }
    return y
  }
}

/// The largest Euclidean norm of a row.
public func largestNorm(_ x: Tensor) -> Float {
  precondition(x.isContiguous, "a view with gaps")
  return CKernels_largest_square(x.floatPointer, x.columns, 0, x.rows).squareRoot()
}
