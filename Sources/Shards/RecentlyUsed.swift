import Synchronization

/// Keeps what was used last, up to a total cost; safe to use from any thread.
final class RecentlyUsed<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Entry {
    let value: Value
    let cost: Int
    var lastUse: Int
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var cost = 0
    var uses = 0
  }

  private let limit: Int
  private let state = Mutex(State())

  /// - Parameter limit: the total cost; one entry is kept whatever it costs.
  init(limit: Int) {
    self.limit = limit
  }

  /// The value of `key`, made when it is not at hand.
  ///
  /// Two threads that ask for the same missing value at once both make it: neither waits for the other's disk.
  func value(_ key: Key, cost: (Value) -> Int, make: () throws -> Value) rethrows -> Value {
    let known: Value? = state.withLock { state in
      state.uses += 1
      state.entries[key]?.lastUse = state.uses
      return state.entries[key]?.value
    }
    if let known { return known }
    let value = try make()
    let entryCost = cost(value)
    state.withLock { state in
      guard state.entries[key] == nil else { return }
      while !state.entries.isEmpty, state.cost + entryCost > limit {
        guard let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) else { break }
        state.cost -= oldest.value.cost
        state.entries[oldest.key] = nil
      }
      state.entries[key] = Entry(value: value, cost: entryCost, lastUse: state.uses)
      state.cost += entryCost
    }
    return value
  }
}
