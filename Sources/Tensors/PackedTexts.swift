import CKernels

/// All captions, packed for the products of ``LogitTiles``, any number of which may share them.
public struct PackedTexts {
  /// Captions.
  let count: Int
  /// Numbers of an embedding.
  let dimension: Int
  /// What multiplies; none stands for single precision.
  let unit: CKernels_ProductUnit
  /// Among how many threads the work on tiles is divided.
  let threads: Int
  /// Captions of a tile.
  let tileColumns: Int
  /// Right operands of logits.
  let panels: Tensor
  /// Right operands of gradients.
  let tiles: Tensor

  /// Packs captions.
  ///
  /// - Parameters:
  ///   - texts: (all, embedding), which is not read again afterwards.
  ///   - unit: what multiplies; those without blocks of 16-bit numbers stand for single precision.
  ///   - threads: among how many the work is divided, ``Threads/count`` best of all.
  ///   - workspace: has room for the packed captions.
  public init(_ texts: Tensor, on unit: ProductUnit, threads: Int, using workspace: Workspace) {
    precondition(texts.isContiguous, "a view with gaps")
    let unit = unit.contrastKernel ?? CKernels_NoProductUnit
    (count, dimension) = (texts.rows, texts.columns)
    self.unit = unit
    self.threads = threads
    tileColumns = Self.extent(of: texts.rows, block: 64, unit, threads: threads)
    panels = Self.panels(of: texts, unit, using: workspace)
    tiles = Self.tiles(of: texts, extent: tileColumns, unit, using: workspace)
  }

  /// So many pictures together are scaled to integers.
  private static let group = 64
  /// For fewer captions it is not worth while to make integers of what multiplies pictures.
  private static let fewestForGroups = 4096

  /// Pictures of a tile, if there are `count` in all, and of a group of it, and what multiplies them for the captions'
  /// gradients.
  ///
  /// How finely integers tell a column of pictures from another depends on which pictures are scaled together. For the
  /// gradients to be the same on any number of ranks, those must be the same: groups of a few neighbours in the global
  /// batch. A rank whose pictures are no whole groups multiplies them in single precision, and so do all in a batch so
  /// small that it costs nothing.
  func tileRows(of count: Int) -> (tile: Int, group: Int, unit: CKernels_ProductUnit) {
    func extent(block: Int) -> Int { Self.extent(of: count, block: block, unit, threads: threads) }
    let rows = extent(block: CKernels_contrast_block_rows(unit))
    guard unit == CKernels_Integers else { return (rows, rows, unit) }
    guard self.count >= Self.fewestForGroups, count % Self.group == 0 else {
      return (rows, rows, CKernels_NoProductUnit)
    }
    return (extent(block: Self.group), Self.group, unit)
  }

  /// How many of `count` rows or columns a tile has, a multiple of `block`: what a thread works on at a time stays in its
  /// second-level cache.
  private static func extent(of count: Int, block: Int, _ unit: CKernels_ProductUnit, threads: Int) -> Int {
    let most =
      switch unit {
      case CKernels_NoProductUnit: 256
      case CKernels_Integers: 192
      default: 512
      }
    let tiles = max((count + threads * most - 1) / (threads * most), 1) * threads
    return max((count + tiles - 1) / tiles + block - 1, block) / block * block
  }

  private static func room(_ bytes: Int, _ unit: CKernels_ProductUnit, using workspace: Workspace) -> Tensor {
    let type: ElementType = unit == CKernels_NoProductUnit ? .float32 : .bfloat16
    return workspace.tensor(rows: 1, columns: bytes / type.size, type)
  }

  private static func panels(of x: Tensor, _ unit: CKernels_ProductUnit, using workspace: Workspace) -> Tensor {
    let panels = room(CKernels_contrast_panels_bytes(unit, x.rows, x.columns), unit, using: workspace)
    Threads.forEachBand(of: (x.rows + 31) / 32) { band in
      CKernels_contrast_pack_panels(
        unit, x.floatPointer, x.rows, x.columns, panels.address, band.lowerBound, band.upperBound)
    }
    return panels
  }

  /// Captions or pictures as right operands of gradients.
  static func tiles(of x: Tensor, extent: Int, _ unit: CKernels_ProductUnit, using workspace: Workspace) -> Tensor {
    let bytes = CKernels_contrast_tile_bytes(unit, extent, x.columns), count = (x.rows + extent - 1) / extent
    let tiles = room(bytes * count, unit, using: workspace)
    Threads.forEachBand(of: count) { band in
      for tile in band {
        let first = tile * extent
        CKernels_contrast_pack_tile(
          unit, x.floatPointer + first * x.columns, min(extent, x.rows - first), x.columns, tiles.address + tile * bytes
        )
      }
    }
    return tiles
  }
}
