/// Which elements of the flat blocks each rank answers for: a pure function of integers.
///
/// Blocks are made of units, which are ranges that are worked on as a whole. Each unit is cut into as many contiguous
/// slices as there are ranks, at multiples of 16 elements and of one length, but for the last ones, which may be shorter
/// or empty. A slice may be made of grains, smaller ones that are the same whatever the number of ranks.
package struct Partition: Sendable {
  /// The units, one behind the other.
  package let units: [Range<Int>]
  /// How many ranks share them.
  package let ranks: Int
  /// How many grains each unit has, a multiple of `ranks`; 1 where nothing depends on them, and slices are cut as evenly
  /// as can be.
  package let grains: Int

  /// Elements of a slice.
  package struct Slice: Equatable, Sendable {
    /// Where they are in a whole block.
    package let elements: Range<Int>
    /// Where they are in the memory of a rank that keeps its slices only, one behind the other.
    package let place: Range<Int>
  }

  /// Units that begin at multiples of 16, among ranks.
  package init(of units: [Range<Int>], among ranks: Int, grains: Int = 1) {
    precondition(grains == 1 || grains % ranks == 0, "\(ranks) ranks cannot share \(grains) grains")
    self.units = units
    self.ranks = ranks
    self.grains = grains
  }

  /// The same units and grains among another number of ranks.
  func shared(among ranks: Int) -> Partition { Partition(of: units, among: ranks, grains: grains) }

  /// A rank's slice of a unit.
  package func slice(of unit: Range<Int>, rank: Int) -> Range<Int> {
    Self.slice(of: unit, rank: rank, among: ranks, grains: grains)
  }

  /// Which grains of a unit a rank's slice is made of.
  package func grains(of rank: Int) -> Range<Int> { grains / ranks * rank..<grains / ranks * (rank + 1) }

  /// The elements of a grain of a unit.
  package func elements(ofGrain grain: Int, of unit: Range<Int>) -> Range<Int> {
    Self.slice(of: unit, rank: grain, among: grains)
  }

  /// The slice of a unit of a rank among `ranks`.
  package static func slice(of unit: Range<Int>, rank: Int, among ranks: Int, grains: Int = 1) -> Range<Int> {
    let parts = max(grains, ranks)
    let length = ((unit.count + 15) / 16 + parts - 1) / parts * (parts / ranks) * 16
    let lower = min(unit.lowerBound + rank * length, unit.upperBound)
    return lower..<min(lower + length, unit.upperBound)
  }

  /// A rank's slices of all units.
  package func slices(of rank: Int) -> [Slice] {
    var end = 0
    return units.map { unit in
      let elements = slice(of: unit, rank: rank)
      defer { end += elements.count }
      return Slice(elements: elements, place: end..<end + elements.count)
    }
  }

  /// What a rank's slices hold of some elements, in the order of the elements.
  package func slices(of rank: Int, in elements: Range<Int>) -> [Slice] {
    slices(of: rank).compactMap { slice in
      let common = slice.elements.clamped(to: elements)
      guard !common.isEmpty else { return nil }
      let first = slice.place.lowerBound + common.lowerBound - slice.elements.lowerBound
      return Slice(elements: common, place: first..<first + common.count)
    }
  }
}
