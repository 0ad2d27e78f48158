import Foundation
import Images
import Shards

/// Checks pictures on their way into a shard, and changes those that are to be changed.
struct PicturePreparer: Sendable {
  /// Pictures with a longer shortest side are shrunk to it; nil: none are.
  let shortestSide: Int?
  /// Of JPEG files that are encoded again, 1…100.
  let quality: Int
  /// Pictures with a shorter shortest side are left out; nil: none are.
  let smallestSide: Int?
  /// Whether to tell what pictures look like.
  let takesLooks: Bool
  let options: DecodingOptions

  /// The quality that hides a second encoding, where nobody asks for another.
  static let defaultQuality = 95

  /// A picture that needs no change keeps its bytes. A changed one stays JPEG if it was, with chroma at half resolution;
  /// others become PNG, which loses nothing.
  func prepare(_ bytes: [UInt8]) throws -> PreparedPicture {
    do {
      let header = try PictureHeader(bytes)
      if let smallestSide, min(header.size.width, header.size.height) < smallestSide {
        throw UnusableSample(reason: "too_small")
      }
      let picture = try Picture.decode(bytes, options: options)
      let shrunk = shortestSide.map { picture.shrunk(toShortestSide: $0) } ?? picture
      let plain = options.background == nil && !options.appliesOrientation ? picture : try Picture.decode(bytes)
      let look = takesLooks ? picture.look : nil
      if shrunk == plain { return PreparedPicture(bytes: bytes, format: header.format.stored, look: look) }
      return header.format == .jpeg
        ? PreparedPicture(bytes: try shrunk.encodedAsJPEG(quality: quality), format: .jpg, look: look)
        : PreparedPicture(bytes: try shrunk.encodedAsPNG(), format: .png, look: look)
    } catch let error as ImageError {
      throw UnusableSample(reason: error.reason.rawValue.replacingOccurrences(of: " ", with: "_"))
    }
  }
}

extension Images.PictureFormat {
  /// What the format is called in a shard.
  fileprivate var stored: StoredFormat {
    switch self {
    case .jpeg: .jpg
    case .png: .png
    case .webp: .webp
    }
  }
}
