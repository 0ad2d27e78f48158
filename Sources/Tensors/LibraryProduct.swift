import COneDNN

/// A product that oneDNN has made code for, on any memory of one shape.
package final class LibraryProduct: @unchecked Sendable {
  /// What the code is made for: (rows, inner) · (inner, columns).
  package struct Shape: Hashable, Sendable, CustomStringConvertible {
    let rows: Int
    let columns: Int
    let inner: Int
    /// Strides are those of the stored matrices.
    let aStride: Int
    let aIsTransposed: Bool
    let bStride: Int
    let bIsTransposed: Bool
    let cStride: Int
    let cType: ElementType
    /// Whether the product is added to what c holds.
    let accumulates: Bool

    package init(
      rows: Int, columns: Int, inner: Int, aStride: Int, aIsTransposed: Bool = false, bStride: Int,
      bIsTransposed: Bool = false, cStride: Int, cType: ElementType, accumulates: Bool = false
    ) {
      self.rows = rows
      self.columns = columns
      self.inner = inner
      self.aStride = aStride
      self.aIsTransposed = aIsTransposed
      self.bStride = bStride
      self.bIsTransposed = bIsTransposed
      self.cStride = cStride
      self.cType = cType
      self.accumulates = accumulates
    }

    package var description: String { "\(rows) × \(inner) times \(inner) × \(columns)" }
  }

  private let shape: Shape
  private var product: COneDNN_Product

  private static let made = MadeCode<Shape, LibraryProduct>()

  /// Makes the code.
  package init(_ shape: Shape) throws(LibraryError) {
    self.shape = shape
    var wanted = COneDNN_Shape(
      m: Int64(shape.rows), n: Int64(shape.columns), k: Int64(shape.inner), a_stride: Int64(shape.aStride),
      b_stride: Int64(shape.bStride), c_stride: Int64(shape.cStride), a_transposed: shape.aIsTransposed ? 1 : 0,
      b_transposed: shape.bIsTransposed ? 1 : 0, c_is_float: shape.cType == .float32 ? 1 : 0,
      accumulates: shape.accumulates ? 1 : 0)
    var product = COneDNN_Product()
    let engine = try LibraryEngine.processor.get()
    try LibraryEngine.call(for: shape) { COneDNN_create(&wanted, engine, &product, &$0) }
    self.product = product
  }

  deinit { COneDNN_destroy(&product) }

  /// Lends a product of this shape, made before or now.
  static func with(_ shape: Shape, _ body: (LibraryProduct) throws(LibraryError) -> Void) throws(LibraryError) {
    try made.with(shape, make: LibraryProduct.init, body)
  }

  /// `c = a · b`, or `c += a · b`, on the calling thread alone; all three as the shape says.
  func run(
    _ a: UnsafePointer<UInt16>, _ b: UnsafePointer<UInt16>, into c: UnsafeMutableRawPointer
  ) throws(LibraryError) {
    try Scratch.with(threads: 1, bytes: product.scratch_bytes, shared: 0) { scratch throws(LibraryError) in
      try LibraryEngine.call(for: shape) { COneDNN_run(&product, a, b, c, scratch.room(of: 0), &$0) }
    }
  }
}
