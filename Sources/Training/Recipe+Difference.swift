import Towers

extension Recipe {
  /// A field, and what it was and is.
  typealias Difference = (field: String, text: String)

  /// The differences from the recipe of an earlier part of a run that change what is computed.
  ///
  /// Sharding, checkpoints, evaluations and what is computed again may change while a run goes on, and micro-batches where
  /// they decide no more than in which order is added.
  func differences(from old: Recipe) -> [Difference] {
    var now = self
    if reduction.order == .ranks { now.microBatch = old.microBatch }
    now.shard = old.shard
    now.activationCheckpointing = old.activationCheckpointing
    now.checkpoint = old.checkpoint
    now.evaluation = old.evaluation
    return Self.differences(now.value, old.value, at: "")
  }

  private static func differences(_ now: JSONValue, _ old: JSONValue, at path: String) -> [Difference] {
    guard now != old else { return [] }
    guard case .object(let new) = now, case .object(let before) = old else {
      return [(path, "\(path) was \(old), now is \(now)")]
    }
    return Set(new.keys).union(before.keys).sorted().flatMap { key in
      differences(new[key] ?? .null, before[key] ?? .null, at: path.isEmpty ? key : "\(path).\(key)")
    }
  }
}
