/// Ranks were started as different runs, which no restart mends. Programs that see one exit with 2.
public struct RanksDiffer: Error, CustomStringConvertible, Sendable {
  /// Which rank has what, and what the first rank has.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
