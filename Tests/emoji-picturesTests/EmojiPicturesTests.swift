import Files
import Foundation
import Testing

/// Runs the program as a person would; `swift test` builds it beside the tests.
@Suite struct EmojiPicturesTests {
  let directory = NSTemporaryDirectory() + "emoji-\(UUID().uuidString)"

  init() throws { try Directory.create(directory) }

  private func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    let programs = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    process.executableURL = programs.appendingPathComponent("emoji-pictures")
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  private func names(in part: String, _ suffix: String) throws -> Set<String> {
    let names = try Directory.names(in: "\(directory)/made/\(part)")
    return Set(names.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) })
  }

  @Test func everyEmojiBecomesAPictureWithACaption() throws {
    let (status, output) = try run(["--into", "\(directory)/made"])
    #expect(status == 0, "\(output)")
    let train = try names(in: "train", ".png")
    let heldOut = try names(in: "held-out", ".png")
    #expect(output.contains("/train: \(train.count) pictures"))
    #expect(output.contains("/held-out: \(heldOut.count) pictures"))
    #expect(train == (try names(in: "train", ".txt")))
    #expect(heldOut == (try names(in: "held-out", ".txt")))
    #expect(train.isDisjoint(with: heldOut))

    // Debian 12's font and names give 3,633; other releases differ by the emoji of a few years.
    #expect(3_400..<4_500 ~= train.count + heldOut.count)
    #expect(0.08..<0.12 ~= Double(heldOut.count) / Double(train.count + heldOut.count))
    // Sides computed with xxhash's Python package. A hash of something else, like the order, would move them.
    #expect(train.isSuperset(of: ["1f600", "1f408", "1f468-200d-1f9b3", "0023-20e3", "1f1eb-1f1f7"]))
    #expect(heldOut.isSuperset(of: ["1f1e6-1f1f4", "1f3d7", "1f468-1f3ff-200d-1f9b0", "1f992"]))
    #expect(train.union(heldOut).isDisjoint(with: ["0023", "002a", "00f7", "007b"]))

    for (part, name) in train.map({ ("train", $0) }) + heldOut.map({ ("held-out", $0) }) {
      let picture = try FileReader.contents(of: "\(directory)/made/\(part)/\(name).png")
      #expect(picture.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
      #expect(picture[16..<24] == [0, 0, 0, 136, 0, 0, 0, 128], "width and height of \(name)")
      #expect(try FileReader.contents(of: "\(directory)/made/\(part)/\(name).txt").count > 2)
    }
  }

  @Test func captionsAreTheNameAndWhatTheKeywordsAddToIt() throws {
    try FileWriter.write(
      Array(
        """
        <?xml version="1.0" encoding="UTF-8" ?>
        <!DOCTYPE ldml SYSTEM "../../common/dtd/ldml.dtd">
        <ldml><annotations>
          <annotation cp="😀">Face | grin | grinning face | face</annotation>
          <annotation cp="😀" type="tts">grinning face</annotation>
          <annotation cp="👨‍🦳">adult | man | white hair</annotation>
          <annotation cp="👨‍🦳" type="tts">man: white hair</annotation>
          <annotation cp="🐈" type="tts">cat &amp; <!-- a comment -->paw</annotation>
          <annotation cp="#">hash</annotation>
          <annotation cp="#" type="tts">hash sign</annotation>
          <annotation cp="🐈🐈" type="tts">two cats</annotation>
          <annotation cp="÷" type="tts">division sign</annotation>
          <annotation cp="🐕">a dog without a name</annotation>
        </annotations></ldml>
        """.utf8), to: "\(directory)/en.xml")
    let (status, output) = try run(["--into", "\(directory)/made/", "--annotations", "\(directory)/en.xml"])
    #expect(status == 0, "\(output)")
    func caption(_ name: String) throws -> String {
      String(decoding: try FileReader.contents(of: "\(directory)/made/train/\(name).txt"), as: UTF8.self)
    }
    #expect(try names(in: "train", ".png") == ["1f600", "1f468-200d-1f9b3", "1f408"])
    #expect(try names(in: "held-out", ".png").isEmpty)
    #expect(try caption("1f600") == "grinning face: Face, grin\n")
    #expect(try caption("1f468-200d-1f9b3") == "man: white hair: adult\n")
    #expect(try caption("1f408") == "cat & paw\n")
  }

  @Test func whatIsMissingNamesItsPackage() throws {
    let font = try run(["--into", "\(directory)/made", "--font", "\(directory)/none.ttf"])
    #expect(font.status == 1)
    #expect(font.output.contains("/none.ttf: ") && font.output.contains("fonts-noto-color-emoji"))
    let annotations = try run(["--into", "\(directory)/made", "--annotations", "\(directory)/none.xml"])
    #expect(annotations.status == 1)
    #expect(annotations.output.contains("/none.xml: ") && annotations.output.contains("unicode-cldr-core"))
    #expect(try Directory.names(in: directory).isEmpty)
  }

  @Test func badFilesAreNamedAndNothingIsLeftBehind() throws {
    let cutShort = #"<ldml><annotation cp="😀" type="tts">face</annotation>"#
    try FileWriter.write(Array(cutShort.utf8), to: "\(directory)/cut.xml")
    let cut = try run(["--into", "\(directory)/made", "--annotations", "\(directory)/cut.xml"])
    #expect(cut.status == 1 && cut.output.contains("/cut.xml: is not whole XML"))
    let noFont = try run(["--into", "\(directory)/made", "--font", "\(directory)/cut.xml"])
    #expect(noFont.status == 1 && noFont.output.contains("/cut.xml: has no PNG pictures"))
    #expect(try Directory.names(in: directory) == ["cut.xml"])
    try Directory.create("\(directory)/made")
    let again = try run(["--into", "\(directory)/made"])
    #expect(again.status == 1 && again.output.contains("/made: exists already"))
  }
}
