/// Characters in a row, each of its class.
struct CharacterPattern: ExpressibleByArrayLiteral, Sendable {
  let classes: [CharacterClass]

  init(arrayLiteral classes: CharacterClass...) {
    self.classes = classes
  }

  /// Whether the characters from `start` on fit.
  func matches(_ text: [Unicode.Scalar], at start: Int) -> Bool {
    guard start + classes.count <= text.count else { return false }
    for (offset, characters) in classes.enumerated() where !characters.contains(text[start + offset]) { return false }
    return true
  }
}

extension [CharacterPattern] {
  /// How many characters the first fitting pattern takes at `start`.
  func length(in text: [Unicode.Scalar], at start: Int) -> Int? {
    first { $0.matches(text, at: start) }?.classes.count
  }

  /// `text` with what each match becomes in its place; matches are looked for from left to right.
  func replacing(
    in text: [Unicode.Scalar], with replacement: (ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar]
  ) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      if let length = length(in: text, at: index) {
        result += replacement(text[index..<index + length])
        index += length
      } else {
        result.append(text[index])
        index += 1
      }
    }
    return result
  }
}
