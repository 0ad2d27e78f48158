/// The numbers that tensors of a PyTorch file look at: one entry of the archive.
struct TorchStorage: Sendable {
  /// The entry's name, below `data/`.
  let key: String
  /// How the numbers are stored.
  let type: StoredType
  /// How many there are.
  let count: Int
}
