import Benchmarks
import Tensors
import Testing
import Towers
import Training

@Suite struct SyntheticPairsTests {
  let pairs = pairs(leavingOut: 0)

  private static func pairs(leavingOut share: Double) -> SyntheticPairs {
    let model = ModelConfiguration(
      embedDim: 8, vision: VisionConfiguration(imageSize: 6, patchSize: 2, layers: 1, width: 8, headWidth: 8),
      text: TextConfiguration(contextLength: 24, vocabularySize: 50, width: 8, heads: 1, layers: 1))
    var recipe = Recipe.paper
    recipe.patchDropout = share
    return SyntheticPairs(model, captions: .real, PatchDropout(model.vision, recipe))
  }

  @Test func somePatchesAreLeftOut() {
    let batches = Self.pairs(leavingOut: 0.5).batches(0..<5, microBatch: 3)
    #expect(batches.map { $0.pictures.patches?.count } == [3 * 4, 2 * 4])
    #expect(pairs.batches(0..<2, microBatch: 2)[0].pictures.patches == nil)
  }

  @Test func aPairDoesNotDependOnRanksAndMicroBatches() {
    let whole = pairs.batches(0..<12, microBatch: 12)[0]
    let parts = pairs.batches(0..<6, microBatch: 4) + pairs.batches(6..<12, microBatch: 3)
    #expect(parts.map(\.count) == [4, 2, 3, 3])
    #expect(parts.flatMap(\.captions.tokens) == whole.captions.tokens)
    #expect(parts.flatMap(\.pictures.pixels.bytes) == Array(whole.pictures.pixels.bytes))
    #expect(whole.pictures.pixels.bytes.count == 12 * 6 * 6 * 3 && Set(whole.pictures.pixels.bytes).count > 200)
  }

  @Test func captionsGoFromStartToEndAndHaveTheirLengths() {
    let captions = pairs.batches(0..<40, microBatch: 40)[0].captions
    let offsets = captions.segments.offsets.map(Int.init)
    #expect(zip(offsets, offsets.dropFirst()).map { $1 - $0 } == pairs.captionLengths(0..<40))
    for (start, end) in zip(offsets, offsets.dropFirst()) {
      let tokens = captions.tokens[start..<end]
      #expect(tokens.first == 48 && tokens.last == 49)
      #expect(tokens.dropFirst().dropLast().allSatisfy { (0..<48).contains($0) })
    }
    #expect(Set(captions.tokens).count > 40)
  }
}
