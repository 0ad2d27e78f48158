import Foundation

/// What the JSON beside a picture says of captions: `{"caption": …}`, or `{"captions": […]}` for several.
struct CaptionFields: Decodable {
  /// The caption.
  let caption: String?
  /// Several captions; one of them is drawn in each epoch.
  let captions: [String]?

  /// Reads the fields; nil for what is no JSON object with such fields.
  init?(_ json: [UInt8]) {
    guard let fields = try? JSONDecoder().decode(CaptionFields.self, from: Data(json)) else { return nil }
    self = fields
  }
}
