import Files
import Foundation
import Towers
import Training

/// What a run's directory tells of it; it may be one that is still going on.
package struct RunRecord: Sendable {
  /// A field of the recipe.
  struct Setting: Sendable {
    /// With dots between nested keys.
    let field: String
    let value: String
    /// What the paper's recipe for ViT-B/32 has there; nil where it has no such field.
    let paper: String?

    /// Whether the run did as the paper.
    var isOfPaper: Bool { value == paper }
  }

  /// The directory's name.
  let name: String
  /// The journal.
  package let history: History
  /// The recipe, field by field; empty where the run has none.
  let settings: [Setting]
  /// When and with what the run was started and resumed; empty for a run of an earlier version.
  let starts: [RunStart]

  /// Reads it.
  ///
  /// - Throws: `FileError` where there is no run, or none that has begun.
  package init(_ path: String) throws {
    guard Directory.exists(path) else {
      throw FileError(path, "does not exist; expected the directory of a run, which clip train --into writes")
    }
    let journal = path + "/journal.jsonl"
    guard Directory.isDirectory(path), Directory.exists(journal) else {
      throw FileError(path, "holds no journal.jsonl; expected the directory of a run, which clip train --into writes")
    }
    name = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
    history = try History(ofJournal: journal)
    starts = try RunStart.all(of: path)
    settings = try Self.settings(path + "/recipe.json")
  }

  private static func settings(_ file: String) throws -> [Setting] {
    guard Directory.exists(file) else { return [] }
    let recipe: JSONValue
    do {
      recipe = try JSONDecoder().decode(
        JSONValue.self, from: Data(FileReader.contents(of: file, most: 1 << 20)))
    } catch is DecodingError {
      throw FileError(file, "is not JSON, expected the run's recipe: put it back, or remove it to do without")
    }
    let paper = try JSONDecoder().decode(JSONValue.self, from: Data(Recipe.paper.json.utf8))
    let known = Dictionary(fields(of: paper, at: "")) { first, _ in first }
    return fields(of: recipe, at: "").map { field, value in
      Setting(field: field, value: value, paper: known[field])
    }
  }

  /// The value of each field, in the order of their names; the model's are told as `model.…` if it has no name.
  private static func fields(of value: JSONValue, at path: String) -> [(String, String)] {
    switch value {
    case .object(let members) where !members.isEmpty:
      members.sorted { $0.key < $1.key }.flatMap {
        fields(of: $0.value, at: path.isEmpty ? $0.key : "\(path).\($0.key)")
      }
    case .string(let text): [(path, text)]
    default: [(path, value.description)]
    }
  }

  /// The value of a field.
  func setting(_ field: String) -> String? { settings.first { $0.field == field }?.value }

  /// Steps of the whole run, where that is known.
  var steps: Int? { starts.last?.steps ?? setting("steps").flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }

  /// Steps after which the run was resumed.
  var resumptions: [Int] {
    starts.map(\.step).filter { $0 >= history.steps.lowerBound && $0 < history.steps.upperBound }
  }
}
