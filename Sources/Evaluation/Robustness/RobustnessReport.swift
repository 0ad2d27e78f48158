import Files

/// How robust models are to a change of the data, beside reference models (CLIP's paper, section 3.3).
public struct RobustnessReport: Encodable, Equatable, Sendable {
  /// A model on one set, or over all.
  public struct Model: Encodable, Equatable, Sendable {
    /// What it is called.
    public let model: String
    /// Its accuracy on the reference set.
    public let reference: Double
    /// Its accuracy on the other set.
    public let shifted: Double
    /// That of a reference model as accurate on the reference set.
    public let expected: Double
    /// How much more accurate it is than that.
    public let effectiveRobustness: Double
    /// The 95 % interval of that, from fits through resampled reference models.
    public let effectiveInterval: Interval
    /// The share of the expected loss from reference to other set that it does not have; nil where none is expected.
    public let gapReduction: Double?
    /// How much more accurate it is on the other set than the model it was made from; nil: none was named, or it is that.
    public let relativeRobustness: Double?

    private enum CodingKeys: String, CodingKey {
      case model, reference, shifted, expected
      case effectiveRobustness = "effective_robustness"
      case effectiveInterval = "effective_robustness_interval"
      case gapReduction = "gap_reduction"
      case relativeRobustness = "relative_robustness"
    }

    /// What there is not is null.
    public func encode(to encoder: any Swift.Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(model, forKey: .model)
      try container.encode(reference, forKey: .reference)
      try container.encode(shifted, forKey: .shifted)
      try container.encode(expected, forKey: .expected)
      try container.encode(effectiveRobustness, forKey: .effectiveRobustness)
      try container.encode(effectiveInterval, forKey: .effectiveInterval)
      try container.encode(gapReduction, forKey: .gapReduction)
      try container.encode(relativeRobustness, forKey: .relativeRobustness)
    }
  }

  /// A set, or the mean over all.
  public struct Shift: Encodable, Equatable, Sendable {
    /// What it is called; `mean`: the mean over all.
    public let shift: String
    /// Reference models the line is through.
    public let referenceModels: Int
    /// Of the line over logits.
    public let slope: Double
    /// Its 95 % interval.
    public let slopeInterval: Interval
    /// Of the line over logits.
    public let intercept: Double
    /// Its 95 % interval.
    public let interceptInterval: Interval
    /// The models that were measured.
    public let models: [Model]

    private enum CodingKeys: String, CodingKey {
      case shift, slope, intercept, models
      case referenceModels = "reference_models"
      case slopeInterval = "slope_interval"
      case interceptInterval = "intercept_interval"
    }
  }

  /// Set by set.
  public let shifts: [Shift]
  /// The means over all sets, of models that have all; nil where there is one set, or no model with all.
  public let mean: Shift?
  /// Fits that the intervals are of.
  public let resamples: Int

  private enum CodingKeys: String, CodingKey { case shifts, mean, resamples }

  /// What there is not is null.
  public func encode(to encoder: any Swift.Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(shifts, forKey: .shifts)
    try container.encode(mean, forKey: .mean)
    try container.encode(resamples, forKey: .resamples)
  }

  /// - Parameters:
  ///   - table: the reference models.
  ///   - measured: the models in question.
  ///   - baseline: a model of either that the others were made from.
  ///   - resamples: fits for the intervals, at least 1.
  ///   - seed: of the draws of models.
  /// - Throws: `FileError` where a set is not in both, or reference models are too few or all the same.
  public init(
    table: AccuracyTable, measured: AccuracyTable, baseline: String? = nil, resamples: Int, seed: UInt64
  ) throws {
    let shifts = measured.shifts, known = Set(table.shifts)
    if let other = shifts.first(where: { !known.contains($0) }) {
      throw FileError(table.path, "has no reference models on \"\(other)\", which \(measured.path) has")
    }
    if let baseline, !(table.models + measured.models).contains(baseline) {
      throw FileError(measured.path, "has no model \"\(baseline)\" (--baseline), and neither has \(table.path)")
    }
    func shift(_ name: String, over shifts: [String]) throws -> Shift? {
      let models = measured.models.compactMap { measured.mean(of: $0, over: shifts) }
      guard !models.isEmpty else { return nil }
      let unmodified = baseline.flatMap { measured.mean(of: $0, over: shifts) ?? table.mean(of: $0, over: shifts) }
      let points = table.models.compactMap { table.mean(of: $0, over: shifts) }
      return try Shift(name, points, models, unmodified, table.path, resamples: resamples, seed: seed)
    }
    self.shifts = try shifts.compactMap { try shift($0, over: [$0]) }
    mean = shifts.count > 1 ? try shift("mean", over: shifts) : nil
    self.resamples = resamples
  }
}

extension RobustnessReport.Shift {
  private static let fewestModels = 3

  fileprivate init(
    _ name: String, _ points: [ShiftedAccuracy], _ measured: [ShiftedAccuracy], _ baseline: ShiftedAccuracy?,
    _ path: String, resamples: Int, seed: UInt64
  ) throws {
    guard points.count >= Self.fewestModels, let fit = LogitFit(points) else {
      throw FileError(
        path,
        "has \(points.count) reference models on \(name == "mean" ? "all sets" : "\"\(name)\""): expected at least "
          + "\(Self.fewestModels), not all of the same reference accuracy")
    }
    let fits = LogitFit.bootstrap(points, resamples: resamples, seed: seed)
    shift = name
    referenceModels = points.count
    slope = fit.slope
    slopeInterval = Interval(of: fits.map(\.slope))
    intercept = fit.intercept
    interceptInterval = Interval(of: fits.map(\.intercept))
    models = measured.map { model in
      let expected = fit.shifted(at: model.reference), gap = model.reference - expected
      return RobustnessReport.Model(
        model: model.model, reference: model.reference, shifted: model.shifted, expected: expected,
        effectiveRobustness: model.shifted - expected,
        effectiveInterval: Interval(of: fits.map { model.shifted - $0.shifted(at: model.reference) }),
        gapReduction: gap > 0 ? 1 - (model.reference - model.shifted) / gap : nil,
        relativeRobustness: baseline.flatMap { $0.model == model.model ? nil : model.shifted - $0.shifted })
    }
  }
}
