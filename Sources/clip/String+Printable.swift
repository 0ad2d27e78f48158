extension String {
  /// The text with its control characters spelled out, but for line breaks and tabs: captions and names of files come from
  /// anywhere, and what a terminal takes for a command must not reach it. So must not what turns the direction of the text
  /// behind it around.
  var printable: String {
    guard unicodeScalars.contains(where: Self.isCommand) else { return self }
    var text = ""
    for scalar in unicodeScalars {
      if Self.isCommand(scalar) {
        text += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  private static func isCommand(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "\n", "\t": false
    case "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}": true
    default: scalar.properties.generalCategory == .control
    }
  }
}
