/// The ranks that train one model together, and what they do together.
///
/// Every rank calls the same operations in the same order with buffers of the same size. All calls come from one
/// thread. An operation that fails throws on the rank that notices; that rank then ends all others with ``abort(_:)``,
/// since the rest may be waiting inside the operation.
public protocol Communicator: AnyObject {
  /// This process, from 0.
  var rank: Int { get }
  /// How many processes there are.
  var size: Int { get }

  /// Replaces the numbers by their sums over all ranks, element by element.
  func sum(_ values: UnsafeMutableBufferPointer<Float>) throws
  /// Replaces the numbers by their sums over all ranks, element by element.
  func sum(_ values: UnsafeMutableBufferPointer<Double>) throws
  /// Replaces the numbers by the largest of all ranks, element by element.
  func maximum(_ values: UnsafeMutableBufferPointer<Float>) throws
  /// Replaces the numbers by the largest of all ranks, element by element.
  func maximum(_ values: UnsafeMutableBufferPointer<Double>) throws
  /// Gathers every rank's numbers, in the order of ranks: `all` holds `size` times as many as `own`.
  func gather(_ own: UnsafeBufferPointer<Float>, into all: UnsafeMutableBufferPointer<Float>) throws
  /// Sums `all` over the ranks and leaves each rank its part, in the order of ranks: the twin of `gather`.
  func sumScatter(_ all: UnsafeBufferPointer<Float>, into own: UnsafeMutableBufferPointer<Float>) throws
  /// What a rank sends to the others and receives from them: an entry for each rank, in order.
  ///
  /// Empty ones do not travel, and a rank's entries for itself are passed over; what one rank sends must be as long as
  /// the other expects.
  typealias Parcels = (outgoing: [UnsafeRawBufferPointer], incoming: [UnsafeMutableRawBufferPointer])
  /// Exchanges parcels with all other ranks, piece by piece: a piece is on its way while its forerunner is worked on.
  ///
  /// - Parameters:
  ///   - pieces: how many there are, the same on all ranks.
  ///   - outgoingStays: whether no piece's outgoing memory changes before the end. Then ranks need not wait for each other
  ///     at every piece.
  ///   - parcels: gets a piece ready, in order; called for piece i + 1 before piece i has arrived, and for any number of
  ///     pieces where what goes out stays. Piece i + 2 may use the memory of piece i.
  ///   - arrived: works on a piece, in order.
  func exchange(pieces: Int, outgoingStays: Bool, _ parcels: (Int) -> Parcels, arrived: (Int) -> Void) throws
  /// Copies rank 0's bytes to all others.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer) throws
  /// Returns once all ranks have called it.
  func barrier() throws
  /// Ends all ranks at once with an exit code.
  func abort(_ code: Int32) -> Never
}

extension Communicator {
  /// Whether this rank speaks for all.
  public var isFirst: Bool { rank == 0 }

  /// The sum of a number over all ranks.
  public func sum(_ value: Double) throws -> Double {
    var value = value
    try withUnsafeMutablePointer(to: &value) { try sum(UnsafeMutableBufferPointer(start: $0, count: 1)) }
    return value
  }

  /// Exchanges parcels with all other ranks, all at once.
  public func exchange(_ parcels: Parcels) throws {
    try exchange(pieces: 1, outgoingStays: true, { _ in parcels }, arrived: { _ in })
  }

  /// Rank 0's number on all ranks.
  public func broadcast(_ value: Int) throws -> Int {
    var value = value
    try withUnsafeMutableBytes(of: &value) { try broadcast($0) }
    return value
  }

  /// Rank 0's bytes on all ranks, whatever their number.
  public func broadcast(_ bytes: [UInt8]) throws -> [UInt8] {
    let count = try broadcast(bytes.count)
    var bytes = isFirst ? bytes : [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBytes { try broadcast($0) }
    return bytes
  }

  /// Every rank's bytes on the first, whatever their number; nothing on the others.
  public func collect(_ own: [UInt8]) throws -> [[UInt8]] {
    var counts = [Double](repeating: 0, count: size)
    counts[rank] = Double(own.count)
    try counts.withUnsafeMutableBufferPointer { try sum($0) }
    let ends = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + Int($1)) }
    var all = [UInt8](repeating: 0, count: isFirst ? ends[size] : 0)
    try own.withUnsafeBytes { own in
      try all.withUnsafeMutableBytes { all in
        let nothing = UnsafeRawBufferPointer(rebasing: own[..<0])
        let outgoing = (0..<size).map { $0 == 0 && !isFirst ? own : nothing }
        let incoming = (0..<size).map { other in
          UnsafeMutableRawBufferPointer(
            rebasing: isFirst && other > 0 ? all[ends[other]..<ends[other + 1]] : all[..<0])
        }
        try exchange((outgoing, incoming))
      }
    }
    guard isFirst else { return [] }
    return (0..<size).map { $0 == 0 ? own : Array(all[ends[$0]..<ends[$0 + 1]]) }
  }
}
