import COneDNN
import Synchronization

/// A convolution of 3 × 3 pixels that oneDNN has made code for, on any memory of one shape.
final class LibraryConvolution: @unchecked Sendable {
  /// Which of pictures, weight and result is computed from the other two.
  enum Direction {
    case forward
    /// The gradient of the pictures.
    case data
    /// The gradient of the weight.
    case weight

    fileprivate var libraryName: COneDNN_Direction {
      switch self {
      case .forward: COneDNN_Forward
      case .data: COneDNN_Data
      case .weight: COneDNN_Weights
      }
    }
  }

  /// What the code is made for.
  struct Shape: Hashable, CustomStringConvertible {
    let direction: Direction
    /// The pictures that are convolved.
    var grid: PictureGrid
    let inputs: Int
    let outputs: Int
    let stride: Int
    /// How pictures, result and their gradients are stored.
    let type: ElementType
    /// How the gradient of the pictures is stored.
    let dxType: ElementType
    /// Whether the gradient of the weight is added to what is there.
    let accumulates: Bool

    var description: String {
      "3 × 3 pixels of \(grid.count) pictures of \(grid.height) × \(grid.width), \(inputs) to \(outputs) channels"
    }
  }

  private let shape: Shape
  private var convolution: COneDNN_Convolution

  private static let made = MadeCode<Shape, LibraryConvolution>()
  /// How weights lie for a shape, whatever the number of pictures: what one part of the pictures has computed is added to
  /// what another has.
  private static let formats = Mutex<[Shape: dnnl_memory_desc_t]>([:])

  private init(_ shape: Shape) throws(LibraryError) {
    self.shape = shape
    var wanted = COneDNN_ConvolutionShape(
      direction: shape.direction.libraryName, pictures: Int64(shape.grid.count), height: Int64(shape.grid.height),
      width: Int64(shape.grid.width), inputs: Int64(shape.inputs), outputs: Int64(shape.outputs),
      stride: Int64(shape.stride), is_bf16: shape.type == .bfloat16 ? 1 : 0,
      dx_is_float: shape.dxType == .float32 ? 1 : 0, accumulates: shape.accumulates ? 1 : 0)
    var convolution = COneDNN_Convolution()
    let engine = try LibraryEngine.processor.get()
    var ofAnyNumber = shape
    ofAnyNumber.grid = shape.grid.taking(0)
    try Self.formats.withLock { formats throws(LibraryError) in
      let known = formats[ofAnyNumber]
      try LibraryEngine.call(for: shape) { failed in
        guard var format = known else {
          return COneDNN_create_convolution(&wanted, nil, engine, &convolution, &failed)
        }
        return COneDNN_create_convolution(&wanted, &format, engine, &convolution, &failed)
      }
      formats[ofAnyNumber] = convolution.format
    }
    self.convolution = convolution
  }

  deinit { COneDNN_destroy_convolution(&convolution) }

  /// Lends a convolution of this shape, made before or now.
  static func with<Result>(
    _ shape: Shape, _ body: (LibraryConvolution) throws(LibraryError) -> Result
  ) throws(LibraryError) -> Result {
    try made.with(shape, make: LibraryConvolution.init, body)
  }

  /// Numbers of the weight, or of its gradient, as the library has them.
  var weightCount: Int { convolution.weights_bytes / shape.weightType.size }

  /// Computes on the calling thread alone what the direction says, from memory as the shape says; `weight` lies as the
  /// library has it.
  func run(x: Tensor, weight: Tensor, y: Tensor) throws(LibraryError) {
    try Scratch.with(threads: 1, bytes: convolution.scratch_bytes, shared: 0) { scratch throws(LibraryError) in
      try LibraryEngine.call(for: shape) {
        COneDNN_convolve(
          &convolution, shape.direction.libraryName, x.address, weight.address, y.address, scratch.room(of: 0), &$0)
      }
    }
  }

  /// Copies a weight, (outputs, 9 · inputs), into the library's order, or its gradient back.
  func arrange(_ plain: Tensor, _ weight: Tensor) throws(LibraryError) {
    try LibraryEngine.call(for: shape) {
      COneDNN_arrange(&convolution, shape.direction.libraryName, plain.floatPointer, weight.address, &$0)
    }
  }
}

extension LibraryConvolution.Shape {
  /// How the library has the weight: as pictures are stored, its gradient in single precision.
  var weightType: ElementType { direction == .weight ? .float32 : type }
}
