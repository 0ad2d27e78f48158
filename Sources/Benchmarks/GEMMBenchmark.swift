public import Collectives
import Tensors
public import Towers

/// How fast matrix products are: those of ViT-B/32's layers, and a large square one; beside them a library's.
///
/// The library is oneDNN for bfloat16 and OpenBLAS for single precision. Its large product is taken as the peak, but for
/// single precision the faster one: OpenBLAS may not know a processor.
/// All ranks multiply at once, so that a rate is what the machines give together.
public struct GEMMBenchmark: Sendable {
  private let precision: Precision
  /// Rows and columns of the product that is taken as the peak.
  package static let peakSide = 3072

  /// Products as layers of this precision compute them.
  public init(precision: Precision) {
    self.precision = precision
  }

  /// What computes our own products.
  private var own: ProductUnit { precision.unit }

  /// What calls the library; nil where our own products are the library's.
  private var library: ProductUnit? {
    guard own != .widening else { return nil }
    return precision == .bf16 && ProductUnit.library.isAvailable ? .library : .widening
  }

  /// The best rates of the large product, of all ranks together.
  func peak(in world: any Communicator) throws -> GEMMReport.Peak {
    let side = Self.peakSide
    let found = try rate(
      .init(tower: "square", rows: side, inputs: side, outputs: side, pass: .forward), in: world, least: 2, 0.5)
    return GEMMReport.Peak(
      gflops: precision == .bf16 ? found.libraryGflops ?? found.gflops : max(found.gflops, found.libraryGflops ?? 0),
      ownGflops: found.gflops, libraryGflops: found.libraryGflops)
  }

  /// Measures every product.
  public func run(in world: any Communicator) throws -> GEMMReport {
    var products: [GEMMReport.Product] = []
    for (tower, rows, width) in [("vision", 32 * 50, 768), ("text", 32 * 20, 512)] {
      for (inputs, outputs) in [(width, 3 * width), (width, width), (width, 4 * width), (4 * width, width)] {
        for pass in GEMMReport.Pass.allCases {
          let shape = Shape(tower: tower, rows: rows, inputs: inputs, outputs: outputs, pass: pass)
          products.append(try rate(shape, in: world, least: 3, 0.1))
        }
      }
    }
    return GEMMReport(
      precision: precision.rawValue, library: library == .library ? "oneDNN" : "OpenBLAS", products: products,
      peak: try peak(in: world))
  }

  /// A layer, and which of its three products.
  private struct Shape {
    let tower: String
    let rows: Int
    let inputs: Int
    let outputs: Int
    let pass: GEMMReport.Pass
  }

  private func rate(_ shape: Shape, in world: any Communicator, least: Int, _ seconds: Double) throws
    -> GEMMReport.Product
  {
    let works = ([own] + (library.map { [$0] } ?? [])).map { product(shape, on: $0) }
    let found = try world.durations(least: least, seconds: seconds * Double(works.count), inTurn: works)
    let operations = 2 * Double(shape.rows * shape.inputs * shape.outputs * world.size)
    return GEMMReport.Product(
      tower: shape.tower, rows: shape.rows, inputs: shape.inputs, outputs: shape.outputs, pass: shape.pass,
      operations: operations, own: found[0], library: found.count > 1 ? found[1] : nil)
  }

  /// The product as `Linear` computes it: activations and weights in the precision's type, weight gradients single.
  private func product(_ shape: Shape, on unit: ProductUnit) -> () -> Void {
    let x = operand(shape.rows, shape.inputs), y = operand(shape.rows, shape.outputs)
    let weight = operand(shape.outputs, shape.inputs)
    func multiplying(_ a: some Factor, _ b: some Factor, into c: Tensor, accumulating: Bool = false) -> () -> Void {
      {
        multiply(
          a, b, into: c, bias: nil, adding: nil, accumulating: accumulating, rowSums: nil, ending: .plain, on: unit)
      }
    }
    switch shape.pass {
    case .forward: return multiplying(x, weight.transposed, into: y)
    case .inputGradient: return multiplying(y, weight, into: x)
    case .weightGradient:
      let gradient = Tensor(rows: shape.outputs, columns: shape.inputs)
      return multiplying(y.transposed, x, into: gradient, accumulating: true)
    }
  }

  /// A matrix of numbers between −1 and 1 that look random: processors are faster, and cooler, on zeros.
  private func operand(_ rows: Int, _ columns: Int) -> Tensor {
    let single = Tensor(rows: rows, columns: columns)
    single.withMutableFloats { numbers in
      for index in numbers.indices {
        numbers[index] = Float(Int8(truncatingIfNeeded: (UInt64(index) &* 0x9E37_79B9_7F4A_7C15) >> 40)) / 128
      }
    }
    guard precision.activations == .bfloat16 else { return single }
    let half = Tensor(rows: rows, columns: columns, .bfloat16)
    narrow(single, into: half)
    return half
  }
}
