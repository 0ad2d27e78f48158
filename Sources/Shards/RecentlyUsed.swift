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
    /// Every use that may still be an entry's last, in order: the first that is tells which entry was used least
    /// recently, however many there are.
    var history: [(key: Key, use: Int)] = []
    var forgotten = 0

    mutating func use(_ key: Key) {
      uses += 1
      entries[key]?.lastUse = uses
      history.append((key, uses))
      guard forgotten > 64 + entries.count || history.count - forgotten > 64 + 4 * entries.count else { return }
      history = history[forgotten...].filter { entries[$0.key]?.lastUse == $0.use }
      forgotten = 0
    }

    mutating func removeLeastRecent() {
      while forgotten < history.count {
        let (key, use) = history[forgotten]
        forgotten += 1
        guard let entry = entries[key], entry.lastUse == use else { continue }
        cost -= entry.cost
        entries[key] = nil
        return
      }
    }
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
      guard let entry = state.entries[key] else { return nil }
      state.use(key)
      return entry.value
    }
    if let known { return known }
    let value = try make()
    let entryCost = cost(value)
    state.withLock { state in
      guard state.entries[key] == nil else { return }
      while !state.entries.isEmpty, state.cost + entryCost > limit { state.removeLeastRecent() }
      state.entries[key] = Entry(value: value, cost: entryCost, lastUse: 0)
      state.cost += entryCost
      state.use(key)
    }
    return value
  }
}
