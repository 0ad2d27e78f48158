import Glibc

/// A world of one rank: every operation is the identity.
public final class SoloCommunicator: Communicator {
  /// Always 0.
  public let rank = 0
  /// Always 1.
  public let size = 1

  /// A world of one.
  public init() {}

  /// The identity.
  public func sum(_ values: UnsafeMutableBufferPointer<Float>) {}
  /// The identity.
  public func sum(_ values: UnsafeMutableBufferPointer<Double>) {}
  /// The identity.
  public func maximum(_ values: UnsafeMutableBufferPointer<Float>) {}
  /// The identity.
  public func maximum(_ values: UnsafeMutableBufferPointer<Double>) {}
  /// Copies.
  public func gather(_ own: UnsafeBufferPointer<Float>, into all: UnsafeMutableBufferPointer<Float>) {
    _ = all.update(fromContentsOf: own)
  }
  /// Copies.
  public func sumScatter(_ all: UnsafeBufferPointer<Float>, into own: UnsafeMutableBufferPointer<Float>) {
    _ = own.update(fromContentsOf: all)
  }
  /// There is no other rank: every piece has arrived at once.
  public func exchange(pieces: Int, outgoingStays: Bool, _ parcels: (Int) -> Parcels, arrived: (Int) -> Void) {
    for piece in 0..<pieces {
      _ = parcels(piece)
      arrived(piece)
    }
  }
  /// The identity.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer) {}
  /// Returns at once.
  public func barrier() {}
  /// Ends the process.
  public func abort(_ code: Int32) -> Never { exit(code) }
}
