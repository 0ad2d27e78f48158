import Files
import Foundation
import Shards

/// `journal.jsonl`: one JSON object a step, in order, each step once.
final class Journal {
  /// A line of the journal.
  struct Entry: Codable {
    /// The step, from 1.
    let step: Int
    /// When it was done, in seconds since 1970.
    let time: Double
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
    /// What reading the step's samples took, all threads of all ranks together; they read ahead, while others compute.
    let readingSeconds: ReadingTimes
    /// Results on the validation data, in the steps that looked at it.
    var validation: [String: Double]?
  }

  private let path: String
  private let file: FileHandle
  private let encoder = JSONEncoder()
  /// Bytes of whole lines in the file, and lines that are not in it yet.
  private var written = 0
  private var waiting = Data()

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
    written = kept.count
  }

  /// Appends a line, and those before it that there was no room for.
  ///
  /// - Returns: why it could not be written, and waits for the next.
  func append(_ entry: Entry) throws -> FileError? {
    waiting += try encoder.encode(entry) + Data([UInt8(ascii: "\n")])
    let descriptor = file.fileDescriptor
    let count = waiting.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(written)) }
    guard count == waiting.count else {
      let reason = count < 0 ? String(cString: strerror(errno)) : "No space left on device"
      // No part of a line stays.
      ftruncate(descriptor, off_t(written))
      return FileError(path, "cannot be written: \(reason)")
    }
    written += count
    waiting = Data()
    return nil
  }

  /// Makes the lines in the file survive even the machine; may be called from any thread while this object lives.
  var sync: @Sendable () throws -> Void {
    { [path, file] in
      guard fsync(file.fileDescriptor) == 0 else {
        throw FileError(path, "cannot be synced: \(String(cString: strerror(errno)))")
      }
    }
  }
}
