import Collectives
import Files
import Foundation

/// What every picture was taken for.
public struct PredictionTable: Sendable {
  /// A picture.
  struct Row: Sendable {
    /// What it was taken for.
    struct Prediction: Sendable {
      let label: String
      /// The cosine of picture and class.
      let score: Double
      /// The model's probability of the class among all.
      let probability: Double
    }

    let picture: String
    /// Its class; nil: none of those that were asked for.
    let label: String?
    /// Nil where it cannot be decoded.
    let prediction: Prediction?
  }

  /// The file; on the first rank.
  private let csv: [UInt8]

  private static let header = CSVRow.text(["picture", "class", "predicted", "score", "probability"])

  /// Puts the rows of all ranks together.
  init(_ own: [Row], in world: any Communicator) throws {
    let lines = own.map { row in
      CSVRow.text(
        [row.picture, row.label ?? ""]
          + (row.prediction.map {
            [$0.label, String(format: "%.6f", $0.score), String(format: "%.6g", $0.probability)]
          }
            ?? ["", "", ""]))
    }
    csv = Array(Self.header.utf8) + (try world.collect(Array(lines.joined().utf8))).flatMap(\.self)
  }

  /// Writes `picture,class,predicted,score,probability`, a line for each picture: without a class where it has none of
  /// those asked for, without the rest where it cannot be decoded.
  public func write(to path: String) throws { try FileWriter.write(csv, to: path) }
}
