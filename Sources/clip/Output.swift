import ArgumentParser
import Foundation

/// How results are printed: for people, or as JSON for programs.
struct Output: ParsableArguments {
  @Flag(help: "Print the result as JSON.")
  var json = false

  /// Prints a result.
  ///
  /// - Parameter keys: how properties become keys, where the result does not say so itself.
  func show(
    _ result: some Encodable, keys: JSONEncoder.KeyEncodingStrategy = .useDefaultKeys, _ text: () -> String
  ) throws {
    guard json else {
      print(text().printable)
      return
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = keys
    print(String(decoding: try encoder.encode(result), as: UTF8.self))
  }
}
