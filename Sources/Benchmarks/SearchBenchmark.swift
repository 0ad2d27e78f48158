import Checkpoints
import Evaluation
import Files
import Glibc
import Tensors
import Training

/// How fast an index in a file is looked through, on random embeddings.
public struct SearchBenchmark: Sendable {
  private let samples: Int
  private let dimension: Int
  private let queries: Int
  private let top: Int
  private let repeats: Int
  private let directory: String

  /// - Parameters:
  ///   - samples: rows of the index.
  ///   - dimension: numbers of an embedding.
  ///   - queries: how many are answered together.
  ///   - top: how many rows each finds.
  ///   - repeats: how often they are looked for.
  ///   - directory: where the index is written, and removed.
  public init(samples: Int, dimension: Int, queries: Int, top: Int, repeats: Int, into directory: String) {
    self.samples = samples
    self.dimension = dimension
    self.queries = queries
    self.top = top
    self.repeats = repeats
    self.directory = directory
  }

  /// Writes an index and looks through it.
  ///
  /// - Throws: `FileError` of the disk, or ``BenchmarkError`` where the disk gives another answer than the memory.
  public func run() throws -> SearchReport {
    guard Directory.isDirectory(directory) else { throw FileError(directory, "is no directory") }
    let path = "\(directory)/clip-benchmark-\(getpid()).safetensors"
    defer { try? Directory.remove(path) }
    let bytes = try write(to: path)
    let index = try EmbeddingIndex(path)
    let questions = Tensor(rows: queries, columns: dimension)
    questions.fillWithDirections(seed: 3, first: 0)

    var found: [[Search.Hit]] = []
    func search() throws -> Double {
      try Durations.seconds { found = try Search.best(top, of: index, for: questions) }
    }
    try FileReader(path).forget()
    let disk = try search(), expected = found
    let durations = Durations(try (0..<repeats).map { _ in try search() })
    guard found == expected else {
      throw BenchmarkError("\(path): something else was found the second time: is the disk or the memory at fault?")
    }
    return SearchReport(
      samples: samples, dimension: dimension, queries: queries, top: top, repeats: repeats, indexBytes: bytes,
      seconds: durations.median, bestSeconds: durations.best, bytesPerSecond: Double(bytes) / durations.best,
      diskSeconds: disk, peakMemoryBytes: Memory.peakResidentBytes)
  }

  /// Writes the index, some rows at a time.
  ///
  /// - Returns: its length.
  private func write(to path: String) throws -> Int {
    let rows = Tensor(rows: min(samples, 4096), columns: dimension)
    let features = TensorSource("image_features", shape: [samples, dimension], type: .float32) { body in
      for first in stride(from: 0, to: samples, by: rows.rows) {
        let part = rows.rows(0..<min(rows.rows, samples - first))
        part.fillWithDirections(seed: 2, first: first)
        try part.withFloats { try body(UnsafeRawBufferPointer($0)) }
      }
    }
    return try SafetensorsWriter.write(
      [features], to: path,
      metadata: [
        "format": "pt", "model": "random", "dataset": "random", "samples": "\(samples)", "undecodable": "0",
      ]
    ).bytes
  }
}
