public import Evaluation

/// What a benchmark found, for people and for programs.
///
/// As JSON its properties are the keys, in snake case.
public protocol BenchmarkReport: Encodable {
  /// Several lines, for a terminal.
  func text(on machine: Machine) -> String
  /// The same to look at.
  func chart(on machine: Machine) -> BarChart
}
