public import Evaluation

/// How fast samples are read and prepared.
public struct DataReport: BenchmarkReport, Sendable {
  /// Shares of the time; together 1.
  struct Shares: Encodable, Sendable {
    let reading: Double
    let decompressing: Double
    let decoding: Double
    let resizing: Double
    let normalizing: Double
    let tokenizing: Double
    let other: Double

    var all: [(name: String, share: Double)] {
      [
        ("reading", reading), ("decompressing", decompressing), ("decoding", decoding), ("resizing", resizing),
        ("normalizing", normalizing), ("tokenizing", tokenizing), ("other", other),
      ]
    }
  }

  let samples: Int
  let undecodable: Int
  let pixels: Int
  /// Of one core.
  let samplesPerSecond: Double
  let secondsPerSample: Double
  /// What a sample takes of the processor, whatever else runs on it: less than `secondsPerSample` on a busy machine.
  let processorSecondsPerSample: Double
  let shares: Shares

  /// - Parameters:
  ///   - seconds: of all cores together.
  ///   - processorSeconds: what all processes took of their cores.
  ///   - parts: seconds of reading, decompressing, decoding, resizing, normalizing and tokenizing, of all cores
  ///     together.
  init(samples: Int, undecodable: Int, pixels: Int, seconds: Double, processorSeconds: Double, parts: [Double]) {
    self.samples = samples
    self.undecodable = undecodable
    self.pixels = pixels
    samplesPerSecond = Double(samples) / seconds
    secondsPerSample = seconds / Double(samples)
    processorSecondsPerSample = processorSeconds / Double(samples)
    let known = parts.map { $0 / seconds }
    shares = Shares(
      reading: known[0], decompressing: known[1], decoding: known[2], resizing: known[3],
      normalizing: known[4], tokenizing: known[5], other: max(1 - known.reduce(0, +), 0))
  }

  /// A line for each part.
  public func text(on machine: Machine) -> String {
    var table = Table("part", "a sample", "share")
    for (name, share) in shares.all {
      table.add(name, Figure.seconds(share * secondsPerSample), Figure.percent(share))
    }
    table.add("all", Figure.seconds(secondsPerSample))
    table.add("processor", Figure.seconds(processorSecondsPerSample))
    let lost = undecodable > 0 ? ", \(undecodable) of them undecodable" : ""
    let heading =
      "\(Figure.digits(samplesPerSecond)) samples a second on one core (\(samples) samples\(lost), "
      + "\(pixels) × \(pixels) pixels)"
    return ([heading, machine.processor, ""] + table.lines).joined(separator: "\n")
  }

  /// One bar of the parts of a sample's time.
  public func chart(on machine: Machine) -> BarChart {
    let unit = Figure.unit(for: secondsPerSample)
    let parts = shares.all.map { unit.perSecond * $0.share * secondsPerSample }
    return BarChart(
      title: "Where the time of reading a sample goes",
      subtitles: [
        "\(Figure.digits(samplesPerSecond)) samples a second on one core, \(samples) samples, "
          + "\(pixels) × \(pixels) pixels", machine.processor,
      ],
      unit: unit.name, partNames: shares.all.map(\.name),
      bars: [.init("", parts, figure: Figure.seconds(secondsPerSample))])
  }
}
