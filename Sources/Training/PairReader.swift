import Files
package import Images
package import Shards
import Tensors
package import Towers

/// Reads the pairs of a micro-batch, from the shards to pixels and tokens.
///
/// A pair is a function of its place alone, whichever thread or rank reads it.
package struct PairReader: Sendable {
  private let data: ShardCollection
  private let reader: SampleReader
  private let augmentation: Augmentation
  private let crop: Crop
  private let seed: UInt64
  private let patchDropout: PatchDropout
  private let spares = PictureMemory.Spares()

  /// - Parameters:
  ///   - data: the samples.
  ///   - reader: what makes them the model's input.
  ///   - recipe: the crop, the share of patches left out, and what both are drawn from.
  ///   - vision: what will read the pictures.
  package init(
    _ data: ShardCollection, _ reader: SampleReader, _ recipe: Recipe, for vision: VisionConfiguration
  ) {
    self.data = data
    self.reader = reader
    augmentation = recipe.augmentation
    crop = Crop(augmentation)
    seed = UInt64(recipe.seed)
    patchDropout = PatchDropout(vision, recipe)
  }

  /// What was read of a micro-batch.
  package struct Reading {
    /// The tokens of the captions of some rows.
    package fileprivate(set) var tokens: [(row: Int, tokens: [Int32])] = []
    /// Pictures that could not be decoded and were replaced.
    package fileprivate(set) var skipped = 0
    /// What it took.
    package fileprivate(set) var times = ReadingTimes()
  }

  /// Rows of a micro-batch in groups of those whose samples are read together, in the order of the first of each.
  package func groups(of places: [BatchPlan.Place]) -> [[Int]] {
    var groups: [[Int]] = []
    var known: [Int: Int] = [:]
    for (row, place) in places.enumerated() {
      let first = data.firstSample(readWith: place.sample)
      if let group = known[first] {
        groups[group].append(row)
      } else {
        known[first] = groups.count
        groups.append([row])
      }
    }
    return groups
  }

  /// What decodes and crops pictures, for one thread.
  package func framer() -> PictureFramer {
    PictureFramer(dividingLargeOnes: augmentation.decoding == .scaled)
  }

  /// Memory for the pictures of a micro-batch.
  package func memory(for pictures: Int) -> PictureMemory {
    PictureMemory(count: pictures * reader.pictureBytes, from: spares)
  }

  /// Packs pictures with their captions.
  package func microBatch(_ pictures: PictureMemory, tokens: [[Int32]], of places: [BatchPlan.Place]) -> MicroBatch {
    MicroBatch(
      pictures: reader.pack(pictures, count: tokens.count, seeing: patchDropout.patches(at: places)),
      captions: PackedCaptions(tokens))
  }

  /// Reads the pairs of some rows: a group, so that what lies together is read and decompressed once.
  ///
  /// - Parameters:
  ///   - places: of all rows of the micro-batch.
  ///   - pictures: the memory of all of them.
  ///   - framer: this thread's.
  package func read(
    _ rows: [Int], of places: [BatchPlan.Place], into pictures: PictureMemory, _ framer: PictureFramer
  ) throws -> Reading {
    var reading = Reading()
    var run: SampleRun?
    for row in rows {
      let count = reader.pictureBytes
      let room = UnsafeMutableBufferPointer(rebasing: pictures.bytes[row * count..<(row + 1) * count])
      reading.tokens.append((row, try pair(at: places[row], into: room, framer, &run, &reading)))
    }
    return reading
  }

  /// Reads a pair.
  ///
  /// A picture that cannot be decoded is the data's fault, not the disk's: the next sample stands in for it, the same one
  /// whoever asks, so that all ranks stay in step.
  ///
  /// - Parameter run: the samples that were read last.
  /// - Returns: the caption's tokens.
  private func pair(
    at place: BatchPlan.Place, into pixels: UnsafeMutableBufferPointer<UInt8>, _ framer: PictureFramer,
    _ run: inout SampleRun?, _ reading: inout Reading
  ) throws -> [Int32] {
    var generator = CounterGenerator(seed: seed, epoch: place.epoch, position: place.position)
    for next in 0..<min(data.count, 100) {
      let number = (place.sample + next) % data.count
      let samples: SampleRun
      if let run, run.numbers.contains(number) {
        samples = run
      } else {
        samples = try data.run(around: number, measuring: &reading.times)
        run = samples
      }
      let captions = samples.captions(of: number)
      // By hand: what the standard library draws may change with its version, and a resumed run with it.
      let drawn = captions.count > 1 ? Int(generator.next().multipliedFullWidth(by: UInt64(captions.count)).high) : 0
      do {
        try reader.read(
          samples.picture(of: number).span, crop: crop, using: &generator, framer, into: pixels,
          measuring: &reading.times)
      } catch is ImageError {
        reading.skipped += 1
        continue
      }
      return reading.times.measure(\.tokenizing) { reader.tokens(of: captions[drawn]) }
    }
    throw FileError(
      data.datasets.map(\.directory).joined(separator: ", "),
      "a hundred samples in a row from sample \(place.sample) on cannot be decoded: pack the pictures again, which leaves "
        + "such out and names them")
  }
}
