/// A model gives embeddings that are no numbers.
public struct EncoderError: Error, CustomStringConvertible, Sendable {
  /// What is wrong and what to do.
  public let description =
    "the model's embeddings are not numbers, so its weights are not either: take weights from an earlier checkpoint"
}
