/// Captions to the ids a text tower takes, and back, exactly as CLIP's own tokenizer (open_clip's `SimpleTokenizer`).
///
/// Concretely, with CLIP's vocabulary:
/// ```
/// tokenizer.encode("a photo of a cat", contextLength: 77)  // [49406, 320, 1125, 539, 320, 2368, 49407]
/// ```
public struct Tokenizer: Sendable {
  /// Whose ids these are.
  public let vocabulary: Vocabulary
  private let table: MergeTable

  /// A tokenizer of a vocabulary; it may be used from any number of threads.
  public init(_ vocabulary: Vocabulary) {
    self.vocabulary = vocabulary
    table = MergeTable(vocabulary.merges)
  }

  /// The start token, the ids of a caption and the end token, without padding.
  ///
  /// - Parameter contextLength: the most ids to give. A longer caption is cut there, and the end token takes the place of
  ///   the last id.
  public func encode(_ caption: String, contextLength: Int) -> [Int32] {
    let text = CaptionCleaner.clean(caption)
    var ids = [vocabulary.startToken]
    var merger = PieceMerger(table)
    for piece in Pieces(of: text) {
      guard ids.count < contextLength else { break }
      switch piece {
      case .start: ids.append(vocabulary.startToken)
      case .end: ids.append(vocabulary.endToken)
      case .word(let range):
        merger.merge(text[range], into: &ids)
      }
    }
    ids.append(vocabulary.endToken)
    guard ids.count > contextLength else { return ids }
    ids.removeLast(ids.count - max(contextLength, 0))
    if let last = ids.indices.last { ids[last] = vocabulary.endToken }
    return ids
  }

  /// Appends the tokens of a piece before any merge: those of its bytes, the last one marked as the end of a word.
  package static func appendSymbols(of piece: ArraySlice<Unicode.Scalar>, to symbols: inout [Int32]) {
    for scalar in piece {
      if scalar.isASCII {
        symbols.append(ByteAlphabet.ids[Int(scalar.value)])
      } else {
        for byte in scalar.utf8 { symbols.append(ByteAlphabet.ids[Int(byte)]) }
      }
    }
    if let last = symbols.indices.last { symbols[last] += 256 }
  }

  /// The text of ids, with a space behind each word and the markers left out. What is not UTF-8, and an id the
  /// vocabulary does not have, becomes U+FFFD.
  public func decode(_ ids: some Sequence<Int32>) -> String {
    var bytes: [UInt8] = []
    for id in ids where id != vocabulary.startToken && id != vocabulary.endToken {
      guard (0..<vocabulary.startToken).contains(id) else {
        bytes += Array("\u{fffd}".utf8)
        continue
      }
      bytes += vocabulary.bytes(of: id)
      if vocabulary.endsWord(id) { bytes.append(UInt8(ascii: " ")) }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
