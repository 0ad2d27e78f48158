/// What a packing's bytes depend on beside its inputs, by the option a person gives.
typealias PackSettings = [String: String]

extension PackSettings {
  /// The first setting that differs, with both values; nil where all are the same.
  func difference(from other: PackSettings) -> (option: String, here: String, there: String)? {
    for option in Set(keys).union(other.keys).sorted() where self[option] != other[option] {
      return (option, self[option] ?? "not given", other[option] ?? "not given")
    }
    return nil
  }
}
