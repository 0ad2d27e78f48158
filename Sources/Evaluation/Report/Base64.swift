import Foundation
package import Images

/// A small picture as text, for a page that holds its pictures itself.
package struct Base64: Sendable {
  let type: String
  let text: String

  /// - Parameters:
  ///   - picture: what to show; it is shrunk first.
  ///   - side: pixels its shortest side keeps.
  /// - Throws: `ImageError` where it cannot be encoded.
  package init(_ picture: Picture, side: Int = 144) throws {
    var small = picture.shrunk(toShortestSide: side)
    // A banner has a short side, too.
    let most = 3 * side
    if max(small.width, small.height) > most {
      let scale = Double(most) / Double(max(small.width, small.height))
      func scaled(_ length: Int) -> Int { max(1, Int((Double(length) * scale).rounded())) }
      small = small.resized(to: PictureSize(width: scaled(small.width), height: scaled(small.height)))
    }
    type = "image/jpeg"
    text = Data(try small.encodedAsJPEG(quality: 82)).base64EncodedString()
  }
}
