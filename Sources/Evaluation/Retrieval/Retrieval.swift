public import Collectives
public import Tensors

/// How well captions find their pictures, and pictures their captions.
public struct Retrieval: Codable, Equatable, Sendable {
  /// Pictures: those that could be decoded.
  public let samples: Int
  /// Captions of these pictures, of which a picture may have several.
  public let captions: Int
  /// Each caption looks for its picture.
  public let textToImage: RetrievalDirection
  /// Each picture looks for its captions: the one found first counts.
  public let imageToText: RetrievalDirection

  private enum CodingKeys: String, CodingKey {
    case samples, captions
    case textToImage = "text_to_image"
    case imageToText = "image_to_text"
  }

  /// Ranks the partners of embeddings, all ranks of a world together; of equal similarities the lower number comes first,
  /// as in open_clip. All ranks return the same, whatever their number.
  ///
  /// - Parameters:
  ///   - images: (own pictures, embedding), rows of length 1: those of rank 0 come first, then those of rank 1.
  ///   - texts: (own captions, embedding): of the first own picture, then of the second, and so on.
  ///   - captionCounts: how many captions each own picture has: at least one.
  public init(images: Tensor, texts: Tensor, captionCounts: [Int], in world: any Communicator) throws {
    precondition(captionCounts.count == images.rows, "\(captionCounts.count) counts for \(images.rows) pictures")
    precondition(captionCounts.allSatisfy { $0 > 0 } && captionCounts.reduce(0, +) == texts.rows, "counts of captions")
    let (pictures, first) = try world.places(of: images.rows)
    let (captions, firstCaption) = try world.places(of: texts.rows)
    let ownOwners = captionCounts.enumerated().flatMap { picture, count in
      [Double](repeating: Double(first + picture), count: count)
    }
    let owners = try world.all(ownOwners, from: firstCaption, of: captions)

    let ranking = PartnerPlaces(
      images: images, texts: try world.allRows(texts), owners: owners.map { Int($0) - first })
    var scores = ranking.ownScores()
    try scores.withUnsafeMutableBufferPointer { try world.sum($0) }
    var caption = firstCaption
    let best = captionCounts.map { count in
      defer { caption += count }
      return (caption..<caption + count).reduce(caption) { scores[$1] > scores[$0] ? $1 : $0 }
    }
    let counts = ranking.count(best: best, scores: scores)

    let ofCaptions = try world.all(counts.ofCaptions.map(Double.init), from: first, of: pictures)
    var ofPictures = counts.ofPictures.map(Double.init)
    try ofPictures.withUnsafeMutableBufferPointer { try world.sum($0) }
    samples = pictures
    self.captions = captions
    imageToText = RetrievalDirection(ofCaptions.map { Int($0) })
    textToImage = RetrievalDirection(ofPictures.map { Int($0) })
  }
}
