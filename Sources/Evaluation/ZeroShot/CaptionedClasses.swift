/// Classes by the captions that stand for them: a class's name, or a template about it.
package struct CaptionedClasses: Sendable {
  private var numbers: [String: Int] = [:]

  /// - Parameter templates: other than the name alone and `a photo of a {}`.
  package init(_ classes: ClassList, _ templates: [PromptTemplate]) {
    let texts = ["{}", "a photo of a {}"] + templates.map(\.text)
    var ambiguous: Set<String> = []
    for (number, each) in classes.classes.enumerated() {
      // The same caption from two templates is no contradiction.
      let captions = each.names.flatMap { name in
        texts.map { Self.key($0.replacing(PromptTemplate.place, with: name)) }
      }
      for caption in Set(captions) {
        if numbers.updateValue(number, forKey: caption) != nil { ambiguous.insert(caption) }
      }
    }
    for caption in ambiguous { numbers[caption] = nil }
  }

  /// The class that captions stand for; nil where none does, or where they stand for several.
  package func number(of captions: [String]) -> Int? {
    let found = Set(captions.compactMap { numbers[Self.key($0)] })
    return found.count == 1 ? found.first : nil
  }

  /// As tokenizers of CLIP see it, but for a full stop at the end.
  private static func key(_ text: String) -> String {
    let key = ZeroShotClass.key(text)
    return key.hasSuffix(".") ? String(key.dropLast()).trimmed : key
  }
}
