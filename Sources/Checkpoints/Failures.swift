import Synchronization

/// What went wrong on any of several threads: of each thing that has a key, what happened first in their order.
final class Failures<Key: Hashable & Comparable & Sendable>: Sendable {
  private let found = Mutex<[Key: (place: Int, error: any Error)]>([:])

  /// Does something that may fail.
  ///
  /// - Parameters:
  ///   - key: what it is done to.
  ///   - place: where it stands in the order.
  func note(_ key: Key, at place: Int, _ body: () throws -> Void) {
    do {
      try body()
    } catch {
      found.withLock { found in
        if found[key].map({ place < $0.place }) ?? true { found[key] = (place, error) }
      }
    }
  }

  /// The first of each key, in the order of keys.
  var first: [any Error] { found.withLock { $0.sorted { $0.key < $1.key }.map(\.value.error) } }
}
