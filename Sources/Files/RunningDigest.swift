import CXXHash

/// A ``Digest`` of bytes that arrive piece by piece.
public final class RunningDigest {
  private let state: OpaquePointer

  /// A digest of no bytes yet.
  public init() {
    // Only a failed allocation of 88 bytes returns nil; nothing sensible can follow one.
    state = XXH64_createState()
    XXH64_reset(state, 0)
  }

  deinit { XXH64_freeState(state) }

  /// Takes in more bytes.
  public func append(_ bytes: UnsafeRawBufferPointer) {
    XXH64_update(state, bytes.baseAddress, bytes.count)
  }

  /// The digest of everything taken in so far.
  public var digest: Digest { Digest(value: XXH64_digest(state)) }
}
