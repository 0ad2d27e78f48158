import ArgumentParser
import Evaluation
import Files
import Images
import Shards
import Tensors

/// Finds pictures by a sentence or by another picture.
struct SearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search", abstract: "Find pictures by a sentence, or by another picture.",
    discussion: """
      All pictures are looked through, so that none is missed. With --index they need
      not be embedded first; it may hold any number of them, as it is read in parts.
      Pictures that cannot be decoded have no embedding there and are not found.

      Example:
        clip search --weights my-run --data my-shards "a red circle" \\
          --sheet found.png
        clip embed --weights my-run --data my-shards --into my-index.safetensors
        clip search --weights my-run --data my-shards --index my-index.safetensors \\
          "a red circle" --image drawing.jpg
      """)

  @OptionGroup var weights: WeightsOption

  @Option(help: ArgumentHelp("Datasets to search; may repeat.", valueName: "dir"))
  var data: [String] = []

  @OptionGroup var index: IndexOption

  @Argument(help: "What to look for; each query is answered on its own.")
  var queries: [String] = []

  @Option(help: ArgumentHelp("A picture to look for, answered behind the queries; may repeat.", valueName: "file"))
  var image: [String] = []

  @Option(parsing: .unconditional, help: ArgumentHelp("How many pictures to show for a query.", valueName: "k"))
  var top = 5

  @Option(help: ArgumentHelp("Draw what was found, as a PNG.", valueName: "file"), transform: PNGFile.path)
  var sheet: String?

  @OptionGroup var threads: ThreadOption
  @OptionGroup var output: Output

  /// What is looked for.
  private enum Query {
    case sentence(String)
    case picture(path: String, bytes: [UInt8])

    /// What it is called, on one line.
    var heading: String {
      switch self {
      case .sentence(let text): text
      case .picture(let path, _): path.split(separator: "/").last.map(String.init) ?? path
      }
    }
  }

  private struct Found: Encodable {
    /// The sample's number, counted through all datasets, and the row of an index.
    let index: Int
    let key: String
    let caption: String
    let score: Float
  }

  /// What was found for a sentence, or for the picture in a file.
  private struct Answer: Encodable {
    let query: String?
    let image: String?
    let results: [Found]

    init(_ query: Query, _ results: [Found]) {
      switch query {
      case .sentence(let text): (self.query, image) = (text, nil)
      case .picture(let path, _): (self.query, image) = (nil, path)
      }
      self.results = results
    }
  }

  func validate() throws {
    guard top > 0 else { throw ValidationError("--top: expected at least 1") }
    guard !queries.isEmpty || !image.isEmpty else {
      throw ValidationError("name at least one query: a sentence, or a picture with --image")
    }
    if let dataset = queries.first(where: { Directory.exists($0 + "/index.json") }) {
      throw ValidationError("\(dataset) is a dataset, not a query: name each with a --data of its own")
    }
    guard queries.allSatisfy({ !$0.trimmed.isEmpty }) else {
      throw ValidationError("found an empty query, expected what a picture may show")
    }
    try index.check(data: data)
  }

  func run() throws {
    // Known before the pictures are embedded, not after.
    try sheet.map { try FileWriter.check($0) }
    let queries: [Query] =
      try queries.map { .sentence($0) }
      + image.map { .picture(path: $0, bytes: try FileReader.contents(of: $0)) }
    let model = try DatasetEncoder(weights, data, index, threads)
    let samples = model.samples
    let embeddings = try Self.embeddings(of: queries, by: model.encoder)
    let hits = try Search.best(top, of: try model.images(), for: embeddings)
    let answers = try zip(queries, hits).map { query, hits in
      Answer(
        query,
        try hits.map { hit in
          let sample = try samples.sample(at: hit.index)
          return Found(index: hit.index, key: sample.key, caption: sample.caption.trimmed, score: hit.score)
        })
    }
    if let sheet {
      let rows = try zip(queries, hits).map { try Self.row($0, $1, of: samples) }
      try ContactSheet(rows: rows).write(to: sheet)
    }
    try output.show(answers) {
      answers.map { answer in
        (answer.query ?? answer.image ?? "") + "\n"
          + answer.results
          .map { "  \(Self.rounded($0.score))  \($0.key)  \($0.caption.shortened)" }
          .joined(separator: "\n")
      }
      .joined(separator: "\n")
    }
  }

  /// The embeddings of queries, (queries, embedding).
  private static func embeddings(of queries: [Query], by encoder: Encoder) throws -> Tensor {
    var sentences: [(row: Int, text: String)] = [], pictures: [(row: Int, path: String, bytes: [UInt8])] = []
    for (row, query) in queries.enumerated() {
      switch query {
      case .sentence(let text): sentences.append((row, text))
      case .picture(let path, let bytes): pictures.append((row, path, bytes))
      }
    }
    let embeddings = Tensor(rows: queries.count, columns: encoder.dimension)
    func set(_ rows: [Int], to found: Tensor) {
      for (place, row) in rows.enumerated() {
        embeddings.rows(row..<row + 1).set(found.rows(place..<place + 1).values)
      }
    }
    set(sentences.map(\.row), to: try encoder.texts(sentences.map(\.text)))
    let encoded = pictures.map { (name: $0.path, bytes: $0.bytes) }
    set(pictures.map(\.row), to: try encoder.images(encoded.count) { encoded[$0] })
    return embeddings
  }

  /// What a query found; a picture that was looked for comes first.
  private static func row(
    _ query: Query, _ hits: [Search.Hit], of samples: ShardCollection
  ) throws -> ContactSheet.Row {
    var cells: [ContactSheet.Cell] = []
    if case .picture(_, let bytes) = query { cells.append(try cell(bytes, label: "query", caption: "")) }
    for hit in hits {
      let sample = try samples.sample(at: hit.index)
      cells.append(try cell(sample.picture, label: rounded(hit.score).trimmed, caption: sample.caption.trimmed))
    }
    return ContactSheet.Row(heading: query.heading, cells: cells)
  }

  private static func cell(_ bytes: [UInt8], label: String, caption: String) throws -> ContactSheet.Cell {
    let picture = try Picture.decode(bytes)
    return ContactSheet.Cell(
      width: picture.width, height: picture.height, rgb: picture.pixels, label: label, caption: caption)
  }

  /// Three decimals.
  private static func rounded(_ score: Float) -> String {
    let thousandths = Int((abs(score) * 1000).rounded())
    let digits = String(thousandths % 1000 + 1000).dropFirst()
    return "\(score < 0 ? "-" : " ")\(thousandths / 1000).\(digits)"
  }
}
