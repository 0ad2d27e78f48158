import Foundation
import Testing

/// A line of `journal.jsonl`.
struct JournalLine: Decodable, Equatable {
  let step: Int
  let samples: Int
  let epoch: Double
  let loss: Double
  let learningRate: Double
  let logitScale: Double
  let gradientNorm: Double
  let imageAccuracy: Double
  let textAccuracy: Double
  let samplesPerSecond: Double
  let seconds: [String: Double]
  let peakMemoryBytes: Int
  let skippedPictures: Int
  let readingSeconds: [String: Double]
  let validation: [String: Double]?

  /// The lines of a run's journal.
  static func all(of run: String, in scratch: Scratch) throws -> [JournalLine] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try scratch.text("\(run)/journal.jsonl").split(separator: "\n").map {
      try decoder.decode(JournalLine.self, from: Data($0.utf8))
    }
  }
}
