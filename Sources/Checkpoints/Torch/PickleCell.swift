/// A container in a pickle.
struct PickleCell {
  enum Kind {
    case tuple
    case list
    case dictionary
    /// An object of a TorchScript class, of which only the attributes matter.
    case object(type: String)
  }

  let kind: Kind
  /// The elements; keys and values in turn; of an object its dictionary of attributes.
  var items: [PickleValue]
}
