import ArgumentParser
import Files
import Foundation

/// Makes a captioned dataset of real pictures out of two Debian packages.
@main
struct EmojiPictures: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "emoji-pictures",
    abstract: "Writes the pictures of an emoji font with their names and keywords as captions.",
    discussion: """
      Every emoji becomes CODEPOINTS.png (the font's own bitmap) and CODEPOINTS.txt ("grinning face: face, \
      grin"), one in ten of them in DIR/held-out, the others in DIR/train.

        emoji-pictures --into data/emoji

      The font is Debian's fonts-noto-color-emoji, the names are those of unicode-cldr-core.
      """)

  @Option(help: ArgumentHelp("The directory to make; it must not exist yet.", valueName: "dir"))
  var into: String

  @Option(help: ArgumentHelp("A font with PNG glyphs.", valueName: "file"))
  var font = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"

  @Option(help: ArgumentHelp("A CLDR annotation file; may be given several times.", valueName: "file"))
  var annotations = [
    "/usr/share/unicode/cldr/common/annotations/en.xml",
    "/usr/share/unicode/cldr/common/annotationsDerived/en.xml",
  ]

  mutating func validate() {
    while into.count > 1 && into.hasSuffix("/") { into.removeLast() }
  }

  func run() throws {
    guard !Directory.exists(into) else {
      throw FileError(into, "exists already; remove it or name another directory")
    }
    let font = try ColorFont(font)
    // Written aside and renamed at the end, so that a half-made dataset never carries the name.
    let aside = "\(into).tmp-\(getpid())"
    do {
      let counts = try write(annotations.flatMap { try AnnotationFile.read($0) }, of: font, into: aside)
      try Directory.rename(aside, to: into)
      print("\(into)/train: \(counts.train) pictures with captions")
      print("\(into)/held-out: \(counts.heldOut) pictures with captions")
    } catch {
      try? Directory.remove(aside)
      throw error
    }
  }

  private func write(
    _ annotations: [Annotation], of font: ColorFont, into directory: String
  ) throws -> (train: Int, heldOut: Int) {
    try Directory.create("\(directory)/train")
    try Directory.create("\(directory)/held-out")
    var counts = (train: 0, heldOut: 0)
    var written: Set<String> = []
    for annotation in annotations where written.insert(annotation.text).inserted {
      // The font takes emoji as CLDR spells them, without U+FE0F, and has no picture of what is not an emoji.
      guard !annotation.isPunctuation, let picture = font.picture(of: annotation.text) else { continue }
      let name = annotation.codePoints
      // The hash is of the name alone: an emoji stays on its side when others come or go.
      let isHeldOut = Digest(of: Array(name.utf8)).value % 10 == 0
      let path = "\(directory)/\(isHeldOut ? "held-out" : "train")/\(name)"
      try FileWriter.write(picture, to: path + ".png")
      try FileWriter.write(Array("\(annotation.caption)\n".utf8), to: path + ".txt")
      let captions = try JSONEncoder().encode(["captions": annotation.captions])
      try FileWriter.write(Array(captions), to: path + ".json")
      if isHeldOut { counts.heldOut += 1 } else { counts.train += 1 }
    }
    guard counts.train > 0 else {
      throw FileError(self.font, "has a picture of none of the \(written.count) characters the annotations name")
    }
    return counts
  }
}
