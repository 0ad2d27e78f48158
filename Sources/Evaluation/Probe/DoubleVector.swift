/// Sums over vectors of doubles, in an order that depends on their length only.
enum DoubleVector {
  private typealias Lanes = SIMD8<Double>

  /// Σ aᵢ bᵢ.
  static func dot(_ a: [Double], _ b: [Double]) -> Double {
    precondition(a.count == b.count, "\(a.count) numbers times \(b.count)")
    let whole = a.count / Lanes.scalarCount
    var sums = Lanes.zero, rest = 0.0
    a.withUnsafeBytes { a in
      b.withUnsafeBytes { b in
        for index in 0..<whole {
          let offset = index * MemoryLayout<Lanes>.size
          let left = a.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
          sums.addProduct(left, b.loadUnaligned(fromByteOffset: offset, as: Lanes.self))
        }
      }
    }
    for index in whole * Lanes.scalarCount..<a.count { rest += a[index] * b[index] }
    return sums.sum() + rest
  }

  /// `y += factor · x`.
  static func add(_ factor: Double, _ x: [Double], to y: inout [Double]) {
    precondition(x.count == y.count, "\(x.count) numbers to \(y.count)")
    x.withUnsafeBufferPointer { x in
      y.withUnsafeMutableBufferPointer { y in
        for index in x.indices { y[index] += factor * x[index] }
      }
    }
  }

  /// The largest magnitude.
  static func largest(_ x: [Double]) -> Double { x.reduce(0) { max($0, abs($1)) } }
}
