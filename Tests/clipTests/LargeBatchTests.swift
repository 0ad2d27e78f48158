import Foundation
import Images
import Testing

extension RankTests {
  /// The paper's batch, on two ranks of this machine.
  @Suite struct LargeBatchTests {
    static let batch = 32768

    /// A tar of tiny pictures, all different, with captions.
    private func writeTar(to name: String, in scratch: Scratch) throws {
      var tar: [UInt8] = []
      func append(_ name: String, _ bytes: [UInt8]) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at place: Int) {
          header.replaceSubrange(place..<place + text.utf8.count, with: text.utf8)
        }
        put(name, at: 0)
        put("0000644", at: 100)
        let size = String(bytes.count, radix: 8)
        put(String(repeating: "0", count: 11 - size.count) + size, at: 124)
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar", at: 257)
        put("00", at: 263)
        let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
        put(String(repeating: "0", count: 6 - sum.count) + sum + "\0 ", at: 148)
        tar += header + bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
      }
      let words = ["red", "dog", "sea", "tall", "old", "two", "on", "hat", "far", "sun", "tree", "ice", "car", "we"]
      for number in 0..<Self.batch {
        var state = UInt64(number) &* 0x9E37_79B9_7F4A_7C15
        func next() -> Int {
          state = (state ^ state >> 29) &* 0xBF58_476D_1CE4_E5B9
          return Int(state >> 40)
        }
        let pixels = (0..<4).flatMap { _ in [UInt8(next() % 256), UInt8(next() % 256), UInt8(next() % 256)] }
        let key = String(100_000 + number)
        append("\(key).png", try Picture(size: PictureSize(width: 2, height: 2), pixels: pixels).encodedAsPNG())
        append("\(key).txt", Array((0..<4).map { _ in words[next() % words.count] }.joined(separator: " ").utf8))
      }
      try scratch.write(tar + [UInt8](repeating: 0, count: 1024), to: name)
    }

    @Test func aBatchOf32768FitsAndStartsAtItsLogarithm() throws {
      let scratch = try Scratch()
      try scratch.copy(Trained.packed.get().scratch("vocabulary.txt"), to: "vocabulary.txt")
      try writeTar(to: "tiny.tar", in: scratch)
      let packed = try scratch.succeed(["pack", "tiny.tar", "--into", "shards"])
      #expect(packed.output.hasPrefix("shards: 32768 samples"))
      try scratch.remove("tiny.tar")
      try scratch.succeed(
        Trained.command(
          steps: 1, "globalBatch=\(Self.batch)", "microBatch=1024", "model.embed_dim=128",
          "model.vision_cfg.image_size=16", "model.vision_cfg.layers=1", "model.text_cfg.layers=1",
          "model.text_cfg.context_length=8"),
        ranks: 2)
      let line = try #require(try JournalLine.all(of: "run", in: scratch).first)
      #expect(line.samples == Self.batch)
      #expect(abs(line.loss - log(Double(Self.batch))) < 0.2, "loss \(line.loss)")
      #expect(line.peakMemoryBytes < 4 << 30, "\(line.peakMemoryBytes) bytes")
    }
  }
}
