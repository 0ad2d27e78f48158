import CKernels
import COneDNN

/// What multiplies bfloat16 matrices on this processor.
public enum ProductUnit: Sendable {
  /// Single-precision copies and OpenBLAS: right everywhere, fast nowhere.
  case widening
  /// oneDNN: what the kernels are compared with. Never the best: wherever it multiplies bfloat16 rather than emulating
  /// it, there are kernels; where it emulates, single-precision copies take a quarter of its time.
  case library
  /// AVX-512's dot products of pairs (`vdpbf16ps`).
  case dotProducts
  /// The tiles of AMX.
  case amx

  /// The fastest this processor has and the system lends.
  public static let best: ProductUnit =
    switch CKernels_product_unit() {
    case CKernels_AMX: .amx
    case CKernels_DotProducts: .dotProducts
    default: .widening
    }

  /// Whether this processor has it.
  package var isAvailable: Bool {
    switch (self, Self.best) {
    case (.amx, .amx), (.dotProducts, .amx), (.dotProducts, .dotProducts), (.widening, _): true
    case (.library, _): COneDNN_has_bf16() != 0
    default: false
    }
  }

  /// The kernel; what libraries multiply needs none.
  var kernel: CKernels_ProductUnit? {
    switch self {
    case .widening, .library: nil
    case .dotProducts: CKernels_DotProducts
    case .amx: CKernels_AMX
    }
  }
}
