public import Collectives

/// A world that adds up the bytes this rank puts on the wire.
///
/// What travels inside MPI cannot be seen from here, so it is counted by what the standard algorithms (rings, recursive
/// halving and doubling) need at least. Of P ranks and n bytes of the whole buffer: an all-reduce sends 2 (P − 1) / P · n
/// from each rank, a gather and its twin (P − 1) / P · n, a broadcast n from the first rank, a barrier none.
public final class CountingCommunicator: Communicator {
  /// Bytes so far.
  public private(set) var bytesSent = 0.0
  private let world: any Communicator

  /// Counts what passes through `world`.
  public init(_ world: any Communicator) {
    self.world = world
  }

  /// The world's.
  public var rank: Int { world.rank }
  /// The world's.
  public var size: Int { world.size }

  /// The share of a buffer a rank sends to bring it to all, or to collect it.
  private var share: Double { Double(size - 1) / Double(size) }

  /// Counts twice the share.
  public func sum(_ values: UnsafeMutableBufferPointer<Float>) throws {
    bytesSent += 2 * share * Double(4 * values.count)
    try world.sum(values)
  }

  /// Counts twice the share.
  public func sum(_ values: UnsafeMutableBufferPointer<Double>) throws {
    bytesSent += 2 * share * Double(8 * values.count)
    try world.sum(values)
  }

  /// Counts twice the share.
  public func maximum(_ values: UnsafeMutableBufferPointer<Float>) throws {
    bytesSent += 2 * share * Double(4 * values.count)
    try world.maximum(values)
  }

  /// Counts twice the share.
  public func maximum(_ values: UnsafeMutableBufferPointer<Double>) throws {
    bytesSent += 2 * share * Double(8 * values.count)
    try world.maximum(values)
  }

  /// Counts the share of the whole.
  public func gather(_ own: UnsafeBufferPointer<Float>, into all: UnsafeMutableBufferPointer<Float>) throws {
    bytesSent += share * Double(4 * all.count)
    try world.gather(own, into: all)
  }

  /// Counts the share of the whole.
  public func sumScatter(_ all: UnsafeBufferPointer<Float>, into own: UnsafeMutableBufferPointer<Float>) throws {
    bytesSent += share * Double(4 * all.count)
    try world.sumScatter(all, into: own)
  }

  /// Counts what is sent to the others.
  public func exchange(
    pieces: Int, outgoingStays: Bool, _ parcels: (Int) -> Parcels, arrived: (Int) -> Void
  ) throws {
    try world.exchange(
      pieces: pieces, outgoingStays: outgoingStays,
      { piece in
        let parcels = parcels(piece)
        for (other, parcel) in parcels.outgoing.enumerated() where other != rank { bytesSent += Double(parcel.count) }
        return parcels
      }, arrived: arrived)
  }

  /// Counts the first rank's bytes once: every rank passes on what it got, or is the last of a chain.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer) throws {
    if isFirst, size > 1 { bytesSent += Double(bytes.count) }
    try world.broadcast(bytes)
  }

  /// Counts nothing.
  public func barrier() throws { try world.barrier() }

  /// Ends all ranks.
  public func abort(_ code: Int32) -> Never { world.abort(code) }
}
