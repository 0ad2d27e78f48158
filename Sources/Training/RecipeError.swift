import Foundation

/// A recipe says something it cannot say. Programs that see one exit with 2 (usage).
public struct RecipeError: Error, CustomStringConvertible, Sendable {
  /// Where, what was found, what was expected.
  public let description: String

  init(_ description: String) {
    self.description = description
  }

  /// What a decoder complains about, with the path of keys.
  static func text(of error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    let context: DecodingError.Context
    switch error {
    case .typeMismatch(_, let found): context = found
    case .valueNotFound(_, let found): context = found
    case .keyNotFound(_, let found): context = found
    case .dataCorrupted(let found): context = found
    @unknown default: return "\(error)"
    }
    let path = context.codingPath.map(\.stringValue).joined(separator: ".")
    // Where the JSON itself is broken, only the error beneath says in which line.
    let beneath = (context.underlyingError as NSError?)?.userInfo["NSDebugDescription"] as? String
    return (path.isEmpty ? "" : "\(path): ") + (beneath ?? context.debugDescription)
  }
}
