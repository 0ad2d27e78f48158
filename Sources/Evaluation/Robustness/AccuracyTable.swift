import Files
import Foundation
import Shards

/// Accuracies of models on a reference set and on sets that differ from it.
public struct AccuracyTable: Sendable {
  /// In the order of the file; a model has each shift once.
  public let rows: [ShiftedAccuracy]
  /// Where they are from.
  let path: String

  private static let columns = ["model", "shift", "reference", "shifted"]

  /// Reads a table with the columns `model`, `shift`, `reference` and `shifted` (`.csv`, `.tsv`), or a JSON list of objects
  /// with these keys (`.json`).
  ///
  /// - Throws: `FileError` naming what is missing, no accuracy between 0 and 1, or there twice.
  public init(contentsOf path: String) throws {
    let name = path.lowercased()
    let rows: [ShiftedAccuracy]
    if name.hasSuffix(".json") {
      rows = try Self.json(path)
    } else if name.hasSuffix(".csv") || name.hasSuffix(".tsv") {
      rows = try Self.text(path, separator: UInt8(ascii: name.hasSuffix(".tsv") ? "\t" : ","))
    } else {
      throw FileError(path, "is no table: expected .csv, .tsv or .json")
    }
    try self.init(rows, of: path)
  }

  /// A table of its rows.
  ///
  /// - Parameter path: what they are from, for errors.
  public init(_ rows: [ShiftedAccuracy], of path: String) throws {
    guard !rows.isEmpty else { throw FileError(path, "holds no accuracies") }
    var known: Set<[String]> = []
    for row in rows {
      let name = "the model \"\(row.model)\" on \"\(row.shift)\""
      for (which, accuracy) in [("reference", row.reference), ("shifted", row.shifted)] {
        guard accuracy > 0, accuracy < 1 else {
          throw FileError(
            path,
            "gives \(name) the \(which) accuracy \(accuracy): expected more than 0 and less than 1, as in 0.762 for 76.2 %"
          )
        }
      }
      guard known.insert([row.model, row.shift]).inserted else { throw FileError(path, "has \(name) twice") }
    }
    self.rows = rows
    self.path = path
  }

  /// What the sets are called, in the order in which they come up first.
  var shifts: [String] {
    var known: Set<String> = []
    return rows.map(\.shift).filter { known.insert($0).inserted }
  }

  /// What the models are called, in the order in which they come up first.
  var models: [String] {
    var known: Set<String> = []
    return rows.map(\.model).filter { known.insert($0).inserted }
  }

  /// The means of a model's accuracies over some sets; nil where it lacks one.
  func mean(of model: String, over shifts: [String]) -> ShiftedAccuracy? {
    let own = rows.filter { $0.model == model && shifts.contains($0.shift) }
    guard own.count == shifts.count, let first = own.first else { return nil }
    guard shifts.count > 1 else { return first }
    func mean(_ accuracies: [Double]) -> Double { accuracies.reduce(0, +) / Double(accuracies.count) }
    return ShiftedAccuracy(
      model: model, shift: "mean", reference: mean(own.map(\.reference)), shifted: mean(own.map(\.shifted)))
  }

  private static func json(_ path: String) throws -> [ShiftedAccuracy] {
    do {
      return try JSONDecoder().decode([ShiftedAccuracy].self, from: Data(try FileReader.contents(of: path)))
    } catch is DecodingError {
      throw FileError(
        path, "is no JSON list of objects with the texts model and shift and the numbers reference and shifted")
    }
  }

  private static func text(_ path: String, separator: UInt8) throws -> [ShiftedAccuracy] {
    var table = try TableReader(path, separator: separator)
    let header = try table.next()?.fields.map { String(decoding: $0, as: UTF8.self).trimmed } ?? []
    let places = try columns.map { column in
      guard let place = header.firstIndex(of: column) else {
        throw FileError(path, "has no column \"\(column)\": expected \(columns.joined(separator: ", "))")
      }
      return place
    }
    var rows: [ShiftedAccuracy] = []
    while let row = try table.next() {
      guard row.fields.count == header.count else {
        throw FileError(
          path, "line \(row.line) has \(row.fields.count) fields, expected \(header.count) as the header has")
      }
      let fields = places.map { String(decoding: row.fields[$0], as: UTF8.self).trimmed }
      guard let reference = Double(fields[2]), let shifted = Double(fields[3]), !fields[0].isEmpty, !fields[1].isEmpty
      else {
        throw FileError(path, "line \(row.line): expected a model, a set and two numbers, found \(fields)")
      }
      rows.append(ShiftedAccuracy(model: fields[0], shift: fields[1], reference: reference, shifted: shifted))
    }
    return rows
  }
}
