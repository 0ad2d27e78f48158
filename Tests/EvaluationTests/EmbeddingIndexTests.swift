import Checkpoints
import Evaluation
import Files
import Foundation
import Tensors
import Testing

/// Files of embeddings, as a search opens them.
@Suite struct EmbeddingIndexTests {
  let scratch: Scratch
  private static let sound = [
    "format": "pt", "model": "xxh64:0000000000000001", "dataset": "xxh64:0000000000000002", "samples": "5",
    "undecodable": "1",
  ]

  init() throws { scratch = try Scratch() }

  /// Writes five rows of four numbers: the axes in turn, the last one zeros.
  private func write(
    _ metadata: [String: String] = sound, name: String = "image_features", shape: [Int] = [5, 4],
    type: StoredType? = nil,
    _ change: (inout [Float]) -> Void = { _ in }
  ) throws -> String {
    var values = [Float](repeating: 0, count: shape.reduce(1, *))
    for row in 0..<4 where row * 5 < values.count { values[row * 5] = 1 }
    change(&values)
    let path = "\(scratch.path)/\(UUID().uuidString).safetensors"
    let source = TensorSource(name, shape: shape, type: type ?? .float32) { body in
      if type == nil {
        try values.withUnsafeBytes { try body($0) }
      } else {
        try values.map { Float16($0) }.withUnsafeBytes { try body($0) }
      }
    }
    try SafetensorsWriter.write([source], to: path, metadata: metadata)
    return path
  }

  private func expectError(_ parts: String..., from body: () throws -> Void) {
    let error = #expect(throws: FileError.self, performing: body)
    for part in parts { #expect(error?.description.contains(part) == true, "\(error?.description ?? "none")") }
  }

  @Test func rowsAreReadInStretches() throws {
    let index = try EmbeddingIndex(write())
    #expect(index.count == 5 && index.dimension == 4 && index.undecodable == 1 && !index.hasTexts)
    #expect(index.model == "xxh64:0000000000000001" && index.dataset == "xxh64:0000000000000002")
    for range in [0..<5, 1..<3, 4..<5, 2..<2] {
      let rows = Tensor(rows: range.count, columns: 4)
      try index.rows(range, into: rows)
      #expect(rows.values == range.flatMap { row in (0..<4).map { $0 == row ? 1 : 0 } })
    }
  }

  @Test func whatIsNoIndexIsNamed() throws {
    expectError("is no index: it has no tensor image_features", "clip embed --weights … --data … --into") {
      _ = try EmbeddingIndex(write(name: "features"))
    }
    expectError("are F32 of shape [20]") { _ = try EmbeddingIndex(write(shape: [20])) }
    expectError("are F16 of shape [5, 4]") { _ = try EmbeddingIndex(write(type: .float16)) }
    expectError("does not say of which model and dataset") { _ = try EmbeddingIndex(write(["format": "pt"])) }
    for (key, value) in [("samples", "4"), ("samples", "many"), ("undecodable", "6"), ("undecodable", "")] {
      expectError("it is damaged") { _ = try EmbeddingIndex(write(Self.sound.merging([key: value]) { $1 })) }
    }
    let path = try scratch.write("", to: "rows.npy")
    try FileWriter.write([0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0], to: path)
    expectError("is a NumPy file, which holds rows and not whose they are") { _ = try EmbeddingIndex(path) }
    expectError("cannot open") { _ = try EmbeddingIndex("\(scratch.path)/gone") }
    expectError("has 0 bytes") { _ = try EmbeddingIndex(scratch.write("", to: "empty")) }
  }

  @Test(arguments: [Float.nan, .infinity, 0.5, 1.01]) func aRowThatIsNoEmbeddingIsNamed(number: Float) throws {
    let index = try EmbeddingIndex(write { $0[10] = number })
    try index.rows(0..<2, into: Tensor(rows: 2, columns: 4))
    expectError("row 2 is no embedding") { try index.rows(1..<4, into: Tensor(rows: 3, columns: 4)) }
  }

  @Test func anotherModelIsNamed() throws {
    let index = try EmbeddingIndex(write())
    try index.check(samples: nil, model: nil, dimension: 4)
    try index.check(samples: nil, model: "xxh64:0000000000000001", dimension: 4)
    expectError("has embeddings of 4 numbers, the model's have 8") {
      try index.check(samples: nil, model: nil, dimension: 8)
    }
    expectError("is of another model (xxh64:0000000000000001) than these weights (xxh64:0000000000000003)") {
      try index.check(samples: nil, model: "xxh64:0000000000000003", dimension: 4)
    }
  }
}
