import Evaluation
import Images
import Testing
import Towers

@Suite struct ExplanationSheetTests {
  /// A black picture of 8 × 4 pixels, whose 2 × 1 features speak on the right for every text.
  private func explanation(_ texts: [String], slope: Float = 1) -> Explanation {
    let picture = Picture(size: PictureSize(width: 8, height: 4), pixels: [UInt8](repeating: 0, count: 96))
    let gradients = SimilarityGradients(
      similarity: 0.25, pixels: (0..<96).map { Float($0 % 8 / 4) }, features: [slope, slope])
    return Explanation(
      picture: picture, features: SpatialFeatures([0, 1], rows: 1, columns: 2),
      texts: texts.map {
        Explanation.Text(text: $0, gradients: gradients, probability: texts.count > 1 ? 0.5 : nil)
      })
  }

  @Test(arguments: [1, 2, 3, 4, 9]) func theFileIsAPNGOfTheSizeTold(count: Int) throws {
    let sheet = ExplanationSheet(explanation((0..<count).map { "text \($0)" }), .features, title: "title")
    let picture = try DecodedPNG(sheet.png())
    #expect(picture.width == sheet.width && picture.height == sheet.height)
    #expect(sheet.width == 64 + min(count + 1, 4) * 340 - 20)
  }

  @Test(arguments: Explanation.Layer.allCases) func whatCountsShines(layer: Explanation.Layer) throws {
    let picture = try DecodedPNG(ExplanationSheet(explanation(["a"]), layer, title: "t").png())
    // Cells begin below a margin of 32 and a heading of 39, and are 320 on a side: a picture twice as wide as high begins 80
    // below.
    let (top, left) = (32 + 39 + 80, 32 + 340)
    #expect(picture[40, top + 80] == [0, 0, 0] && picture[32, top - 4] == [255, 255, 255])
    let cold = picture[left + 20, top + 80], hot = picture[left + 300, top + 80]
    #expect(hot.allSatisfy { $0 > 100 } && hot[0] > 200, "\(hot)")
    #expect(cold.allSatisfy { (30...60).contains($0) }, "\(cold)")
  }

  @Test func aMapWithoutAnythingIsThePicture() throws {
    let picture = try DecodedPNG(ExplanationSheet(explanation(["a"], slope: -1), .features, title: "t").png())
    #expect(picture[372 + 20, 231] == picture[372 + 300, 231])
  }

  @Test func longTextStaysInTheSheet() throws {
    let endless = String(repeating: "an uncommonly long description of very little ", count: 9)
    let sheet = ExplanationSheet(explanation([endless]), .pixels, title: endless)
    let picture = try DecodedPNG(sheet.png())
    for margin in [0..<32, picture.width - 32..<picture.width] { #expect(!picture.hasInk(margin, 0..<picture.height)) }
    #expect(!picture.hasInk(0..<picture.width, picture.height - 32..<picture.height))
    // Between both cells nothing is written.
    #expect(!picture.hasInk(352..<372, 71..<picture.height - 70))
  }

  @Test func aSheetThatCannotBeDrawnSaysWhatToDo() {
    let sheet = ExplanationSheet(explanation([String](repeating: "a", count: 400)), .features, title: "t")
    let error = #expect(throws: DrawingError.self) { try sheet.png() }
    #expect(error?.description.contains("400 texts") == true && error?.description.contains("fewer") == true)
  }
}
