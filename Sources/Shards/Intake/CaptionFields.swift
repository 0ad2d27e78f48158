import Foundation

/// What the JSON beside a picture says of captions: `{"caption": …}`, or `{"captions": […]}` for several.
struct CaptionFields {
  /// The caption.
  let caption: String?
  /// Several captions; one of them is drawn in each epoch.
  let captions: [String]?

  private static let several = "captions"

  /// Reads the fields; nil for what is no JSON object, or where they are of other types.
  init?(_ json: [UInt8]) {
    guard let object = try? JSONSerialization.jsonObject(with: Data(json)) as? [String: Any] else { return nil }
    func field<Value>(_ name: String, _ type: Value.Type) -> Value?? {
      guard let value = object[name], !(value is NSNull) else { return .some(nil) }
      return (value as? Value).map { .some($0) }
    }
    guard let caption = field("caption", String.self), let captions = field(Self.several, [String].self) else {
      return nil
    }
    self.caption = caption
    self.captions = captions
  }

  /// The captions of a field of any name: its text, or each of its texts that says anything.
  static func captions(in json: [UInt8], field: String) -> [String] {
    let object = try? JSONSerialization.jsonObject(with: Data(json)) as? [String: Any]
    let texts = (object?[field] as? [String]) ?? (object?[field] as? String).map { [$0] } ?? []
    return texts.filter { text in text.contains { !$0.isWhitespace } }
  }

  /// The JSON with `captions` saying what was chosen, so that reading it draws from these and no others: absent for a
  /// lone one. JSON that says so already keeps its bytes.
  static func stating(_ captions: [String], in json: [UInt8]) -> [UInt8] {
    let stated = captions.count > 1 ? captions : nil
    guard var object = try? JSONSerialization.jsonObject(with: Data(json)) as? [String: Any],
      object[several] as? [String] != stated || (stated == nil && object[several] != nil)
    else { return json }
    object[several] = stated
    let written = try? JSONSerialization.data(
      withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
    return written.map { Array($0) } ?? json
  }
}
