/// How a framing is computed, and of which pixels. Known before there are any, so that no others need be decoded.
struct Scaling {
  /// What the pixels of the window are made of along both axes; nil where nothing is scaled, and each is one of the picture.
  let taps: (across: BicubicTaps, down: BicubicTaps)?
  /// Whether columns are filtered before rows. Between the passes the samples are rounded to 8 bits, so their order shows,
  /// in the last bit or, in noise, more.
  let filtersColumnsFirst: Bool
  /// The part of the picture that is looked at.
  let needed: Region
}

extension Scaling {
  /// What Pillow's `crop(source).resize(scaled, BICUBIC).crop(window)` does, byte for byte.
  init(_ framing: Framing) {
    let source = framing.source, window = framing.window, scaled = framing.scaled
    if source.size == scaled {
      self.init(
        taps: nil, filtersColumnsFirst: false,
        needed: Region(x: source.x + window.x, y: source.y + window.y, size: window.size))
    } else {
      self.init(
        framing, BicubicTaps(window.columns, of: scaled.width, from: source.columns),
        BicubicTaps(window.rows, of: scaled.height, from: source.rows))
    }
  }

  /// The same, nearly, of a picture that is made smaller first.
  ///
  /// - Parameters:
  ///   - size: of the smaller picture.
  ///   - divisor: what it is divided by; 1 is the exact way. The framing is that of the larger one.
  init(_ framing: Framing, of size: PictureSize, dividedBy divisor: Int) {
    if divisor == 1 {
      self.init(framing)
      return
    }
    let source = framing.source, window = framing.window, scaled = framing.scaled
    self.init(
      framing,
      BicubicTaps(window.columns, of: scaled.width, from: source.columns, dividedBy: divisor, count: size.width),
      BicubicTaps(window.rows, of: scaled.height, from: source.rows, dividedBy: divisor, count: size.height))
  }

  private init(_ framing: Framing, _ across: BicubicTaps, _ down: BicubicTaps) {
    // Pillow's rule since version 13: columns first if the height loses more than twice what the width loses. Until
    // version 12 rows came first always.
    let source = framing.source.size, scaled = framing.scaled
    self.init(
      taps: (across, down),
      filtersColumnsFirst: source.height > scaled.height
        && source.height - scaled.height > 2 * (source.width - scaled.width),
      needed: Region(columns: across.inputs, rows: down.inputs))
  }
}
