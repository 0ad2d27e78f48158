import Foundation
import Images
import Shards

/// Checks pictures on their way into a shard, and changes those that are to be changed.
struct PicturePreparer: Sendable {
  /// Pictures with a longer shortest side are shrunk to it; nil: none are.
  let shortestSide: Int?
  let options: DecodingOptions

  /// A picture that needs no change keeps its bytes. A changed one stays JPEG if it was, at a quality that hides the
  /// second encoding; others become PNG, which loses nothing.
  func prepare(_ bytes: [UInt8]) throws -> PreparedPicture {
    do {
      let header = try PictureHeader(bytes)
      let picture = try Picture.decode(bytes, options: options)
      let shrunk = shortestSide.map { picture.shrunk(toShortestSide: $0) } ?? picture
      let plain = options.background == nil && !options.appliesOrientation ? picture : try Picture.decode(bytes)
      if shrunk == plain { return PreparedPicture(bytes: bytes, format: header.format.stored) }
      return header.format == .jpeg
        ? PreparedPicture(bytes: try shrunk.encodedAsJPEG(), format: .jpg)
        : PreparedPicture(bytes: try shrunk.encodedAsPNG(), format: .png)
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
