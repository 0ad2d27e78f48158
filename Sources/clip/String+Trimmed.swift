import Foundation

extension String {
  /// The text without white space around it, such as the line break that ends a caption's file.
  var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
