public import Collectives
import Files
import Foundation
public import Shards
import Tensors

/// Embeds datasets into a file, in parts that each rank takes in turn.
///
/// A part is written beside the file as soon as it is done, so that a run that was ended in whatever way goes on where it
/// stood, with any number of ranks. The file gets its name when it is complete; then the parts are removed. Its bytes
/// depend on the model and the data alone, on processors of one kind: whatever the ranks, the threads and the parts, a
/// picture goes through the model with the same others.
public struct DatasetEmbedding {
  private let samples: ShardCollection
  private let encoder: Encoder
  private let path: String
  private let format: EmbeddingFormat
  private let plan: EmbeddingPlan

  /// Samples of a part are a multiple of this.
  public static let batch = Encoder.batch

  /// - Parameters:
  ///   - samples: the datasets, as one.
  ///   - encoder: the model; every rank has all of it.
  ///   - captions: whether the first caption of each sample is embedded as well; only of `.safetensors`.
  ///   - partSamples: samples of a part, in whole batches; nil: as many as suit the number of samples, at most 8,192.
  ///   - path: the file. What lies there is replaced when everything is embedded.
  /// - Throws: `FileError` where there are no samples.
  public init(
    _ samples: ShardCollection, by encoder: Encoder, captions: Bool, partSamples: Int?, into path: String,
    _ format: EmbeddingFormat
  ) throws {
    precondition(partSamples.map { $0 > 0 && $0 % Self.batch == 0 } ?? true, "parts of whole batches")
    precondition(!captions || format == .safetensors, "a NumPy file holds one matrix")
    guard samples.count > 0 else { throw FileError(samples.datasets[0].directory, "holds no samples to embed") }
    self.samples = samples
    self.encoder = encoder
    // Where it is a link, what it points to is replaced, and the parts lie beside that.
    self.path = Directory.exists(path) ? Directory.resolved(path) : path
    self.format = format
    plan = EmbeddingPlan(
      model: encoder.digest, dataset: samples.digest, samples: samples.count, dimension: encoder.dimension,
      hasTexts: captions, partSamples: partSamples ?? EmbeddingPlan.usualPartSamples(of: samples.count))
  }

  /// Embeds what is missing and writes the file; a file that is there and complete stays as it is.
  ///
  /// All ranks call it, and see the same directory.
  ///
  /// - Parameters:
  ///   - progress: told how many samples this rank has done, and how many were there at the beginning, of all ranks.
  ///   - warn: told of damaged parts, on the rank that found them.
  /// - Returns: what it has come to; what it says of undecodable pictures, on the first rank.
  public func run(
    in world: any Communicator, progress: (_ done: Int, _ kept: Int) -> Void = { _, _ in }, warn: (String) -> Void
  ) throws -> EmbeddingReport {
    try agree("model", plan.model, in: world)
    try agree("dataset", plan.dataset, in: world)
    let complete = world.isFirst ? completeFile : nil
    let directory = EmbeddedParts.path(for: path)
    // Complete, with the parts still there: it was ended while they were removed.
    let isDone = try world.broadcast(complete != nil && !Directory.exists(directory) ? 1 : 0) == 1
    if isDone { return report(undecodable: complete?.undecodable ?? 0, keptParts: plan.parts, isWritten: false) }

    let parts = try EmbeddedParts(plan, at: directory, in: world)
    try parts.checkIsShared(in: world)
    let isSound = try parts.survey(in: world, warn: warn)
    do {
      if try world.broadcast(complete == nil ? 0 : 1) == 0 {
        try embed(isSound.indices.filter { !isSound[$0] }, into: parts, in: world, progress)
      }
      try world.barrier()
    } catch {
      throw goingOn(error, parts, in: world)
    }
    let kept = isSound.count { $0 }
    guard world.isFirst else { return report(undecodable: 0, keptParts: kept, isWritten: complete == nil) }
    if let complete {
      try parts.remove()
      return report(undecodable: complete.undecodable, keptParts: plan.parts, isWritten: false)
    }
    let found: (undecodable: Int, examples: [String])
    do {
      found = try parts.assemble(format, to: path)
    } catch {
      throw goingOn(error, parts, in: world)
    }
    try parts.remove()
    return report(undecodable: found.undecodable, examples: found.examples, keptParts: kept, isWritten: true)
  }

  private func report(undecodable: Int, examples: [String] = [], keptParts: Int, isWritten: Bool) -> EmbeddingReport {
    EmbeddingReport(plan, undecodable: undecodable, examples: examples, keptParts: keptParts, isWritten: isWritten)
  }

  /// Embeds this rank's share of parts and writes each.
  private func embed(
    _ missing: [Int], into parts: EmbeddedParts, in world: any Communicator, _ progress: (Int, Int) -> Void
  ) throws {
    let own = stride(from: world.rank, to: missing.count, by: world.size).map { missing[$0] }
    let counts = own.map { plan.samples(of: $0).count }
    let kept = plan.samples - missing.reduce(0) { $0 + plan.samples(of: $1).count }
    // Of a rank's parts only the last may be shorter than others.
    let stream = PictureStream(counts.reduce(0, +), by: encoder) { [samples, plan] number in
      let (part, place) = number.quotientAndRemainder(dividingBy: plan.partSamples)
      let sample = try samples.sample(at: plan.samples(of: own[part]).lowerBound + place)
      let caption = plan.hasTexts ? sample.captions.first ?? sample.caption : ""
      return Encoder.EncodedPicture(name: "sample \(sample.key)", bytes: sample.picture, note: caption)
    }
    var done = 0
    for (number, count) in zip(own, counts) {
      let pictures = try stream.next(count) { progress(done + $0, kept) }
      var tensors = [(name: EmbeddingIndex.imageFeatures, rows: pictures.features)]
      if plan.hasTexts { tensors.append((EmbeddingIndex.textFeatures, try encoder.texts(pictures.notes))) }
      let flaws = pictures.flaws.sorted { $0.key < $1.key }.map { "\(pictures.names[$0.key]): \($0.value)" }
      try EmbeddedPart.write(number, of: plan, tensors, flaws: flaws, to: parts.path(of: number))
      done += count
    }
  }

  /// The file, where it is what this would write already; of a NumPy file nobody can tell.
  private var completeFile: EmbeddingIndex? {
    guard format == .safetensors, let index = try? EmbeddingIndex(path) else { return nil }
    let isSame =
      index.count == plan.samples && index.dimension == plan.dimension && index.model == "\(plan.model)"
      && index.dataset == "\(plan.dataset)" && index.hasTexts == plan.hasTexts
    return isSame && (try? index.prove()) != nil ? index : nil
  }

  /// An error, with what a person may do once its reason is gone.
  private func goingOn(_ error: any Error, _ parts: EmbeddedParts, in world: any Communicator) -> any Error {
    guard parts.holdsParts else {
      // Nothing was done that would be lost.
      if world.isFirst { try? parts.remove() }
      return error
    }
    guard let error = error as? FileError else { return error }
    return FileError(
      error.path, "\(error.reason); what was embedded so far is kept in \(parts.path): the same command goes on")
  }

  /// Throws on every rank whose digest is not the first rank's: a run that is still in training may have got another
  /// checkpoint meanwhile.
  private func agree(_ what: String, _ digest: Digest, in world: any Communicator) throws {
    let bytes = try world.broadcast(Array("\(digest)".utf8))
    let first = String(decoding: bytes, as: UTF8.self)
    guard first == "\(digest)" else {
      throw FileError(
        path,
        "rank \(world.rank) on \(ProcessInfo.processInfo.hostName) has another \(what) (\(digest)) than the first rank "
          + "(\(first)): of a run that goes on name a checkpoint of its own, such as my-run/step-…")
    }
  }
}
