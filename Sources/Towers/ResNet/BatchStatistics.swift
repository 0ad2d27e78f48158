/// What batch norm takes for the mean and the variance of a channel.
enum BatchStatistics {
  /// Those of the pictures at hand, a micro-batch, as in training.
  ///
  /// - Parameters:
  ///   - updating: whether the running ones move towards them. A micro-batch that is embedded twice in a step moves them
  ///     once.
  ///   - exchange: adds what all ranks have at hand; nil: each rank takes its own.
  case own(updating: Bool, across: (any StatisticsExchange)?)
  /// The running ones, as for everything but training.
  case running

  /// The same for pictures that are embedded once more: nothing moves.
  var repeated: BatchStatistics {
    switch self {
    case .own(_, let exchange): .own(updating: false, across: exchange)
    case .running: .running
    }
  }
}

/// Adds numbers over the ranks that train a model together.
public protocol StatisticsExchange {
  /// Replaces each number by the sum of what all ranks have in its place. All ranks call it equally often, in the same
  /// order.
  func sum(_ values: inout [Double]) throws
}
