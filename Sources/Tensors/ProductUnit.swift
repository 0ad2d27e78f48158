import CKernels

/// What multiplies bfloat16 matrices on this processor.
public enum ProductUnit: Sendable {
  /// Single-precision copies and OpenBLAS: right everywhere, fast nowhere.
  case widening
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
    default: false
    }
  }

  /// The kernel, unless widening needs none.
  var kernel: CKernels_ProductUnit? {
    switch self {
    case .widening: nil
    case .dotProducts: CKernels_DotProducts
    case .amx: CKernels_AMX
    }
  }
}
