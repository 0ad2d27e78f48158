import Foundation
import Tensors

/// Slow and plain versions of the kernels, in double precision: what the fast ones are compared with.
enum Reference {
  typealias Matrix = [[Double]]

  /// Numbers between −1 and 1 that depend on the seed alone.
  static func random(_ rows: Int, _ columns: Int, seed: UInt64) -> Tensor {
    var generator = CounterGenerator(seed: seed)
    return Tensor((0..<rows * columns).map { _ in 2 * generator.uniform() - 1 }, columns: columns)
  }

  static func matrix(_ x: Tensor) -> Matrix {
    let values = x.values
    return (0..<x.rows).map { row in (0..<x.columns).map { Double(values[row * x.columns + $0]) } }
  }

  static func product(_ a: Matrix, _ b: Matrix) -> Matrix {
    a.map { row in b[0].indices.map { column in row.indices.reduce(0) { $0 + row[$1] * b[$1][column] } } }
  }

  static func transposed(_ a: Matrix) -> Matrix {
    a[0].indices.map { column in a.map { $0[column] } }
  }

  static func layerNorm(_ x: Matrix, _ weight: [Double], _ bias: [Double]) -> Matrix {
    x.map { row in
      let mean = row.reduce(0, +) / Double(row.count)
      let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
      return row.indices.map { (row[$0] - mean) / (variance + 1e-5).squareRoot() * weight[$0] + bias[$0] }
    }
  }

  static func activation(_ kind: Activation, _ x: Double) -> Double {
    switch kind {
    case .gelu: x * 0.5 * erfc(-x / 2.0.squareRoot())
    case .quickGELU: x / (1 + exp(-1.702 * x))
    }
  }

  /// softmax(q kᵀ / √width) v, segment by segment and head by head.
  static func attention(_ q: Matrix, _ k: Matrix, _ v: Matrix, _ shape: Attend) -> Matrix {
    var out = q.map { $0.map { _ in 0.0 } }
    for segment in 0..<shape.queries.count {
      let queries = Int(shape.queries.offsets[segment])..<Int(shape.queries.offsets[segment + 1])
      let keys = Int(shape.keys.offsets[segment])..<Int(shape.keys.offsets[segment + 1])
      for head in 0..<shape.heads {
        let columns = head * shape.width..<(head + 1) * shape.width
        for query in queries {
          let seen = shape.isCausal ? keys.prefix(query - queries.lowerBound + 1) : keys[...]
          let logits = seen.map { key in
            columns.reduce(0) { $0 + q[query][$1] * k[key][$1] } / Double(shape.width).squareRoot()
          }
          let largest = logits.max() ?? 0
          let weights = logits.map { exp($0 - largest) }
          let sum = weights.reduce(0, +)
          for (key, weight) in zip(seen, weights) {
            for column in columns { out[query][column] += weight / sum * v[key][column] }
          }
        }
      }
    }
    return out
  }

  /// The derivative of Σ f(x) ∘ direction with respect to every element of x, by central differences.
  static func gradient(of x: Matrix, along direction: Matrix, _ f: (Matrix) -> Matrix) -> Matrix {
    let step = 1e-5
    func total(_ x: Matrix) -> Double {
      zip(f(x), direction).reduce(0) { $0 + zip($1.0, $1.1).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    return x.indices.map { row in
      x[row].indices.map { column in
        var above = x, below = x
        above[row][column] += step
        below[row][column] -= step
        return (total(above) - total(below)) / (2 * step)
      }
    }
  }
}
