/// When the validation data set is looked at; the last step always looks at it.
public struct EvaluationPolicy: Codable, Sendable, Equatable {
  /// After every so many steps; 0: only at the end.
  public var everySteps = 0
}
