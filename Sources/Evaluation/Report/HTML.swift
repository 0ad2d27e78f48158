/// A piece of a page. Only what is written in the program's source becomes markup; every text that is put into it is
/// escaped, since there is no other way to put one in.
///
/// Concretely, `let cell: HTML = "<td>\(caption)</td>"` shows a caption of any characters. Values of attributes stand in
/// quotation marks.
package struct HTML: ExpressibleByStringInterpolation, Sendable {
  /// The markup.
  package fileprivate(set) var text: String

  package init(stringLiteral value: StaticString) { text = value.description }

  package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

  /// Pieces, one behind the other.
  package init(_ pieces: [HTML]) { text = pieces.map(\.text).joined() }

  /// A picture in the page itself, as the value of an attribute.
  package init(dataURIOf base64: Base64) { text = "data:\(base64.type);base64,\(base64.text)" }

  /// What a literal with values in it becomes.
  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    package init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(2 * literalCapacity) }

    /// What the source says, as it stands: a static string comes from nowhere else.
    package mutating func appendLiteral(_ literal: StaticString) { text += literal.description }

    package mutating func appendInterpolation(_ piece: HTML) { text += piece.text }

    package mutating func appendInterpolation(_ pieces: [HTML]) { pieces.forEach { text += $0.text } }

    package mutating func appendInterpolation(_ number: Int) { text += "\(number)" }

    /// A length or a place of a drawing, to a hundredth.
    package mutating func appendInterpolation(_ number: Double) {
      let hundredths = (100 * (number.isFinite ? number : 0)).rounded()
      let isWhole = hundredths.truncatingRemainder(dividingBy: 100) == 0
      text += isWhole ? "\(Int(hundredths / 100))" : "\(hundredths / 100)"
    }

    package mutating func appendInterpolation(_ value: String) {
      for scalar in value.unicodeScalars {
        switch scalar {
        case "&": text += "&amp;"
        case "<": text += "&lt;"
        case ">": text += "&gt;"
        case "\"": text += "&quot;"
        case "'": text += "&#39;"
        // Characters that pages may not contain.
        case "\0"..."\u{8}", "\u{B}"..."\u{1F}", "\u{7F}"..."\u{9F}": text += "\u{FFFD}"
        default: text.unicodeScalars.append(scalar)
        }
      }
    }
  }
}
