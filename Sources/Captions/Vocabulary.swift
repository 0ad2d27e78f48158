public import Files

/// A byte-level vocabulary: 256 bytes, the same 256 at the end of a word, the results of merging two tokens, and two
/// markers.
///
/// Concretely, the ids are
/// ```
/// 0 …< 256              a byte, in the order of the byte alphabet
/// 256 …< 512            the same, last of its word
/// 512 …< size - 2       the merges, in the order in which they were learned
/// size - 2, size - 1    start of text, end of text
/// ```
/// so a vocabulary is nothing but its merges. CLIP's own has 48,894 of them: 49,408 ids.
public struct Vocabulary: Sendable, Equatable {
  /// Two tokens that become one.
  package struct Merge: Hashable, Sendable, Comparable {
    package let left: Int32
    package let right: Int32

    package init(left: Int32, right: Int32) {
      self.left = left
      self.right = right
    }

    package static func < (a: Merge, b: Merge) -> Bool { (a.left, a.right) < (b.left, b.right) }
  }

  /// The merges by rank; the lowest rank merges first.
  package let merges: [Merge]

  /// Tells vocabularies apart: the digest of the pairs of ids (int32, little-endian) that merge, in order.
  public let digest: Digest

  /// The bytes of every token but the markers, end to end.
  private let bytes: [UInt8]
  /// Where in `bytes` each token begins, and the last ends.
  private let offsets: [Int]

  /// Ids that are no merges: the two alphabets and the two markers.
  static let fixedIDs = 2 * 256 + 2

  /// The most ids a vocabulary may have: 49,408. Transformers' `CLIPTokenizer` reads no more than the 48,894 merges
  /// that CLIP has, and would silently tokenise differently.
  public static let greatestSize = 48_894 + fixedIDs

  /// - Parameter merges: each of tokens that come before it, and no two spelling the same text.
  package init(merges: [Merge]) {
    self.merges = merges
    var bytes = ByteAlphabet.bytes + ByteAlphabet.bytes
    var offsets = Array(0...bytes.count)
    for merge in merges {
      for part in [Int(merge.left), Int(merge.right)] {
        // Byte by byte: a slice of the array would make appending to it copy it.
        for index in offsets[part]..<offsets[part + 1] { bytes.append(bytes[index]) }
      }
      offsets.append(bytes.count)
    }
    self.bytes = bytes
    self.offsets = offsets
    digest = Digest(of: Self.idsAsBytes(merges))
  }

  private static func idsAsBytes(_ merges: [Merge]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 * merges.count)
    for merge in merges {
      for id in [merge.left, merge.right] {
        for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: id >> shift)) }
      }
    }
    return bytes
  }

  /// How many ids there are.
  public var size: Int { merges.count + Self.fixedIDs }

  /// The id that begins every caption.
  public var startToken: Int32 { Int32(size - 2) }

  /// The id that ends every caption: the greatest, where the text tower reads its feature.
  public var endToken: Int32 { Int32(size - 1) }

  /// Whether this is the vocabulary all of OpenAI's models have, which open_clip has built in.
  public var isCLIP: Bool { size == Self.greatestSize && digest == Self.digestOfCLIP }

  private static let digestOfCLIP = Digest(value: 0x733e_be8f_438e_bfef)

  /// The bytes a token stands for.
  func bytes(of id: Int32) -> ArraySlice<UInt8> { bytes[offsets[Int(id)]..<offsets[Int(id) + 1]] }

  /// Whether a token is the last of its word.
  func endsWord(_ id: Int32) -> Bool {
    var id = id
    while id >= 512 { id = merges[Int(id) - 512].right }
    return id >= 256
  }

  /// A token as vocabulary files write it, say `the</w>`.
  public func text(of id: Int32) -> String {
    if id == startToken { return Self.startMarker }
    if id == endToken { return Self.endMarker }
    var text = String.UnicodeScalarView()
    text.append(contentsOf: bytes(of: id).map { ByteAlphabet.characters[Int(ByteAlphabet.ids[Int($0)])] })
    return String(text) + (endsWord(id) ? ByteAlphabet.endOfWord : "")
  }

  /// The markers as OpenAI and Transformers name them.
  static let startMarker = "<|startoftext|>"
  static let endMarker = "<|endoftext|>"
}
