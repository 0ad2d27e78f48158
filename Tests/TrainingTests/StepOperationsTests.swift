import Testing
import Towers
import Training

@Suite struct StepOperationsTests {
  let tiny = ModelConfiguration(
    embedDim: 3, vision: VisionConfiguration(imageSize: 4, patchSize: 2, layers: 2, width: 4, headWidth: 2),
    text: TextConfiguration(contextLength: 8, vocabularySize: 9, width: 2, heads: 1, layers: 3))

  /// A product of (m, k) with (k, n).
  private func product(_ m: Int, _ k: Int, _ n: Int) -> Int { 2 * m * k * n }

  @Test func aPictureByHand() {
    // Four patches of 12 numbers and a class token; two heads of two numbers; 16 numbers inside the MLP.
    let convolution = product(4, 12, 4)
    let full = product(5, 4, 12) + product(5, 4, 4) + product(5, 4, 16) + product(5, 16, 4)
    let last = product(5, 4, 8) + 2 * product(1, 4, 4) + product(1, 4, 16) + product(1, 16, 4)
    let head = product(1, 4, 3)
    let fullAttention = 2 * (product(5, 2, 5) + product(5, 5, 2)),
      lastAttention = 2 * (product(1, 2, 5) + product(1, 5, 2))
    // Backward needs two products for each: of attention too, whose probabilities come again from what was kept.
    let expected = 2 * convolution + 3 * (full + last + head) + 3 * (fullAttention + lastAttention)
    #expect(expected == 9960)
    #expect(StepOperations.image(tiny.vision, embedDim: tiny.embedDim).all == expected)
  }

  @Test func aCaptionByHand() {
    // Three tokens, which see 1, 2 and 3 tokens; the end token alone goes through the last block.
    let full = product(3, 2, 6) + product(3, 2, 2) + product(3, 2, 8) + product(3, 8, 2)
    let last = product(3, 2, 4) + 2 * product(1, 2, 2) + product(1, 2, 8) + product(1, 8, 2)
    let attention = 2 * 2 * (1 + 2 + 3) * 2, lastAttention = 2 * 2 * 3 * 2
    let expected = 3 * (2 * full + last + product(1, 2, 3) + 2 * attention + lastAttention)
    #expect(StepOperations.text(tiny.text, tokens: 3, embedDim: tiny.embedDim).all == expected)
  }

  @Test func aStepIsItsPicturesItsCaptionsAndItsLoss() {
    let loss = 4 * product(2, 3, 10)
    #expect(StepOperations.contrast(pairs: 2, globalBatch: 10, dimension: 3) == loss)
    let parts =
      2 * StepOperations.image(tiny.vision, embedDim: 3).all
      + StepOperations.text(tiny.text, tokens: 3, embedDim: 3).all
      + StepOperations.text(tiny.text, tokens: 7, embedDim: 3).all
    #expect(StepOperations.count(tiny, .paper, captionLengths: [3, 7], globalBatch: 10) == parts + loss)
  }

  @Test func viTB32TakesAbout29BillionASample() throws {
    let model = try ModelReference.named("ViT-B-32").configuration
    let all = StepOperations.count(model, .paper, captionLengths: [Int](repeating: 20, count: 32), globalBatch: 32)
    #expect(abs(Double(all) / 32 / 1e9 - 28.7) < 0.1, "\(Double(all) / 32 / 1e9)")
  }
}
