import ArgumentParser
import Foundation
import Shards

/// Makes a balanced dataset of larger ones.
struct Balance: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Keep the pairs whose captions hold one of many queries, about equally many for each query.",
    discussion: """
      As the data set of CLIP was made: 500,000 queries, up to 20,000 pairs each. A pair is drawn for each of its \
      queries with probability min(1, per-query / pairs of the query) and kept if any draw says so, so that all pairs \
      of rare queries stay. --strict draws exactly per-query pairs for each query, all where there are fewer; a query \
      then has more only by pairs kept for others. Pictures, captions and JSON keep their bytes; datasets, queries and \
      seed alone decide. A query is found where it stands as words, in whatever capitals.

      Example: clip balance my-shards --queries words.txt --into my-balanced
      """)

  @Argument(help: "Datasets to choose from, taken together as one.")
  var dataset: [String]

  @Option(help: ArgumentHelp("A text file with a query on each line.", valueName: "file"))
  var queries: String

  @Option(help: ArgumentHelp("Where the shards go: a new or empty directory.", valueName: "dir"))
  var into: String

  @Option(parsing: .unconditional, help: ArgumentHelp("Pairs to keep for a query.", valueName: "n"))
  var perQuery = 20_000

  @Option(parsing: .unconditional, help: ArgumentHelp("Decides the draws.", valueName: "n"))
  var seed = 0

  @Flag(help: "Keep exactly so many pairs for each query, at the price of one pass more over the captions.")
  var strict = false

  @OptionGroup var threads: ThreadOption
  @OptionGroup var output: Output

  func validate() throws {
    guard perQuery > 0 else { throw ValidationError("--per-query: expected at least 1") }
    guard seed >= 0 else { throw ValidationError("--seed: expected 0 or more") }
  }

  func run() throws {
    let list = try QueryList(contentsOf: queries)
    let data = try ShardCollection(dataset)
    let balancer = try Balancer(
      data, queries: list, perQuery: perQuery, seed: UInt64(seed), isStrict: strict, threads: threads.count)
    var searched = Meter("captions"), packed = Meter("samples")
    let report = try balancer.balance(into: into) { progress in
      switch progress {
      case .searching(let pairs): searched.show(pairs, " of \(data.count)")
      case .packing(let progress):
        packed.show(
          progress.samples, of: progress.fraction, from: progress.start, ", \(progress.dropped) left out")
      }
    }
    packed.end()
    try output.show(report, keys: .convertToSnakeCase) { text(report) }
  }

  private func text(_ report: BalanceReport) -> String {
    let share = String(format: "%.1f", 100 * report.matchedShare)
    var lines = [
      "\(into): \(counted(report.kept, "sample")) in \(counted(report.shards, "shard")), \(report.bytes) bytes",
      "pairs     \(report.pool), of which \(report.matched) (\(share) %) hold a query; \(report.kept) are kept",
      "words     \(report.words) in the captions kept",
      "queries   \(report.queries), of which \(report.queriesMatched) are found, \(report.queriesAtCap) in "
        + "\(counted(report.perQuery, "pair")) or more",
    ]
    let rows =
      [["pairs of a query", "queries before", "after"]]
      + report.histogram.map { row in
        [row.from == row.to ? "\(row.from)" : "\(row.from) to \(row.to)", "\(row.before)", "\(row.after)"]
      }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    lines += rows.map { row in
      zip(row, widths).map { cell, width in String(repeating: " ", count: width - cell.count) + cell }
        .joined(separator: "  ")
    }
    return lines.joined(separator: "\n")
  }
}
