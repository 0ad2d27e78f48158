/// Learns a vocabulary from captions: the most frequent pair of neighbouring tokens becomes a new token, again and again
/// (byte-pair encoding, Sennrich et al. 2016, <https://arxiv.org/abs/1508.07909>).
///
/// The result depends on the captions alone, not on their order: among equally frequent pairs, the one with the lower
/// ids wins.
public struct VocabularyLearner {
  /// How often each piece was seen. Its tokens are those of its bytes.
  private var counts: [[Int32]: Int] = [:]

  /// A pair seen once says nothing of the next caption.
  private static let leastCount = 2

  /// Longer pieces are no words (addresses, encoded data), and would be merged letter by letter.
  private static let longestPiece = 128

  /// A learner that has seen nothing yet.
  public init() {}

  /// Takes in a caption, cleaned and split as the tokenizer does.
  public mutating func add(_ caption: String) {
    let text = CaptionCleaner.clean(caption)
    for case .word(let range) in Pieces(of: text) {
      var symbols: [Int32] = []
      Tokenizer.appendSymbols(of: text[range], to: &symbols)
      if symbols.count <= Self.longestPiece { counts[symbols, default: 0] += 1 }
    }
  }

  /// The vocabulary of exactly `size` ids that the captions give.
  ///
  /// - Throws: ``VocabularyError`` where they hold too few pairs that occur at least twice, saying how many ids they do
  ///   give; or where `size` is no size a vocabulary can have.
  public func learn(size: Int) throws -> Vocabulary {
    guard (Vocabulary.fixedIDs...Vocabulary.greatestSize).contains(size) else {
      throw VocabularyError(
        description: "vocabulary: size is \(size), expected \(Vocabulary.fixedIDs) (every byte, twice, and two markers)"
          + " to \(Vocabulary.greatestSize) (CLIP's, the most its tokenizers read)")
    }
    var merges: [Vocabulary.Merge] = []
    var words = PairCounts(counts)
    var spellings = (0..<Int32(512)).map { [$0] }
    var known = Set(spellings)
    while spellings.count + 2 < size, let pair = words.popMostFrequent(atLeast: Self.leastCount) {
      let spelling = spellings[Int(pair.left)] + spellings[Int(pair.right)]
      // A second way to the same token would be a second id for one entry of vocab.json; the first way stays.
      guard known.insert(spelling).inserted else { continue }
      words.merge(pair, into: Int32(spellings.count))
      spellings.append(spelling)
      merges.append(pair)
    }
    guard merges.count == size - Vocabulary.fixedIDs else {
      let most = merges.count + Vocabulary.fixedIDs
      throw VocabularyError(
        description: "vocabulary: size is \(size), but the captions give only \(most) ids: no further pair of tokens"
          + " occurs twice; ask for \(most) or fewer, or give more captions")
    }
    return Vocabulary(merges: merges)
  }
}
