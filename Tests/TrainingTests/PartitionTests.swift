import Testing
import Training

@Suite struct PartitionTests {
  /// Units with ragged ends, one smaller than a slice, and an empty one.
  private static let units = [0..<16, 16..<1040, 1040..<1040, 1040..<1072, 1072..<5008]

  @Test(arguments: [1, 2, 3, 4, 7, 64]) func everyElementHasOneOwner(ranks: Int) {
    let partition = Partition(of: Self.units, among: ranks)
    var owners = [Int](repeating: 0, count: 5008)
    for rank in 0..<ranks {
      var end = 0
      for slice in partition.slices(of: rank) {
        #expect(slice.place == end..<end + slice.elements.count)
        #expect(slice.elements.lowerBound % 16 == 0 && slice.place.lowerBound % 16 == 0)
        for element in slice.elements { owners[element] += 1 }
        end = slice.place.upperBound
      }
      // Nobody has more than the first rank, whose slices are rounded up to 16 elements a unit.
      #expect(end <= Self.units.reduce(0) { $0 + ($1.count + 16 * ranks - 1) / (16 * ranks) * 16 })
    }
    #expect(owners.allSatisfy { $0 == 1 })
  }

  /// What grains there are does not depend on the number of ranks.
  @Test(arguments: [1, 2, 4, 8, 64]) func slicesAreMadeOfGrains(ranks: Int) {
    let partition = Partition(of: Self.units, among: ranks, grains: 64)
    let alone = Partition(of: Self.units, among: 1, grains: 64)
    #expect((0..<ranks).flatMap { partition.grains(of: $0) } == Array(0..<64))
    for unit in Self.units {
      for rank in 0..<ranks {
        let grains = partition.grains(of: rank).map { alone.elements(ofGrain: $0, of: unit) }
        #expect(grains.flatMap { Array($0) } == Array(partition.slice(of: unit, rank: rank)))
      }
      #expect((0..<ranks).flatMap { Array(partition.slice(of: unit, rank: $0)) } == Array(unit))
    }
  }

  @Test(arguments: [2, 5]) func partsOfUnitsAreFound(ranks: Int) {
    let partition = Partition(of: Self.units, among: ranks)
    for wanted in [0..<5008, 3..<4, 10..<20, 900..<2000, 1040..<1040] {
      var found: [Int] = []
      for rank in 0..<ranks {
        for slice in partition.slices(of: rank, in: wanted) {
          let whole = partition.slices(of: rank).first { $0.elements.contains(slice.elements.lowerBound) }
          #expect(
            slice.place.lowerBound - (whole?.place.lowerBound ?? 0)
              == slice.elements.lowerBound - (whole?.elements.lowerBound ?? 0))
          found += slice.elements
        }
      }
      #expect(found.sorted() == Array(wanted))
    }
  }
}
