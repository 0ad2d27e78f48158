import Tensors

/// Pictures with their captions, as many as go through the towers at once.
public struct MicroBatch: Sendable {
  /// The pictures.
  public let pictures: PackedPictures
  /// Their captions, in the same order.
  public let captions: PackedCaptions

  /// - Precondition: as many pictures as captions.
  public init(pictures: PackedPictures, captions: PackedCaptions) {
    precondition(pictures.count == captions.segments.count, "every picture has one caption")
    self.pictures = pictures
    self.captions = captions
  }

  /// Pairs.
  public var count: Int { pictures.count }
}
