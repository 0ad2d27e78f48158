public import Tensors

/// Tokenised captions, one behind the other without padding.
public struct PackedCaptions: Sendable {
  /// The tokens of all captions.
  public let tokens: [Int32]
  /// Which tokens make up a caption.
  public let segments: Segments

  /// Packs captions, each from its start token to its end token.
  public init(_ captions: [[Int32]]) {
    tokens = captions.flatMap { $0 }
    segments = Segments(lengths: captions.map(\.count))
  }

  /// For every token its place in its caption, from 0.
  var positions: [Int32] {
    (0..<segments.count).flatMap { Int32(0)..<(segments.offsets[$0 + 1] - segments.offsets[$0]) }
  }

  /// For every caption the row of its end token, whose final state is the caption's feature.
  var endRows: [Int32] {
    segments.offsets.dropFirst().map { $0 - 1 }
  }
}
