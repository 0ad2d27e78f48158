import ArgumentParser
import Evaluation
import Files
import Images
import Shards
import Tensors

/// Finds pictures by a sentence.
struct SearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search", abstract: "Find pictures by a sentence.",
    discussion: """
      Example:
        clip search --weights my-run --data my-shards "a red circle" --sheet found.png
      """)

  @OptionGroup var weights: WeightsOption

  @Option(help: ArgumentHelp("Datasets to search; may repeat.", valueName: "dir"))
  var data: [String]

  @Argument(help: "What to look for; each query is answered on its own.")
  var queries: [String]

  @Option(parsing: .unconditional, help: ArgumentHelp("How many pictures to show for a query.", valueName: "k"))
  var top = 5

  @Option(help: ArgumentHelp("Draw what was found, as a PNG.", valueName: "file"))
  var sheet: String?

  @OptionGroup var threads: ThreadOption
  @OptionGroup var output: Output

  private struct Found: Encodable {
    let key: String
    let caption: String
    let score: Float
  }

  private struct Answer: Encodable {
    let query: String
    let results: [Found]
  }

  func validate() throws {
    guard top > 0 else { throw ValidationError("--top: expected at least 1") }
    guard !queries.isEmpty else { throw ValidationError("name at least one query") }
    if let dataset = queries.first(where: { Directory.exists($0 + "/index.json") }) {
      throw ValidationError("\(dataset) is a dataset, not a query: name each with a --data of its own")
    }
  }

  func run() throws {
    let model = try DatasetEncoder(weights, data, threads)
    let samples = model.samples
    let hits = Search.best(top, of: try model.images(), for: try model.encoder.texts(queries))
    let answers = try zip(queries, hits).map { query, hits in
      Answer(
        query: query,
        results: try hits.map { hit in
          let sample = try samples.sample(at: hit.index)
          return Found(key: sample.key, caption: sample.caption.trimmed, score: hit.score)
        })
    }
    if let sheet { try draw(zip(queries, hits).map { ($0, $1) }, samples, to: sheet) }
    try output.show(answers) {
      answers.map { answer in
        answer.query + "\n"
          + answer.results
          .map { "  \(Self.rounded($0.score))  \($0.key)  \($0.caption.shortened)" }
          .joined(separator: "\n")
      }
      .joined(separator: "\n")
    }
  }

  private func draw(_ answers: [(String, [Search.Hit])], _ samples: ShardCollection, to path: String) throws {
    let rows = try answers.map { query, hits in
      ContactSheet.Row(
        heading: query,
        cells: try hits.map { hit in
          let sample = try samples.sample(at: hit.index)
          let picture = try Picture.decode(sample.picture)
          return ContactSheet.Cell(
            width: picture.width, height: picture.height, rgb: picture.pixels, label: Self.rounded(hit.score).trimmed,
            caption: sample.caption.trimmed)
        })
    }
    try ContactSheet(rows: rows).write(to: path)
  }

  /// Three decimals.
  private static func rounded(_ score: Float) -> String {
    let thousandths = Int((abs(score) * 1000).rounded())
    let digits = String(thousandths % 1000 + 1000).dropFirst()
    return "\(score < 0 ? "-" : " ")\(thousandths / 1000).\(digits)"
  }
}
