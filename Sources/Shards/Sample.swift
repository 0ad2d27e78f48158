import Foundation

/// A picture and its caption.
public struct Sample: Equatable, Sendable {
  /// The name of the sample, unique in its shard.
  public var key: String
  /// The picture, encoded.
  public var picture: [UInt8]
  /// How the picture is encoded.
  public var format: StoredFormat
  /// The caption: not empty.
  public var caption: String
  /// What came along as JSON, not looked into.
  public var json: [UInt8]?

  /// A sample of its parts.
  public init(key: String, picture: [UInt8], format: StoredFormat, caption: String, json: [UInt8]? = nil) {
    self.key = key
    self.picture = picture
    self.format = format
    self.caption = caption
    self.json = json
  }

  /// All captions: those of the field `captions` of the JSON, or else the one there is.
  public var captions: [String] { Self.captions(caption, json: json) }

  /// A field of the JSON that holds a text or a number, as text; nil where there is none.
  public func text(ofField field: String) -> String? { json.flatMap { CaptionFields.text(in: $0, field: field) } }

  static func captions(_ caption: String, json: [UInt8]?) -> [String] {
    guard let json, let found = CaptionFields(json)?.captions, !found.isEmpty else { return [caption] }
    return found
  }

  /// The bytes it takes in a tar, before compression.
  var tarCount: Int {
    [picture.count, caption.utf8.count, json?.count].compactMap { $0 }
      .reduce(0) { $0 + TarHeader.blockCount + TarHeader.padded($1) }
  }

  /// Appends its members to a tar: the picture, the caption, the JSON.
  func append(to tar: inout [UInt8]) {
    TarHeader.append("\(key).\(format.rawValue)", picture, to: &tar)
    TarHeader.append("\(key).txt", Array(caption.utf8), to: &tar)
    if let json { TarHeader.append("\(key).json", json, to: &tar) }
  }
}
