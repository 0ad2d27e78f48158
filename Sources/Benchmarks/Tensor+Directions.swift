import Tensors

extension Tensor {
  /// Makes rows of length 1 in random directions: row i is a function of `first + i` alone, whatever the number of ranks.
  func fillWithDirections(seed: UInt64, first: Int) {
    withMutableFloats { numbers in
      for row in 0..<rows {
        var generator = CounterGenerator(seed: seed, stream: UInt64(first + row))
        var squares: Float = 0
        for index in row * columns..<(row + 1) * columns {
          numbers[index] = 2 * generator.uniform() - 1
          squares += numbers[index] * numbers[index]
        }
        for index in row * columns..<(row + 1) * columns { numbers[index] /= squares.squareRoot() }
      }
    }
  }
}
