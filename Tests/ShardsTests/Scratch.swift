import Files
import Foundation
import Shards

/// A directory of its own for a test, removed when the test is over.
final class Scratch {
  let path = NSTemporaryDirectory() + "shards-\(UUID().uuidString)"

  init() throws { try Directory.create(path) }

  deinit { try? Directory.remove(path) }

  /// Writes a file, making the folders above it.
  func write(_ bytes: [UInt8], to name: String) throws {
    let path = "\(self.path)/\(name)"
    try Directory.create(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
    try FileWriter.write(bytes, to: path)
  }

  func write(_ text: String, to name: String) throws {
    try write(Array(text.utf8), to: name)
  }

  /// Writes pictures with captions into `photos`.
  func writePhotos(_ count: Int, bytes: Int = 700) throws {
    for number in 0..<count {
      try write(picture(number, count: bytes + 13 * number), to: "photos/\(number % 3)/p\(number).jpg")
      try write("caption \(number), größe 猫\n", to: "photos/\(number % 3)/p\(number).txt")
    }
  }

  /// Packs inputs of this directory into `dataset` in it.
  @discardableResult
  func pack(
    _ inputs: [String], samplesPerShard: Int = 10_000, bytesPerShard: Int = 256 << 20, threads: Int = 2
  ) throws -> ShardIndex {
    let packer = try Packer(
      samplesPerShard: samplesPerShard, bytesPerShard: bytesPerShard, threads: threads, prepare: prepare)
    return try packer.pack(try inputs.map { try PackInput("\(path)/\($0)") }, into: dataset).index
  }

  var dataset: String { "\(path)/dataset" }
  func shard(_ number: Int) -> String { "\(dataset)/shard-00000\(number).tar.zst" }

  func read(_ path: String) throws -> [UInt8] { try FileReader.contents(of: path) }
}

/// Bytes that stand for a picture, and do not compress.
func picture(_ number: Int, count: Int = 700) -> [UInt8] {
  var generator = SystemlessGenerator(state: UInt64(number))
  return Array("PIC".utf8) + (3..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}

/// Takes what ``picture(_:count:)`` makes; the first letter says what to make of others.
@Sendable func prepare(_ bytes: [UInt8]) throws -> PreparedPicture {
  switch bytes.first {
  case UInt8(ascii: "P"), 0x89: PreparedPicture(bytes: bytes, format: .jpg)
  case UInt8(ascii: "G"): PreparedPicture(bytes: picture(0, count: 17 << 20), format: .png)
  case UInt8(ascii: "D"): throw FileError("decoder", "is out of order")
  default: throw UnusableSample(reason: "bad_image")
  }
}

/// The same numbers on every run.
struct SystemlessGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state ^ state >> 29) &* 0xBF58_476D_1CE4_E5B9
  }
}

/// A file of `Fixtures`.
func fixture(_ name: String) -> String {
  Bundle.module.bundlePath + "/Fixtures/" + name
}

extension ShardDataset {
  /// All its samples.
  func all() throws -> [Sample] {
    try (0..<count).map { try sample(at: $0) }
  }
}
