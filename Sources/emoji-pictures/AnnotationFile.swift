import Files
import Foundation
import FoundationXML

/// A CLDR annotation file: two elements a character, one with the keywords (`a | b | c`), one with the name (`tts`).
///
/// Format: Unicode Technical Standard 35, part 7, "Annotations".
final class AnnotationFile: NSObject, XMLParserDelegate {
  /// The annotations that have a name, in the file's order.
  static func read(_ path: String) throws -> [Annotation] {
    guard Directory.exists(path) else {
      throw FileError(
        path,
        "there are no such annotations; Debian's package unicode-cldr-core installs them, --annotations names others")
    }
    let file = AnnotationFile()
    let parser = XMLParser(data: Data(try FileReader.contents(of: path)))
    parser.delegate = file
    // `parse` is content with a file that was cut short; only the error tells.
    guard parser.parse(), parser.parserError == nil else {
      throw FileError(path, "is not whole XML from line \(parser.lineNumber) on; install its package again")
    }
    guard !file.names.isEmpty else {
      throw FileError(path, "names no character, expected CLDR's <annotation cp=\"…\" type=\"tts\"> elements")
    }
    return file.order.compactMap { text in
      file.names[text].map { Annotation(text: text, name: $0, keywords: file.keywords[text] ?? []) }
    }
  }

  private var order: [String] = []
  private var names: [String: String] = [:]
  private var keywords: [String: [String]] = [:]
  private var open: (text: String, isName: Bool)?
  private var content = ""

  func parser(
    _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    guard element == "annotation", let text = attributes["cp"] else { return }
    open = (text, attributes["type"] == "tts")
    content = ""
  }

  func parser(_ parser: XMLParser, foundCharacters characters: String) {
    content += characters
  }

  func parser(_ parser: XMLParser, didEndElement element: String, namespaceURI: String?, qualifiedName: String?) {
    guard element == "annotation", let (text, isName) = open else { return }
    open = nil
    if names[text] == nil && keywords[text] == nil { order.append(text) }
    if isName {
      names[text] = content.trimmingCharacters(in: .whitespaces)
    } else {
      keywords[text] = content.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    }
  }
}
