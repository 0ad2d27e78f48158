import Captions
import Files
import Foundation
import Testing

/// The normalizer in `tokenizer.json`, carried out with Foundation's regular expressions. Tests/Peers/exports.py has
/// `tokenizers` carry it out.
@Suite struct TransformersNormalizerTests {
  private let steps: [[String: Any]]

  init() throws {
    let directory = NSTemporaryDirectory() + "normalizer-\(UUID().uuidString)"
    try Directory.create(directory)
    try FileWriter.write(Array("#version: 0.2\nt h\n".utf8), to: "\(directory)/merges")
    try Vocabulary.load("\(directory)/merges").writeTransformersFiles(into: directory, contextLength: 77)
    let data = Data(try FileReader.contents(of: "\(directory)/tokenizer.json"))
    try Directory.remove(directory)
    let tokenizer = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    let normalizer = try #require(tokenizer["normalizer"] as? [String: Any])
    steps = try #require(normalizer["normalizers"] as? [[String: Any]])
  }

  private func normalize(_ caption: String) throws -> String {
    var text = caption
    for step in steps {
      switch step["type"] as? String {
      case "NFC": text = text.precomposedStringWithCanonicalMapping
      case "Lowercase": text = text.lowercased()
      case "Replace":
        let pattern = try #require((step["pattern"] as? [String: String])?["Regex"])
        let content = NSRegularExpression.escapedTemplate(for: try #require(step["content"] as? String))
        text = try NSRegularExpression(pattern: pattern)
          .stringByReplacingMatches(
            in: text, range: NSRange(text.startIndex..., in: text), withTemplate: content)
      default: Issue.record("unknown step \(step)")
      }
    }
    // Pieces are looked for within; spaces around them are none.
    return text.trimmingCharacters(in: [" "])
  }

  @Test(arguments: [
    "a Photo of 2 dogs, don't you see; ΟΔΟΣ \\ \"x\" É",
    "salt &amp; pepper &amp;amp;amp;amp; &AMP; &ampT &#38; &#x26; &#038;",
    "&lt;b&gt;bold&lt;/b&gt; &ltefoo", "<br> &amp;lt;br&amp;gt; &amp;eacute;",
    "&quot;it&#39;s&quot; &amp;#x27; &apos; &rsquo; &#8217; &#146; &ldquo;", "a&nbsp;b&#160;c&#xA0;d&#10; &thinsp;e",
    "caf&eacute; CAF&Eacute; CAF&EACUTE; &#233;t&#xe9; &#201;",
    "&copy; &copy2014 &euro;5 &frac12; &ndash; &hellip; &Dagger;",
    "/?x=1&section=2&notify=3&order=5 &unknown; & &; &#; &#x;", "ﬁsh oﬀ eﬃcient ﬅ Ĳ ŉ Ǆ ǆ “curly” „low‟ ‚ones‛ itʼs",
    "ＦＵＬＬ　ｗｉｄｔｈ　１２！（），；＆ ｶﾞ ﾊﾟ ﾡ ￥ ￣",
  ])
  func cleansAsWeDo(_ caption: String) throws {
    let cleaned = String(String.UnicodeScalarView(CaptionCleaner.clean(caption)))
    let normalized = try normalize(caption)
    // As scalars: to strings, composed and decomposed letters are the same.
    #expect(Array(normalized.unicodeScalars) == Array(cleaned.unicodeScalars), "\(normalized)")
  }

  /// Apart from the others, whose names are printed.
  @Test func controlCharactersAreWhatTheyMeantOrNothing() throws {
    let caption = "it\u{92}s \u{85} \u{80} \u{1b}[1;31mred\u{1b}[0m \u{feff}\u{0}\u{7}\u{2028}x e\u{301}"
    #expect(try Array(normalize(caption).unicodeScalars) == Array("it's … € red x é".unicodeScalars))
    try cleansAsWeDo(caption)
  }

  /// What it does not know, it leaves as it is.
  @Test(arguments: ["&ltimes;", "&notin;", "&hearts;", "&#391;", "&#3900", "&#x2777;", "&#xe9a;"])
  func otherReferencesStay(_ caption: String) throws {
    #expect(try normalize(caption) == caption)
    #expect(CaptionCleaner.clean(caption) != Array(caption.unicodeScalars))
  }
}
