/// How many numbers a model has, by what training does with them.
public struct ParameterCounts: Sendable {
  /// All, batch norm's statistics among them.
  public let all: Int
  /// Those training changes along their gradients.
  public let trained: Int
  /// Those that are not locked: the trained ones, and statistics.
  public let unlocked: Int
  /// In each of the blocks that ranks may share.
  public let units: [Int]
  /// The same of the blocks that are not locked.
  public let unlockedUnits: [Int]
  /// In each part of a table that is not locked.
  public let unlockedParts: [Int]

  init(_ store: ParameterStore) {
    func count(_ belongs: (Parameter) -> Bool) -> Int {
      store.parameters.reduce(0) { $0 + (belongs($1) ? $1.count : 0) }
    }
    all = count { _ in true }
    trained = count { !$0.isStatistic && !$0.isLocked }
    unlocked = count { !$0.isLocked }
    let locked = store.parameters.filter(\.isLocked).map(\.elements)
    units = store.units.map(\.count)
    func counts(_ ranges: [Range<Int>]) -> [Int] {
      ranges.filter { range in !locked.contains { $0.overlaps(range) } }.map(\.count)
    }
    unlockedUnits = counts(store.units)
    unlockedParts = counts(store.parts)
  }
}
