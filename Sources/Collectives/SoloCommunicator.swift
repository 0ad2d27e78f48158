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
  /// Copies.
  public func gather(_ own: UnsafeBufferPointer<Float>, into all: UnsafeMutableBufferPointer<Float>) {
    _ = all.update(fromContentsOf: own)
  }
  /// Copies.
  public func sumScatter(_ all: UnsafeBufferPointer<Float>, into own: UnsafeMutableBufferPointer<Float>) {
    _ = own.update(fromContentsOf: all)
  }
  /// There is no other rank.
  public func exchange(_ outgoing: [UnsafeRawBufferPointer], into incoming: [UnsafeMutableRawBufferPointer]) {}
  /// The identity.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer) {}
  /// Returns at once.
  public func barrier() {}
  /// Ends the process.
  public func abort(_ code: Int32) -> Never { exit(code) }
}
