import ArgumentParser
import Collectives
import Evaluation
import Files
import Shards

extension Embed {
  /// Embeds the datasets into the file, on all ranks.
  func embedDatasets(in world: any Communicator) throws {
    guard let format = EmbeddingFormat(ofFile: into) else { return }
    // Known before hours of work, not after.
    if world.isFirst { try FileWriter.check(into) }
    let samples = try ShardCollection(data)
    let encoder = try Encoder(weights.open(in: world), threads: threads.count)
    let embedding = try DatasetEmbedding(
      samples, by: encoder, captions: captions, partSamples: partSamples, into: into, format)
    var meter = WorldMeter("samples", in: world)
    let report = try embedding.run(in: world) { done, kept in
      meter.show(done, of: samples.count, from: kept)
    } warn: { warning in
      Failure.tell("warning: \(warning)")
    }
    meter.end()
    guard world.isFirst else { return }
    if let warning = report.warning { Failure.tell("warning: \(warning)") }
    try output.show(report) { text(report) }
  }

  private func text(_ report: EmbeddingReport) -> String {
    let shapes =
      [("image_features", report.imageFeatures)] + (report.textFeatures.map { [("text_features", $0)] } ?? [])
    guard report.isWritten else {
      return "\(into): is complete already, of this model and these data: \(Self.text(shapes)); nothing to do"
    }
    let kept =
      report.keptParts > 0 ? "; \(report.keptParts) of \(counted(report.parts, "part")) kept of an earlier run" : ""
    return "\(into): \(Self.text(shapes))\(kept)"
  }
}
