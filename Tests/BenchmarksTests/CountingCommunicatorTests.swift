import Benchmarks
import Collectives
import Testing

@Suite struct CountingCommunicatorTests {
  /// Claims to be a rank of a world, and moves nothing.
  private final class Claimant: Communicator {
    let rank: Int
    let size: Int
    private(set) var calls = 0

    init(rank: Int, of size: Int) {
      self.rank = rank
      self.size = size
    }

    func sum(_ values: UnsafeMutableBufferPointer<Float>) { calls += 1 }
    func sum(_ values: UnsafeMutableBufferPointer<Double>) { calls += 1 }
    func maximum(_ values: UnsafeMutableBufferPointer<Float>) { calls += 1 }
    func maximum(_ values: UnsafeMutableBufferPointer<Double>) { calls += 1 }
    func gather(_ own: UnsafeBufferPointer<Float>, into all: UnsafeMutableBufferPointer<Float>) { calls += 1 }
    func sumScatter(_ all: UnsafeBufferPointer<Float>, into own: UnsafeMutableBufferPointer<Float>) { calls += 1 }
    func exchange(pieces: Int, outgoingStays: Bool, _ parcels: (Int) -> Parcels, arrived: (Int) -> Void) {
      for piece in 0..<pieces {
        _ = parcels(piece)
        arrived(piece)
      }
      calls += 1
    }
    func broadcast(_ bytes: UnsafeMutableRawBufferPointer) { calls += 1 }
    func barrier() { calls += 1 }
    func abort(_ code: Int32) -> Never { preconditionFailure("nobody aborts") }
  }

  /// Bytes counted for each operation on 12 numbers, 3 of them a rank's own.
  private func bytes(rank: Int, of size: Int) throws -> [Double] {
    let claimant = Claimant(rank: rank, of: size)
    let world = CountingCommunicator(claimant)
    var counts: [Double] = []
    func count(_ body: () throws -> Void) rethrows {
      let before = world.bytesSent
      try body()
      counts.append(world.bytesSent - before)
    }
    var floats = [Float](repeating: 1, count: 12), own = [Float](repeating: 2, count: 3)
    var doubles = [1.0, 2, 3]
    try floats.withUnsafeMutableBufferPointer { all in
      try own.withUnsafeMutableBufferPointer { own in
        try count { try world.sum(all) }
        try count { try world.maximum(all) }
        try count { try world.gather(UnsafeBufferPointer(own), into: all) }
        try count { try world.sumScatter(UnsafeBufferPointer(all), into: own) }
        try count { try world.broadcast(UnsafeMutableRawBufferPointer(all)) }
      }
    }
    try doubles.withUnsafeMutableBufferPointer { doubles in try count { try world.sum(doubles) } }
    try count { try world.barrier() }
    #expect(claimant.calls == 7 && world.rank == rank && world.size == size)
    return counts
  }

  @Test func bytesAreThoseOfTheStandardAlgorithms() throws {
    // 48 bytes: 2 · 3/4 of them, twice; 3/4, twice; all; 2 · 3/4 of 24; none.
    #expect(try bytes(rank: 0, of: 4) == [72, 72, 36, 36, 48, 36, 0])
    #expect(try bytes(rank: 3, of: 4) == [72, 72, 36, 36, 0, 36, 0])
  }

  @Test func exchangesCountWhatGoesToOthers() throws {
    let claimant = Claimant(rank: 1, of: 3)
    let world = CountingCommunicator(claimant)
    let bytes = [UInt8](repeating: 0, count: 10)
    var arrivals = 0
    try bytes.withUnsafeBytes { bytes in
      let parts = [UnsafeRawBufferPointer(rebasing: bytes[..<4]), bytes, UnsafeRawBufferPointer(rebasing: bytes[..<7])]
      try world.exchange(pieces: 2, outgoingStays: false, { _ in (parts, []) }, arrived: { _ in arrivals += 1 })
    }
    // Two pieces of 4 and 7 bytes; what a rank has for itself stays.
    #expect(world.bytesSent == 22 && arrivals == 2 && claimant.calls == 1)
  }

  @Test func nobodySendsAnythingAlone() throws {
    #expect(try bytes(rank: 0, of: 1) == [0, 0, 0, 0, 0, 0, 0])
  }
}
