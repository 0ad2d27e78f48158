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
  /// AVX-512's dot products of pairs of 16-bit integers (`vpdpwssd`): of the contrastive loss alone, whose vectors are
  /// scaled to one length and rounded, four times as finely as to bfloat16.
  case integers

  /// The fastest this processor has and the system lends.
  public static let best: ProductUnit =
    switch CKernels_product_unit() {
    case CKernels_AMX: .amx
    case CKernels_DotProducts: .dotProducts
    case CKernels_Floats: .floats
    default: .widening
    }

  /// The fastest for single-precision matrices.
  public static let bestForFloats: ProductUnit = CKernels_multiplies_floats() != 0 ? .floats : .widening

  /// The fastest for the contrastive loss where its products may be of 16 bits.
  public static let bestForContrast: ProductUnit =
    switch best {
    case .amx, .dotProducts: best
    default: CKernels_multiplies_integers() != 0 ? .integers : .widening
    }

  /// Whether this processor has it.
  package var isAvailable: Bool {
    switch self {
    case .widening: true
    case .library: COneDNN_has_bf16() != 0
    case .floats: Self.bestForFloats == .floats && Self.best != .widening
    case .dotProducts: Self.best != .widening
    case .amx: Self.best == .amx
    case .integers: CKernels_multiplies_integers() != 0
    }
  }

  /// The kernel; what libraries multiply needs none.
  var kernel: CKernels_ProductUnit? {
    switch self {
    case .widening, .library, .integers: nil
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
  var blockKernel: CKernels_ProductUnit? { self == .floats ? nil : kernel }

  /// The kernel for the tiles of the contrastive loss.
  var contrastKernel: CKernels_ProductUnit? { self == .integers ? CKernels_Integers : blockKernel }
}
