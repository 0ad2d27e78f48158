import Evaluation
import Files
import Foundation
import Testing

@Suite struct ContactSheetTests {
  private func cell(_ color: [UInt8], width: Int, height: Int, caption: String = "") -> ContactSheet.Cell {
    let rgb = (0..<width * height).flatMap { _ in color }
    return ContactSheet.Cell(width: width, height: height, rgb: rgb, label: "0.250", caption: caption)
  }

  @Test func theFileIsAPNGOfTheSizeTold() throws {
    let wide = ContactSheet.Row(
      heading: "a", cells: [cell([0, 0, 0], width: 4, height: 4)] + [cell([9, 9, 9], width: 9, height: 2)])
    let narrow = ContactSheet.Row(heading: "b", cells: [cell([0, 0, 0], width: 4, height: 4)])
    for rows in [[], [wide], [narrow, wide], [ContactSheet.Row(heading: "nothing found", cells: []), narrow]] {
      let sheet = ContactSheet(rows: rows)
      let file = try sheet.png()
      #expect(file.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
      let picture = try DecodedPNG(file)
      #expect(picture.width == sheet.width && picture.height == sheet.height)
    }
    // Two margins of 32, two cells of 160 with 20 between them.
    #expect(ContactSheet(rows: [narrow, wide]).width == 404)
    let one = ContactSheet(rows: [wide]).height
    #expect(ContactSheet(rows: [wide, narrow]).height == 2 * one - 64 + 36)
  }

  @Test func thumbnailsHaveTheirColourAndShape() throws {
    let row = ContactSheet.Row(
      heading: "q", cells: [cell([200, 30, 60], width: 300, height: 150), cell([10, 20, 250], width: 3, height: 7)])
    let picture = try DecodedPNG(ContactSheet(rows: [row]).png())
    // The first cell begins below a margin of 32 and a heading of 35, and is 160 wide: half of it is the picture.
    let top = 32 + 35
    for (x, y) in [(32, top + 41), (191, top + 118), (112, top + 80)] { #expect(picture[x, y] == [200, 30, 60]) }
    for (x, y) in [(32, top + 38), (191, top + 121)] { #expect(picture[x, y] == [245, 245, 245]) }
    #expect(picture[212 + 80, top + 80] == [10, 20, 250])
    #expect(picture[212 + 40, top + 80] == [245, 245, 245])
  }

  @Test func longTextStaysInItsCellAndInTheSheet() throws {
    let endless = String(repeating: "an uncommonly long description of very little ", count: 9)
    let row = ContactSheet.Row(
      heading: endless,
      cells: [cell([0, 0, 0], width: 4, height: 4, caption: endless), cell([0, 0, 0], width: 4, height: 4)])
    let sheet = ContactSheet(rows: [row])
    let picture = try DecodedPNG(sheet.png())
    #expect(picture.hasInk(32..<372, 32..<60))
    #expect(!picture.hasInk(372..<picture.width, 0..<picture.height))
    let below = (32 + 35 + 160)..<picture.height
    #expect(picture.hasInk(160..<192, below))
    #expect(!picture.hasInk(192..<212, below))
    #expect(!picture.hasInk(0..<picture.width, (picture.height - 32)..<picture.height))
    // What is cut off cannot matter.
    let longer = ContactSheet.Row(
      heading: endless + endless,
      cells: [cell([0, 0, 0], width: 4, height: 4, caption: endless + "!"), cell([0, 0, 0], width: 4, height: 4)])
    #expect(try ContactSheet(rows: [longer]).png() == sheet.png())
  }

  @Test func textOfAnyScriptIsNoError() throws {
    let row = ContactSheet.Row(
      heading: "猫 🐈 \u{0}\u{7} قطة", cells: [cell([1, 2, 3], width: 1, height: 1, caption: "👨‍👩‍👧\nзима")])
    let sheet = ContactSheet(rows: [row])
    #expect(try DecodedPNG(sheet.png()).width == sheet.width)
  }

  @Test func aSheetThatCannotBeDrawnSaysWhatToDo() {
    let rows = Array(repeating: ContactSheet.Row(heading: "q", cells: []), count: 1_000)
    let error = #expect(throws: DrawingError.self) { try ContactSheet(rows: rows).png() }
    #expect(error?.description.contains("1000 rows") == true && error?.description.contains("fewer") == true)
  }

  @Test func aSheetIsWrittenWhole() throws {
    let path = NSTemporaryDirectory() + "sheet-\(UUID().uuidString).png"
    let sheet = ContactSheet(rows: [ContactSheet.Row(heading: "q", cells: [])])
    try sheet.write(to: path)
    #expect(try FileReader.contents(of: path) == sheet.png())
    try Directory.remove(path)
    #expect(throws: FileError.self) { try sheet.write(to: path + "/none/sheet.png") }
  }
}
