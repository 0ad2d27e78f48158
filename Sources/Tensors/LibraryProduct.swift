import COneDNN
import Synchronization

/// A product that oneDNN has made code for, on any memory of one shape.
package final class LibraryProduct: @unchecked Sendable {
  /// What the code is made for: (rows, inner) · (inner, columns).
  package struct Shape: Hashable, Sendable {
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
  }

  private let shape: Shape
  private var product: COneDNN_Product

  /// The processor oneDNN computes on; made once.
  private nonisolated(unsafe) static let engine: Result<dnnl_engine_t, LibraryError> = {
    var engine: dnnl_engine_t?
    let status = COneDNN_processor(&engine)
    guard status == dnnl_success, let engine else {
      return .failure(LibraryError("dnnl_engine_create", status, for: nil))
    }
    return .success(engine)
  }()

  /// Products that nobody uses now. Making one takes about a millisecond.
  private static let free = Mutex<[Shape: [LibraryProduct]]>([:])
  /// More shapes than these are not kept: rows of captions differ from one micro-batch to the next.
  private static let keptShapes = 256

  /// Makes the code.
  package init(_ shape: Shape) throws(LibraryError) {
    self.shape = shape
    var wanted = COneDNN_Shape(
      m: Int64(shape.rows), n: Int64(shape.columns), k: Int64(shape.inner), a_stride: Int64(shape.aStride),
      b_stride: Int64(shape.bStride), c_stride: Int64(shape.cStride), a_transposed: shape.aIsTransposed ? 1 : 0,
      b_transposed: shape.bIsTransposed ? 1 : 0, c_is_float: shape.cType == .float32 ? 1 : 0,
      accumulates: shape.accumulates ? 1 : 0)
    product = COneDNN_Product()
    // The bands are this program's own threads. OpenMP counts its threads for each of those anew.
    omp_set_num_threads(1)
    var call: UnsafePointer<CChar>?
    let status = COneDNN_create(&wanted, try Self.engine.get(), &product, &call)
    guard status == dnnl_success else { throw LibraryError(call.map { String(cString: $0) } ?? "", status, for: shape) }
  }

  deinit { COneDNN_destroy(&product) }

  /// Lends a product of this shape, made before or now.
  static func with(_ shape: Shape, _ body: (LibraryProduct) throws(LibraryError) -> Void) throws(LibraryError) {
    let product = if let made = free.withLock({ $0[shape]?.popLast() }) { made } else { try LibraryProduct(shape) }
    defer {
      free.withLock {
        if $0.count >= keptShapes, $0[shape] == nil { $0.removeAll() }
        $0[shape, default: []].append(product)
      }
    }
    try body(product)
  }

  /// `c = a · b`, or `c += a · b`, on the calling thread alone; all three as the shape says.
  func run(
    _ a: UnsafePointer<UInt16>, _ b: UnsafePointer<UInt16>, into c: UnsafeMutableRawPointer
  ) throws(LibraryError) {
    omp_set_num_threads(1)
    var call: UnsafePointer<CChar>?
    let status = Scratch.with(threads: 1, bytes: product.scratch_bytes, shared: 0) { scratch in
      COneDNN_run(&product, a, b, c, scratch.room(of: 0), &call)
    }
    guard status == dnnl_success else { throw LibraryError(call.map { String(cString: $0) } ?? "", status, for: shape) }
  }
}
