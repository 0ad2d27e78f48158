import Captions
import Checkpoints
import Files
import Foundation
import Images
import Shards
import Tensors
import Testing
import Towers
import Training

/// Micro-batches are the same whoever reads them, and however many do.
@Suite struct BatchThreadsTests {
  private static let samples = 61
  private static let vision = 16
  private let directory: String

  /// Packs pictures of which some cannot be decoded, and some have two captions.
  init() throws {
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("reading-\(UUID().uuidString)").path
    try Directory.create(directory + "/in")
    for number in 0..<Self.samples {
      let side = 20 + number % 30
      let pixels = (0..<3 * side * (side + 9)).map { UInt8(truncatingIfNeeded: $0 * (number + 3) / 7) }
      let picture = Picture(size: PictureSize(width: side, height: side + 9), pixels: pixels)
      let file = number % 5 == 4 ? try picture.encodedAsPNG() : try picture.encodedAsJPEG()
      let name = "\(directory)/in/\(1000 + number)"
      let isCut = number % 20 == 7 || number % 20 == 8
      try Data(isCut ? Array(file[..<(file.count / 2)]) : file).write(to: URL(fileURLWithPath: name + ".jpg"))
      let json = number % 3 == 0 ? #"{"captions": ["first \#(number)", "second \#(number)"]}"# : #"{"caption": "it"}"#
      try Data(json.utf8).write(to: URL(fileURLWithPath: name + ".json"))
    }
    let packer = try Packer(samplesPerShard: 25, threads: 1) { PreparedPicture(bytes: $0, format: .jpg) }
    _ = try packer.pack([try PackInput(directory + "/in")], into: directory + "/shards")
  }

  private func threads(_ threads: Int, ahead: Int = 3, _ data: ShardCollection) -> BatchThreads {
    let reader = SampleReader(
      pixels: Self.vision, contextLength: 16, tokenizer: Tokenizer(Vocabulary(merges: [])), preprocessing: .clip)
    let plan = BatchPlan(
      shardSizes: data.shardSizes, samples: data.count, seed: 5, globalBatch: 40, microBatch: 7, rank: 1, ranks: 2)
    return BatchThreads(
      from: 0, threads: threads, ahead: ahead, PairReader(data, reader, .paper, for: VisionConfiguration())
    ) {
      plan.places(step: $0 / plan.microBatches, microBatch: $0 % plan.microBatches)
    }
  }

  @Test func theNumberOfThreadsIsNotInTheResult() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let data = try ShardCollection([directory + "/shards"])
    let alone = threads(1, data), several = threads(4, data)
    var skipped = 0
    for number in 0..<12 {
      let (expected, found) = (try alone.next(), try several.next())
      #expect(found.batch.count == (number % 3 == 2 ? 6 : 7))
      #expect(Array(found.batch.pictures.pixels.bytes) == Array(expected.batch.pictures.pixels.bytes))
      #expect(found.batch.captions.tokens == expected.batch.captions.tokens)
      #expect(found.skipped == expected.skipped)
      #expect(found.times.decoding > 0 && found.times.resizing > 0)
      skipped += found.skipped
    }
    #expect(skipped > 4)
  }

  /// One after the other, each sample decoded and framed as a whole.
  @Test func pairsAreWhatTheirPlacesSay() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let data = try ShardCollection([directory + "/shards"])
    let batch = try threads(3, data).next().batch
    let plan = BatchPlan(
      shardSizes: data.shardSizes, samples: data.count, seed: 5, globalBatch: 40, microBatch: 7, rank: 1, ranks: 2)
    let bytes = 3 * Self.vision * Self.vision
    for (row, place) in plan.places(step: 0, microBatch: 0).enumerated() {
      let sample = try data.sample(at: place.sample)
      guard let picture = try? Picture.decode(sample.picture) else { continue }
      var generator = CounterGenerator(seed: UInt64(Recipe.paper.seed), epoch: place.epoch, position: place.position)
      if sample.captions.count > 1 { _ = generator.next() }
      let framing = Crop(Recipe.paper.augmentation).framing(of: picture.size, pixels: Self.vision, using: &generator)
      let found = batch.pictures.pixels.bytes[row * bytes..<(row + 1) * bytes]
      #expect(Array(found) == picture.framed(framing).pixels, "row \(row)")
    }
  }

  @Test func damageIsThrownAndTheNextFollows() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let path = directory + "/shards/shard-000001.tar.zst"
    let data = try ShardCollection([directory + "/shards"])
    var shard = try FileReader.contents(of: path)
    shard[shard.count / 3] ^= 0x10
    try Data(shard).write(to: URL(fileURLWithPath: path))
    var messages: [Set<String>] = []
    for count in [1, 4] {
      let threads = threads(count, data)
      var found: Set<String> = []
      for _ in 0..<9 {
        do { _ = try threads.next() } catch { found.insert("\(error)") }
      }
      messages.append(found)
    }
    #expect(messages[0] == messages[1] && messages[0].count == 1)
    #expect(messages[0].first?.contains("shard-000001.tar.zst: frame ") == true)
  }

  @Test func groupsAreOfTheSamplesOfAFrame() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let data = try ShardCollection([directory + "/shards", directory + "/shards"])
    // 25 samples a shard: frames of 8, 8, 8 and 1.
    #expect(data.firstSample(readWith: 7) == 0 && data.firstSample(readWith: 24) == 24)
    #expect(data.firstSample(readWith: 26) == 25 && data.firstSample(readWith: 61 + 34) == 61 + 33)
    var times = ReadingTimes()
    let run = try data.run(around: 61 + 34, measuring: &times)
    #expect(run.numbers == 61 + 33..<61 + 41 && times.reading > 0 && times.decompressing > 0)
    for number in run.numbers {
      let sample = try data.sample(at: number)
      #expect(Array(run.picture(of: number)) == sample.picture && run.captions(of: number) == sample.captions)
    }
  }
}
