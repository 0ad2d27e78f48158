import CKernels
import COneDNN

/// What multiplies bfloat16 matrices on this processor.
public enum ProductUnit: Sendable {
  /// Single-precision copies and OpenBLAS: right everywhere, fast nowhere.
  case widening
  /// oneDNN: what the kernels are compared with. Never the best: wherever it multiplies bfloat16 rather than emulating
  /// it, there are kernels; where it emulates, single-precision copies take a quarter of its time.
  case library
  /// AVX-512's fused multiply-adds of single-precision numbers, which bfloat16 is widened to as it is packed.
  case floats
  /// AVX-512's dot products of pairs (`vdpbf16ps`).
  case dotProducts
  /// The tiles of AMX.
  case amx
  /// AVX-512's dot products of pairs of 16-bit integers (`vpdpwssd`), for which every row and column is scaled to one
  /// length and rounded, more finely than to bfloat16.
  case integers

  /// The fastest this processor has and the system lends.
  public static let best: ProductUnit =
    switch CKernels_product_unit() {
    case CKernels_AMX: .amx
    case CKernels_DotProducts: .dotProducts
    case CKernels_Integers: .integers
    case CKernels_Floats: .floats
    default: .widening
    }

  /// The fastest for single-precision matrices.
  public static let bestForFloats: ProductUnit = CKernels_multiplies_floats() != 0 ? .floats : .widening

  /// Whether this processor has it.
  package var isAvailable: Bool {
    switch self {
    case .widening: true
    case .library: COneDNN_has_bf16() != 0
    case .floats: Self.bestForFloats == .floats && Self.best != .widening
    case .dotProducts: Self.best != .widening
    case .amx: Self.best == .amx
    case .integers: CKernels_multiplies_integers() != 0 && Self.best != .widening
    }
  }

  /// The kernel; what libraries multiply needs none.
  var kernel: CKernels_ProductUnit? {
    switch self {
    case .widening, .library: nil
    case .integers: CKernels_Integers
    case .floats: CKernels_Floats
    case .dotProducts: CKernels_DotProducts
    case .amx: CKernels_AMX
    }
  }

  /// What people know it by.
  public var name: String {
    switch self {
    case .widening: "OpenBLAS: \(openBLASCoreName())"
    case .library: "oneDNN"
    case .floats: "AVX-512"
    case .dotProducts: "AVX-512 BF16"
    case .amx: "AMX"
    case .integers: "AVX-512 VNNI"
    }
  }

  /// The kernel for small blocks of bfloat16, as attention is made of.
  var blockKernel: CKernels_ProductUnit? { self == .integers ? nil : contrastKernel }

  /// The kernel for the tiles of the contrastive loss; nil stands for single precision.
  var contrastKernel: CKernels_ProductUnit? { self == .floats ? nil : kernel }
}
