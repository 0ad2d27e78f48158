import Captions
import Testing

/// How captions are cleaned and split, seen through a vocabulary without merges: every piece comes back as it is.
@Suite struct CaptionTests {
  let tokenizer: Tokenizer

  init() throws {
    tokenizer = Tokenizer(try VocabularyLearner().learn(size: 514))
  }

  private func pieces(_ caption: String) -> String {
    tokenizer.decode(tokenizer.encode(caption, contextLength: 1_000_000))
  }

  @Test func piecesAreOpenCLIPs() {
    for sample in OpenCLIPSample.all {
      guard let expected = sample.pieces else { continue }
      let found = pieces(sample.text)
      // Not as strings: those are equal when they only look alike.
      #expect(
        Array(found.utf8) == Array(expected.map { $0 + " " }.joined().utf8),
        "\(sample.text.debugDescription) gave \(found.debugDescription)")
    }
  }

  @Test func spaceAndCaseDoNotMatter() {
    let spaced = "\u{3000} A\t\n PHOTO \u{a0}\u{2003}of\r\nA  Cat\u{2028}"
    #expect(tokenizer.encode(spaced, contextLength: 77) == tokenizer.encode("a photo of a cat", contextLength: 77))
  }

  @Test func cleaningACleanedCaptionChangesNothing() {
    for text in ["l’été, “déjà vu” — ½ price", "ΟΔΟΣ ΣΑΣ", "東京タワー、ＡＢＣ", "İstanbul"] {
      let once = pieces(text)
      #expect(pieces(once) == once)
    }
  }

  @Test func markersInACaptionAreMarkers() {
    #expect(tokenizer.encode("<start_of_text>a<END_OF_TEXT>", contextLength: 77) == [512, 512, 320, 513, 513])
  }

  @Test func onlyUTF8IsACaption() {
    #expect(Caption.decode(Array("naïve 😀".utf8)) == "naïve 😀")
    #expect(Caption.decode([]) == "")
    #expect(Caption.decode([0x63, 0x61, 0x66, 0xe9]) == nil)  // Latin-1
    #expect(Caption.decode([0xed, 0xa0, 0x80]) == nil)  // a surrogate
    #expect(Caption.decode([0xc0, 0x80]) == nil)  // overlong
    #expect(Caption.decode([0xf4, 0x90, 0x80, 0x80]) == nil)  // beyond Unicode
    #expect(Caption.decode([0xe2, 0x82]) == nil)  // cut short
  }
}
