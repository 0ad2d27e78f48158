import Captions
import Testing

/// Against open_clip 3.3, id for id.
@Suite(.enabled(if: vocabularyOfCLIP != nil, "CLIP's vocabulary is not there; launch/vocabulary.sh fetches it"))
struct TokenizerTests {
  let tokenizer: Tokenizer

  init() throws {
    tokenizer = Tokenizer(try #require(vocabularyOfCLIP))
  }

  /// Without the markers.
  private func ids(_ caption: String) -> [Int32] {
    Array(tokenizer.encode(caption, contextLength: 77).dropFirst().dropLast())
  }

  @Test func captionsOfThePapersAndREADMEs() {
    #expect(tokenizer.encode("a diagram", contextLength: 77) == [49406, 320, 22697, 49407])
    #expect(tokenizer.encode("a photo of a cat", contextLength: 77) == [49406, 320, 1125, 539, 320, 2368, 49407])
    #expect(ids("a dog") == [320, 1929])
    #expect(ids("Hello   World!!!?") == [3306, 1002, 1443, 6004])
    #expect(ids("don't stop 2024") == [847, 713, 1691, 273, 271, 273, 275])
    #expect(ids("It's 3.14 &amp;amp; more") == [585, 568, 274, 269, 272, 275, 261, 750])
    #expect(ids("café naïve") == [15304, 1097, 35689, 563])
    #expect(ids("😀 smile") == [7334, 3490])
    #expect(ids("日本語") == [39121, 44353, 34002, 508])
    #expect(ids("construction crane") == [4585, 14626])
    #expect(ids("itap of a tench.") == [529, 2728, 539, 320, 1149, 634, 269])
    #expect(ids("a photo of the number: \"7\".") == [320, 1125, 539, 518, 2842, 281, 257, 278, 2811])
  }

  @Test func fourHundredOddCaptions() {
    #expect(OpenCLIPSample.all.count > 400)
    for sample in OpenCLIPSample.all {
      #expect(tokenizer.encode(sample.text, contextLength: 77) == sample.ids, "\(sample.text.debugDescription)")
    }
  }

  @Test func longCaptionsAreCutAndStillEnd() {
    let caption = String(repeating: "word ", count: 100)
    #expect(tokenizer.encode(caption, contextLength: 5) == [49406, 2653, 2653, 2653, 49407])
    #expect(tokenizer.encode("word word", contextLength: 4) == [49406, 2653, 2653, 49407])
    #expect(tokenizer.encode("word word", contextLength: 3) == [49406, 2653, 49407])
    #expect(tokenizer.encode("word", contextLength: 1) == [49407])
    #expect(tokenizer.encode("", contextLength: 77) == [49406, 49407])
  }

  @Test func decodingGivesTheCleanedCaption() {
    let ids = tokenizer.encode("A  Photo of “café”, 日本語!", contextLength: 77)
    #expect(tokenizer.decode(ids) == "a photo of \" café \", 日本語 ! ")
    #expect(tokenizer.decode([]) == "")
    #expect(tokenizer.decode([49406, 320, 50_000, -1, 49407]) == "a \u{fffd}\u{fffd}")
  }

  @Test func idsAreInCLIPsOrder() throws {
    let vocabulary = tokenizer.vocabulary
    #expect(vocabulary.size == 49_408)
    #expect(vocabulary.isCLIP)
    let texts: [Int32: String] = [
      0: "!", 187: "ÿ", 188: "Ā", 256: "!</w>", 512: "in", 513: "th", 518: "the</w>", 49_405: "jekyll</w>",
      49_406: "<|startoftext|>", 49_407: "<|endoftext|>",
    ]
    for (id, text) in texts { #expect(vocabulary.text(of: id) == text) }
    #expect(Set((0..<Int32(vocabulary.size)).map(vocabulary.text)).count == 49_408)
  }

  @Test func aLongCaptionAndALongWordTakeNoTimeToSpeakOf() {
    let clock = ContinuousClock()
    let inputs = [
      String(repeating: "word ", count: 2000), String(repeating: "a", count: 200_000),
      String(repeating: "Ã©", count: 100_000), String(repeating: "e\u{301}\u{323}", count: 50_000),
      "e" + String(repeating: "\u{301}\u{323}", count: 100_000), "&" + String(repeating: "amp;", count: 200_000),
      String(repeating: "&x", count: 100_000), "Σ" + String(repeating: "'", count: 200_000) + "Σ",
    ]
    for input in inputs {
      // In n² steps, any of these would take minutes.
      let time = clock.measure { _ = tokenizer.encode(input, contextLength: 77) }
      #expect(time < .seconds(20), "\(input.unicodeScalars.prefix(8))")
    }
  }
}
