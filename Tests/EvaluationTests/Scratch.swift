import Files
import Foundation

/// A directory of its own for a test, removed when the test is over.
final class Scratch {
  let path = NSTemporaryDirectory() + "evaluation-\(UUID().uuidString)"

  init() throws { try Directory.create(path) }

  deinit { try? Directory.remove(path) }

  /// Writes a text into a file, making the folders above it.
  ///
  /// - Returns: where it lies.
  @discardableResult
  func write(_ text: String, to name: String) throws -> String {
    let path = "\(self.path)/\(name)"
    try Directory.create(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
    try FileWriter.write(Array(text.utf8), to: path)
    return path
  }
}
