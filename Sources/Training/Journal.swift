import Files
import Foundation

/// `journal.jsonl`: one JSON object a step, in order, each step once.
final class Journal {
  /// A line of the journal.
  struct Entry: Codable {
    /// The step, from 1.
    let step: Int
    /// Pairs seen so far.
    let samples: Int
    /// Passes over the data, with fractions.
    let epoch: Double
    let loss: Double
    let learningRate: Float
    /// What multiplies cosine similarities.
    let logitScale: Float
    /// The Euclidean norm of the whole gradient, before clipping.
    let gradientNorm: Double
    let imageAccuracy: Double
    let textAccuracy: Double
    let samplesPerSecond: Double
    /// Where the step's time went.
    let seconds: PhaseTimes
    /// The largest resident set of any rank so far.
    let peakMemoryBytes: Int
    /// Pictures of all ranks that could not be decoded since this command began.
    let skippedPictures: Int
    /// Results on the validation data, in the steps that looked at it.
    var validation: [String: Double]?
  }

  private let path: String
  private let file: FileHandle
  private let encoder = JSONEncoder()

  /// Opens the journal of a run that continues after `step`: later lines, of steps whose results were lost, go.
  init(_ path: String, after step: Int) throws {
    self.path = path
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys]
    var kept: [UInt8] = []
    if Directory.exists(path) {
      struct Line: Decodable { let step: Int }
      for line in try FileReader.contents(of: path).split(separator: UInt8(ascii: "\n")) {
        // A line cut short by a crash belongs to a step that is done again.
        guard let entry = try? JSONDecoder().decode(Line.self, from: Data(line)), entry.step <= step else { continue }
        kept += line + [UInt8(ascii: "\n")]
      }
    }
    try FileWriter.write(kept, to: path)
    guard let file = FileHandle(forWritingAtPath: path) else { throw FileError(path, "cannot be opened for writing") }
    self.file = file
    try file.seekToEnd()
  }

  /// Appends a line.
  ///
  /// - Parameter durably: whether this line and all before it must survive even the machine.
  func append(_ entry: Entry, durably: Bool) throws {
    do {
      try file.write(contentsOf: encoder.encode(entry) + Data([UInt8(ascii: "\n")]))
      if durably { try file.synchronize() }
    } catch {
      throw FileError(path, "cannot be written: \(error.localizedDescription)")
    }
  }
}
