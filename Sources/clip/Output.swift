import ArgumentParser
import Foundation

/// How results are printed: for people, or as JSON for programs.
struct Output: ParsableArguments {
  @Flag(help: "Print the result as JSON.")
  var json = false

  /// Prints a result.
  func show(_ result: some Encodable, _ text: () -> String) throws {
    guard json else {
      print(text())
      return
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(result), as: UTF8.self))
  }
}
