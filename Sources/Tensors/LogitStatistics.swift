import CKernels
import Glibc

/// What is known of every row, or every column, of the logits.
public final class LogitStatistics {
  /// Rows or columns.
  public let count: Int
  /// Σ exp(logit − reference) of each.
  public let sums: UnsafeMutableBufferPointer<Double>
  /// The largest logit of each; zeros where logits are small enough to do without.
  public let references: UnsafeMutableBufferPointer<Float>
  /// The largest logit of each that is not a pair's own.
  public let rivals: UnsafeMutableBufferPointer<Float>
  private let weights: UnsafeMutableBufferPointer<Float>
  private let isSmall: Bool
  // Blocks of logits at the edge reach beyond it.
  private static let margin = 64

  /// Statistics of no logits yet.
  ///
  /// - Parameter isSmall: whether exp(logit) may be summed without a reference.
  public init(count: Int, isSmall: Bool) {
    func room<Number: Numeric>(_ value: Number) -> UnsafeMutableBufferPointer<Number> {
      let all = UnsafeMutableBufferPointer<Number>.allocate(capacity: count + Self.margin)
      all.initialize(repeating: value)
      return UnsafeMutableBufferPointer(rebasing: all[..<count])
    }
    self.count = count
    self.isSmall = isSmall
    sums = room(0)
    references = room(isSmall ? 0 : -.infinity)
    rivals = room(-.infinity)
    weights = room(0)
  }

  deinit {
    sums.baseAddress?.deallocate()
    for numbers in [references, rivals, weights] { numbers.baseAddress?.deallocate() }
  }

  /// The log-sum-exp of a row or column.
  public func logSum(_ index: Int) -> Double { Double(references[index]) + log(sums[index]) }

  /// Brings the sums to larger references.
  public func raise(to larger: UnsafeMutableBufferPointer<Float>) {
    for index in 0..<count {
      sums[index] *= exp(Double(references[index]) - Double(larger[index]))
      references[index] = larger[index]
    }
  }

  /// Adds what is known of other logits of the same rows or columns, which has the same references.
  public func add(_ other: LogitStatistics) {
    precondition(count == other.count, "\(other.count) statistics to \(count)")
    for index in 0..<count {
      sums[index] += other.sums[index]
      rivals[index] = max(rivals[index], other.rivals[index])
    }
  }

  /// Draws from complete sums what the second pass needs.
  func weigh() {
    for index in 0..<count { weights[index] = Float(isSmall ? 1 / sums[index] : logSum(index)) }
  }

  /// The same for kernels.
  var kernel: CKernels_LogitStatistics {
    CKernels_LogitStatistics(
      sums: sums.baseAddress, references: references.baseAddress, rivals: rivals.baseAddress,
      weights: weights.baseAddress)
  }
}
