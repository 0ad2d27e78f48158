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

  /// The same on one line: a name that breaks it would pass for what a program says.
  var printableOnOneLine: String {
    printable.replacing("\n", with: "\\n").replacing("\t", with: "\\t")
  }

  private static func isCommand(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "\n", "\t": false
    case "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}", "\u{200E}", "\u{200F}", "\u{61C}": true
    default: scalar.properties.generalCategory == .control
    }
  }
}
