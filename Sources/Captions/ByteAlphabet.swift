/// The 256 printable characters that stand for the 256 bytes in vocabulary files.
///
/// Bytes that print as something in Latin-1 stand for themselves, the other 68 take U+0100 and on, in ascending order.
/// The order of ids is the same: first the printable bytes, then the others (OpenAI's GPT-2 and CLIP).
enum ByteAlphabet {
  /// What marks the last symbol of a piece in vocabulary files.
  static let endOfWord = "</w>"

  /// The bytes in the order of their ids.
  static let bytes: [UInt8] = printable + unprintable

  /// The character of each id below 256.
  static let characters: [Unicode.Scalar] =
    printable.map { Unicode.Scalar($0) } + unprintable.indices.compactMap { Unicode.Scalar(0x100 + $0) }

  /// The id of each byte.
  static let ids: [Int32] = {
    var ids = [Int32](repeating: 0, count: 256)
    for (id, byte) in bytes.enumerated() { ids[Int(byte)] = Int32(id) }
    return ids
  }()

  private static let printable: [UInt8] = Array(33...126) + Array(161...172) + Array(174...255)
  private static let unprintable: [UInt8] = Array(0...32) + Array(127...160) + [173]
}
