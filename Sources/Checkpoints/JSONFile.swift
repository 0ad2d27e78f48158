import Files
import Foundation
import Towers

/// Small JSON files: a configuration, a manifest.
enum JSONFile {
  /// Reads a file; an error names it.
  static func read<Value: Decodable>(_ type: Value.Type, from path: String) throws -> Value {
    try decode(type, from: try FileReader.contents(of: path), of: path)
  }

  /// Reads the bytes of a file; an error names it.
  static func decode<Value: Decodable>(_: Value.Type, from bytes: [UInt8], of path: String) throws -> Value {
    do {
      return try JSONDecoder().decode(Value.self, from: Data(bytes))
    } catch let error as ConfigurationError {
      throw FileError(path, error.description)
    } catch DecodingError.keyNotFound(let key, let context) {
      throw FileError(path, "\(field(context.codingPath + [key])) is missing")
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
      throw FileError(path, "\(field(context.codingPath)): \(context.debugDescription)")
    } catch DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty {
      throw FileError(path, "\(field(context.codingPath)): \(context.debugDescription)")
    } catch {
      throw FileError(path, "is not valid JSON, or not UTF-8")
    }
  }

  private static func field(_ path: [any CodingKey]) -> String {
    path.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
  }

  /// The JSON of a value: indented, its keys in order, so that equal values make equal files.
  static func encode(_ value: some Encodable, snakeCase: Bool = false) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    if snakeCase { encoder.keyEncodingStrategy = .convertToSnakeCase }
    return [UInt8](try encoder.encode(value))
  }

  /// Writes a value as ``encode(_:snakeCase:)`` has it, with a last line feed.
  static func write(_ value: some Encodable, to path: String, snakeCase: Bool = false) throws {
    try FileWriter.write(try encode(value, snakeCase: snakeCase) + [UInt8(ascii: "\n")], to: path)
  }
}
