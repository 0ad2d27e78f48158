import Collectives
public import Evaluation
import Training

/// How fast training steps are.
public struct StepReport: BenchmarkReport, Sendable {
  /// Seconds of a step by phase, the mean of all ranks.
  struct Phases: Encodable, Sendable {
    let embed: Double
    let contrast: Double
    let backward: Double
    let reduce: Double
    let optimize: Double

    init(meanOf times: PhaseTimes, in world: any Communicator) throws {
      var numbers = [times.embed, times.contrast, times.backward, times.reduce, times.optimize]
      try numbers.withUnsafeMutableBufferPointer { try world.sum($0) }
      let means = numbers.map { $0 / Double(world.size) }
      (embed, contrast, backward, reduce, optimize) = (means[0], means[1], means[2], means[3], means[4])
    }

    var all: [(name: String, seconds: Double)] {
      [
        ("embed", embed), ("contrast", contrast), ("backward", backward), ("reduce", reduce), ("optimize", optimize),
      ]
    }
  }

  let model: String
  let recipe: String
  let precision: String
  let parameters: Int
  let batch: Int
  let globalBatch: Int
  let microBatch: Int
  let captionTokensMean: Double
  let steps: Int
  let samplesPerSecond: Double
  let bestSamplesPerSecond: Double
  let secondsPerStep: Double
  let bestSecondsPerStep: Double
  let seconds: Phases
  let loss: Double
  let usefulGflopPerSample: Double
  let usefulGflops: Double
  /// Of a large product by a library; in single precision, of the fastest.
  let gemmGflops: Double
  /// Of our own.
  let ownGemmGflops: Double
  let fractionOfPeak: Double
  let peakMemoryBytes: Int

  init(
    model: String, recipe: String, precision: String, parameters: Int, batch: Int, globalBatch: Int, microBatch: Int,
    captionTokensMean: Double, steps: Int, median: StepBenchmark.Taken, best: StepBenchmark.Taken,
    usefulOperations: Double, gemmGflops: Double, ownGemmGflops: Double, peakMemoryBytes: Int
  ) {
    self.model = model
    self.recipe = recipe
    self.precision = precision
    self.parameters = parameters
    self.batch = batch
    self.globalBatch = globalBatch
    self.microBatch = microBatch
    self.captionTokensMean = captionTokensMean
    self.steps = steps
    samplesPerSecond = Double(globalBatch) / median.seconds
    bestSamplesPerSecond = Double(globalBatch) / best.seconds
    secondsPerStep = median.seconds
    bestSecondsPerStep = best.seconds
    seconds = median.phases
    loss = median.loss
    usefulGflopPerSample = usefulOperations / Double(globalBatch) / 1e9
    usefulGflops = usefulOperations / median.seconds / 1e9
    self.gemmGflops = gemmGflops
    self.ownGemmGflops = ownGemmGflops
    fractionOfPeak = usefulGflops / gemmGflops
    self.peakMemoryBytes = peakMemoryBytes
  }

  private func summary(_ machine: Machine) -> String {
    let micro = microBatch < batch ? " in micro-batches of \(microBatch)" : ""
    return "\(model), batch \(globalBatch)\(micro), \(precision), \(machine.workers), captions of "
      + "\(Figure.digits(captionTokensMean)) tokens"
  }

  /// The phases of the median step, then the rates.
  public func text(on machine: Machine) -> String {
    var phases = Table("phase", "time", "share")
    for (name, seconds) in seconds.all {
      phases.add(name, Figure.seconds(seconds), Figure.percent(seconds / secondsPerStep))
    }
    phases.add("step, median of \(steps)", Figure.seconds(secondsPerStep))
    var rates = Table("rate", "median", "best")
    rates.add("samples a second", Figure.digits(samplesPerSecond), Figure.digits(bestSamplesPerSecond))
    let bestGflops = usefulGflops * secondsPerStep / bestSecondsPerStep
    rates.add("useful GFLOP/s", Figure.digits(usefulGflops), Figure.digits(bestGflops))
    rates.add("GFLOP/s of a library's large product", "", Figure.digits(gemmGflops))
    if ownGemmGflops != gemmGflops { rates.add("GFLOP/s of our own large product", "", Figure.digits(ownGemmGflops)) }
    rates.add(
      "useful / the library's large product", Figure.percent(fractionOfPeak), Figure.percent(bestGflops / gemmGflops))
    let last =
      "\(Figure.digits(usefulGflopPerSample)) GFLOP a sample, peak memory of a rank \(Figure.bytes(peakMemoryBytes))"
    return ([summary(machine), machine.processor, ""] + phases.lines + [""] + rates.lines + ["", last])
      .joined(separator: "\n")
  }

  /// One bar of the phases of the median step.
  public func chart(on machine: Machine) -> BarChart {
    let unit = Figure.unit(for: secondsPerStep)
    return BarChart(
      title: "Where a training step's time goes",
      subtitles: [
        summary(machine), machine.processor,
        "\(Figure.digits(samplesPerSecond)) samples a second, \(Figure.digits(usefulGflops)) useful GFLOP/s: "
          + "\(Figure.percent(fractionOfPeak)) of a library's large product",
      ],
      unit: unit.name, partNames: seconds.all.map(\.name),
      bars: [.init("", seconds.all.map { unit.perSecond * $0.seconds }, figure: Figure.seconds(secondsPerStep))])
  }
}
