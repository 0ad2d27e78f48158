/// What happens to the numbers of a product before they leave the cache.
public enum ProductEnding: Sendable {
  /// Nothing.
  case plain
  /// f of each is stored in a second tensor, shaped as the product.
  case activating(Activation, into: Tensor)
  /// Each is multiplied by f' at the number in the same place of another tensor, shaped as the product; f of that number
  /// is stored in a third one, the same number to the last bit as where it was stored on the way forward.
  case slope(of: Activation, at: Tensor, activating: Tensor)
}
