import Files
import Foundation
import Testing

@testable import Captions

@Suite struct VocabularyLearnerTests {
  /// Words of a small random language, in which frequent and rare words, repeated letters and long runs all occur.
  private static func captions(_ count: Int, seed: UInt64) -> [String] {
    var state = seed
    func draw(_ bound: UInt64) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % bound)
    }
    let letters = Array("aaabbcdé")
    let words = (0..<60).map { _ in String((0..<draw(7) + 1).map { _ in letters[draw(UInt64(letters.count))] }) }
    return (0..<count).map { _ in
      (0..<draw(8) + 1).map { _ in words[min(draw(60), draw(60))] }.joined(separator: draw(9) == 0 ? "" : " ")
    }
  }

  private static func learner(of captions: [String]) -> VocabularyLearner {
    var learner = VocabularyLearner()
    for caption in captions { learner.add(caption) }
    return learner
  }

  @Test func theMostFrequentPairsComeFirst() throws {
    // "ab" 4 times, then "abc</w>" and "abd</w>" twice each: the lower ids first.
    let vocabulary = try Self.learner(of: ["abc abd", "abd abc"]).learn(size: 517)
    #expect((512..<515).map { vocabulary.text(of: $0) } == ["ab", "abc</w>", "abd</w>"])
    #expect(Tokenizer(vocabulary).encode("ABC abd ab", contextLength: 77) == [515, 513, 514, 64, 321, 516])
  }

  @Test func theSameAsCountingEverythingAnewAfterEachMerge() throws {
    for seed in UInt64(1)...4 {
      let captions = Self.captions(200, seed: seed)
      let vocabulary = try Self.learner(of: captions).learn(size: 514 + 80)
      #expect(vocabulary.merges == Self.naiveMerges(of: captions, count: 80))
      #expect(try Self.learner(of: captions.reversed()).learn(size: 514 + 80) == vocabulary)
    }
  }

  @Test func tooFewPairsIsAnErrorThatSaysHowMany() throws {
    let learner = Self.learner(of: ["abc abc"])
    let error = #expect(throws: VocabularyError.self) { try learner.learn(size: 1000) }
    #expect(error?.description.contains("give only 516 ids") == true)
    #expect(try learner.learn(size: 516).size == 516)
  }

  @Test(arguments: [0, 513, 49_409]) func impossibleSizesAreErrors(size: Int) {
    let error = #expect(throws: VocabularyError.self) { try VocabularyLearner().learn(size: size) }
    #expect(error?.description.contains("size is \(size), expected 514") == true)
  }

  /// Byte-pair encoding as the paper has it, with every pair counted in every round.
  private static func naiveMerges(of captions: [String], count: Int) -> [Vocabulary.Merge] {
    var words: [[Int32]: Int] = [:]
    for caption in captions {
      let text = CaptionCleaner.clean(caption)
      for case .word(let range) in Pieces(of: text) {
        var symbols: [Int32] = []
        Tokenizer.appendSymbols(of: text[range], to: &symbols)
        words[symbols, default: 0] += 1
      }
    }
    var merges: [Vocabulary.Merge] = []
    var texts = (0..<Int32(512)).map(Vocabulary(merges: []).text)
    while merges.count < count {
      var counts: [Vocabulary.Merge: Int] = [:]
      for (word, weight) in words {
        for pair in zip(word, word.dropFirst()) { counts[.init(left: pair.0, right: pair.1), default: 0] += weight }
      }
      let candidates = counts.filter { $1 >= 2 && !texts.contains(texts[Int($0.left)] + texts[Int($0.right)]) }
      guard let best = candidates.min(by: { ($1.value, $0.key) < ($0.value, $1.key) })?.key else { break }
      merges.append(best)
      var next: [[Int32]: Int] = [:]
      for (word, weight) in words { next[mergingOnce(word, best, into: Int32(texts.count)), default: 0] += weight }
      words = next
      texts.append(texts[Int(best.left)] + texts[Int(best.right)])
    }
    return merges
  }

  /// Every occurrence of a pair merged, from left to right.
  static func mergingOnce(_ word: [Int32], _ pair: Vocabulary.Merge, into id: Int32) -> [Int32] {
    var merged: [Int32] = []
    var index = 0
    while index < word.count {
      let fits = index + 1 < word.count && word[index] == pair.left && word[index + 1] == pair.right
      merged.append(fits ? id : word[index])
      index += fits ? 2 : 1
    }
    return merged
  }

  @Test func mergingIsWhatTheReferenceDoesForWordsShortAndLong() throws {
    let vocabulary = try Self.learner(of: Self.captions(300, seed: 9)).learn(size: 514 + 120)
    var merger = PieceMerger(MergeTable(vocabulary.merges))
    for length in [1, 2, 3, 7, 20, 47, 48, 49, 50, 200, 1000] {
      let pieces = Self.captions(40, seed: UInt64(length)).map { $0.replacing(" ", with: "") }
      let piece = Array(pieces.joined().unicodeScalars.prefix(length))
      var expected: [Int32] = []
      Tokenizer.appendSymbols(of: piece[...], to: &expected)
      while let rank = zip(expected, expected.dropFirst()).compactMap({ pair in
        vocabulary.merges.firstIndex { $0 == .init(left: pair.0, right: pair.1) }
      }).min() {
        expected = Self.mergingOnce(expected, vocabulary.merges[rank], into: Int32(512 + rank))
      }
      var found: [Int32] = []
      merger.merge(piece[...], into: &found)
      #expect(found == expected, "\(length) letters")
    }
  }

  @Test(arguments: [3, 30]) func aPairOfLowerRankThatAppearsAmidARoundWaits(count: Int) {
    // "ab", then "abc" in all places: the first "abc" may not take the "ab" of the second, though that pair ranks first.
    let (a, b, c): (Int32, Int32, Int32) = (64, 65, 66)
    let merges = [(514, 513), (a, b), (513, c)].map { Vocabulary.Merge(left: $0.0, right: $0.1) }
    var merger = PieceMerger(MergeTable(merges))
    var found: [Int32] = []
    let piece = Array((String(repeating: "abc", count: count) + "x").unicodeScalars)
    merger.merge(piece[...], into: &found)
    #expect(found == Array(repeating: 514, count: count) + [256 + 87])
  }
}
