/// What a caption is on disk.
public enum Caption {
  /// The text in `bytes`, which must be UTF-8 to the last byte.
  ///
  /// - Returns: nil where they are not. A guess at another encoding would train the model on noise, so callers drop
  ///   the sample and count it under its reason.
  public static func decode(_ bytes: some Sequence<UInt8>) -> String? {
    String(validating: bytes, as: UTF8.self)
  }
}
