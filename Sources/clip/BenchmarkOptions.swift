import ArgumentParser
import Benchmarks
import Collectives
import Evaluation
import Foundation

/// What all benchmarks share: threads, and where the result goes.
struct BenchmarkOptions: ParsableArguments {
  @OptionGroup var threads: ThreadOption

  @Flag(help: "Print the result as JSON.")
  var json = false

  @Option(help: ArgumentHelp("Draw the result, as a PNG.", valueName: "file"), transform: PNGFile.path)
  var plot: String?

  /// A report with the machine it is of, as one JSON object.
  private struct Measured<Report: BenchmarkReport>: Encodable {
    let report: Report
    let machine: Machine

    func encode(to encoder: any Swift.Encoder) throws {
      try report.encode(to: encoder)
      try machine.encode(to: encoder)
    }
  }

  /// Measures on all ranks; the first one prints and draws what it is given.
  func run(_ measure: (any Communicator) throws -> (some BenchmarkReport)?) throws {
    threads.apply()
    try World.run { world in
      guard let report = try measure(world), world.isFirst else { return }
      let machine = Machine(world)
      if json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        print(String(decoding: try encoder.encode(Measured(report: report, machine: machine)), as: UTF8.self))
      } else {
        print(report.text(on: machine))
      }
      if let plot { try report.chart(on: machine).write(to: plot) }
    } onError: { error, world in
      Failure.report(error, of: world)
    }
  }
}
