import Tensors

/// `y = (x − mean) / √(variance + ε) · weight + bias`, for every channel over all pixels of a micro-batch.
///
/// In training the mean and the variance are those of the micro-batch, on this rank or on all, and running ones follow them,
/// as PyTorch's do: a tenth of the way each time, with the variance made unbiased. For everything else the running ones
/// count.
struct BatchNorm {
  let weight: Parameter  // (channels)
  let bias: Parameter
  let runningMean: Parameter
  let runningVariance: Parameter
  let batches: Parameter  // a scalar

  private static let epsilon: Float = 1e-5
  private static let momentum: Float = 0.1

  init(_ name: String, channels: Int, initialWeight: Float = 1, in store: ParameterStore) {
    weight = store.declare("\(name).weight", [channels], .constant(initialWeight))
    bias = store.declare("\(name).bias", [channels], .constant(0))
    runningMean = store.declare("\(name).running_mean", [channels], .constant(0), isStatistic: true)
    runningVariance = store.declare("\(name).running_var", [channels], .constant(1), isStatistic: true)
    batches = store.declare("\(name).num_batches_tracked", [], .constant(0), isStatistic: true)
  }

  var channels: Int { weight.count }

  /// What the backward twin needs.
  struct Saved {
    let mean: Tensor  // (1, channels)
    let rstd: Tensor  // (1, channels), 1 / √(variance + ε)
    /// Whether they are the micro-batch's own, and so depend on every pixel of it.
    let isOwn: Bool
    /// Adds over the ranks the statistics are of.
    let exchange: (any StatisticsExchange)?
  }

  /// - Parameters:
  ///   - x: (pixels, channels).
  ///   - shortcut: shaped as `x`, added to the result.
  ///   - rectifying: whether nothing below zero is left of the result.
  ///   - y: shaped as `x`.
  func forward(
    _ x: Tensor, adding shortcut: Tensor? = nil, rectifying: Bool = true, into y: Tensor,
    _ statistics: BatchStatistics, in workspace: Workspace
  ) throws -> Saved {
    var exchange: (any StatisticsExchange)?, isOwn = false
    if case .own(_, let across) = statistics { (exchange, isOwn) = (across, true) }
    let saved = Saved(
      mean: workspace.tensor(rows: 1, columns: channels), rstd: workspace.tensor(rows: 1, columns: channels),
      isOwn: isOwn, exchange: exchange)
    try workspace.scope {
      let variance = workspace.tensor(rows: 1, columns: channels)
      switch statistics {
      case .running:
        copy(runningMean.values, into: saved.mean)
        copy(runningVariance.values, into: variance)
      case .own(let updating, _):
        let count = try measure(x, into: saved.mean, variance, across: exchange)
        if updating { follow(saved.mean, variance, count: count) }
      }
      let gain = workspace.tensor(rows: 1, columns: channels)
      let shift = workspace.tensor(rows: 1, columns: channels)
      let weights = weight.values.values, biases = bias.values.values
      let means = saved.mean.values, rstds = variance.values.map { 1 / ($0 + Self.epsilon).squareRoot() }
      saved.rstd.set(rstds)
      gain.set(zip(weights, rstds).map { $0 * $1 })
      shift.set(biases.indices.map { biases[$0] - means[$0] * weights[$0] * rstds[$0] })
      scaleChannels(x, gain: gain, shift: shift, adding: shortcut, rectifying: rectifying, into: y)
    }
    return saved
  }

  /// Adds to the gradients of weight and bias, and sets `dx`, which may be `dy`, from the gradient of `x · gain + shift`.
  ///
  /// Where the mean and the variance are the running ones, they are constants.
  func backward(_ dy: Tensor, x: Tensor, _ saved: Saved, into dx: Tensor, in workspace: Workspace) throws {
    try workspace.scope {
      let sums = workspace.tensor(rows: 1, columns: 2 * channels)
      var totals = batchNormSums(dy, x: x, mean: saved.mean, rstd: saved.rstd)
      // Gradients are summed over the ranks later, with all others.
      sums.set(totals.map { Float($0) })
      add(sums.columns(0..<channels), to: bias.gradient)
      add(sums.columns(channels..<2 * channels), to: weight.gradient)
      guard saved.isOwn else {
        zero(sums)
        return batchNormBackward(
          dy, x: x, mean: saved.mean, rstd: saved.rstd, gain: weight.values, sums: sums, count: x.rows, into: dx)
      }
      totals.append(Double(x.rows))
      try saved.exchange?.sum(&totals)
      let count = Int(totals.removeLast())
      sums.set(totals.map { Float($0) })
      batchNormBackward(
        dy, x: x, mean: saved.mean, rstd: saved.rstd, gain: weight.values, sums: sums, count: count, into: dx)
    }
  }

  /// The mean and the (biased) variance of each channel.
  ///
  /// - Returns: of how many pixels.
  private func measure(
    _ x: Tensor, into mean: Tensor, _ variance: Tensor, across exchange: (any StatisticsExchange)?
  ) throws -> Int {
    var sums = channelSums(x) + [Double(x.rows)]
    try exchange?.sum(&sums)
    let count = sums.removeLast()
    mean.set(sums.map { Float($0 / count) })
    var squares = channelSums(x, squaredFrom: mean)
    try exchange?.sum(&squares)
    variance.set(squares.map { Float($0 / count) })
    return Int(count)
  }

  /// Moves the running statistics towards those of `count` pixels.
  private func follow(_ mean: Tensor, _ variance: Tensor, count: Int) {
    let unbiased = Float(Double(count) / Double(max(count - 1, 1)))
    func move(_ running: Parameter, to values: [Float]) {
      let old = running.values.values
      running.values.set(zip(old, values).map { (1 - Self.momentum) * $0 + Self.momentum * $1 })
    }
    move(runningMean, to: mean.values)
    move(runningVariance, to: variance.values.map { $0 * unbiased })
    batches.values.scalar += 1
  }
}
