import Foundation

/// What the JSON beside a picture says of captions: `{"caption": …}`, or `{"captions": […]}` for several; an array under
/// `caption` stands for several as well.
struct CaptionFields {
  /// The caption.
  let caption: String?
  /// Several captions, each of which says something; one of them is drawn in each epoch.
  let captions: [String]?

  private static let several = "captions"
  private static let lone = "caption"

  /// Reads the fields; nil for what is no JSON object, or where they are of other types.
  init?(_ json: [UInt8]) {
    guard let object = Self.object(json) else { return nil }
    func field<Value>(_ name: String, _ type: Value.Type) -> Value?? {
      guard let value = object[name], !(value is NSNull) else { return .some(nil) }
      return (value as? Value).map { .some($0) }
    }
    guard let texts = field(Self.several, [String].self) else { return nil }
    let captions = texts.map(Self.sayingSomething)
    if let array = object[Self.lone] as? [String] {
      (caption, self.captions) = (nil, captions ?? Self.sayingSomething(array))
      return
    }
    guard let caption = field(Self.lone, String.self) else { return nil }
    self.caption = caption
    self.captions = captions
  }

  /// Whether it is a JSON object at all.
  static func isObject(_ json: [UInt8]) -> Bool { object(json) != nil }

  /// The captions of a field of any name: its text, or each of its texts that says anything.
  static func captions(in json: [UInt8], field: String) -> [String] {
    let object = object(json)
    let texts = (object?[field] as? [String]) ?? (object?[field] as? String).map { [$0] } ?? []
    return sayingSomething(texts)
  }

  private static func sayingSomething(_ texts: [String]) -> [String] {
    texts.filter { text in text.contains { !$0.isWhitespace } }
  }

  /// A field of any name that holds a text, or a number in its usual form.
  static func text(in json: [UInt8], field: String) -> String? {
    switch object(json)?[field] {
    case let text as String: text
    case let number as NSNumber: "\(number)"
    default: nil
    }
  }

  /// The JSON with `captions` saying what was chosen, so that reading it draws from these and no others: absent for a
  /// lone one. JSON that says so already keeps its bytes.
  static func stating(_ captions: [String], in json: [UInt8]) -> [UInt8] {
    let stated = captions.count > 1 ? captions : nil
    guard var object = object(json), object[several] as? [String] != stated || (stated == nil && object[several] != nil)
    else { return json }
    object[several] = stated
    let written = try? JSONSerialization.data(
      withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
    return written.map { Array($0) } ?? json
  }

  private static func object(_ json: [UInt8]) -> [String: Any]? {
    func read(_ json: [UInt8]) -> [String: Any]? {
      try? JSONSerialization.jsonObject(with: Data(json)) as? [String: Any]
    }
    return read(json) ?? withoutNaN(json).flatMap(read)
  }

  /// The JSON with null for the words Python writes for what is no number, where there are any: `NaN`, `Infinity`.
  private static func withoutNaN(_ json: [UInt8]) -> [UInt8]? {
    let words = ["-Infinity", "Infinity", "NaN"].map { Array($0.utf8) }
    var result: [UInt8] = []
    var isInText = false, isChanged = false
    var index = 0
    while index < json.count {
      let byte = json[index]
      if !isInText, let word = words.first(where: { json[index...].starts(with: $0) }) {
        result += Array("null".utf8)
        index += word.count
        isChanged = true
        continue
      }
      if byte == UInt8(ascii: "\\"), isInText, index + 1 < json.count {
        result.append(byte)
        index += 1
      } else if byte == UInt8(ascii: "\"") {
        isInText.toggle()
      }
      result.append(json[index])
      index += 1
    }
    return isChanged ? result : nil
  }
}
