import Towers

extension Recipe {
  /// The first difference from the recipe of an earlier part of a run, if there is one that changes what is computed.
  ///
  /// Micro-batches, sharding, checkpoints and evaluations may change while a run goes on.
  func difference(from old: Recipe) -> String? {
    var now = self
    now.microBatch = old.microBatch
    now.shard = old.shard
    now.checkpoint = old.checkpoint
    now.evaluation = old.evaluation
    return Self.difference(now.value, old.value, at: "")
  }

  private static func difference(_ now: JSONValue, _ old: JSONValue, at path: String) -> String? {
    guard now != old else { return nil }
    guard case .object(let new) = now, case .object(let before) = old else {
      return "\(path) was \(old), now is \(now)"
    }
    return Set(new.keys).union(before.keys).sorted().lazy
      .compactMap { key in
        difference(new[key] ?? .null, before[key] ?? .null, at: path.isEmpty ? key : "\(path).\(key)")
      }
      .first
  }
}
