import Files

/// Where pictures and captions come from.
public struct PackInput: Equatable, Sendable {
  /// What is read of inputs that leave a choice.
  public struct Options: Equatable, Sendable {
    /// The column of a table or an MDS directory that holds pictures or their paths; nil: a table's `filepath`, an MDS
    /// directory's only column of pictures.
    public var imageColumn: String?
    /// The column that holds captions; nil: a table's `title`, an MDS directory's only column of text.
    public var captionColumn: String?
    /// The caption of a folder's pictures that have none of their own: `{}` stands for the name of the folder they lie
    /// in, its underscores made spaces.
    public var captionTemplate: String?

    /// The usual choices, or others.
    public init(imageColumn: String? = nil, captionColumn: String? = nil, captionTemplate: String? = nil) {
      self.imageColumn = imageColumn
      self.captionColumn = captionColumn
      self.captionTemplate = captionTemplate
    }
  }

  private enum Kind: Equatable {
    case folder
    case tar(Compression)
    case table(separator: UInt8)
    case mds
    case balanced(BalancedPairs)
  }

  private enum Compression: String, CaseIterable {
    case none = ".tar"
    case zstd = ".tar.zst"
    case gzip = ".tar.gz"
    case shortGzip = ".tgz"
  }

  /// The folder or file.
  public let path: String
  private let kind: Kind
  private let options: Options

  /// Recognises an input by what lies at `path`.
  ///
  /// * A folder: pictures (`.jpg .jpeg .png .webp`), at any depth, each with `NAME.txt`, or with `NAME.json` holding
  ///   `{"caption": …}` or `{"captions": […]}`.
  /// * `.tar`, `.tar.gz`, `.tgz` or `.tar.zst`: a WebDataset, as img2dataset writes it.
  /// * `.csv` or `.tsv`: a table with a header, of paths (relative to the table) and captions.
  /// * A directory of MosaicML's MDS shards, by its `index.json`.
  ///
  /// - Parameters:
  ///   - path: the folder or file.
  ///   - options: what is read of it.
  public init(_ path: String, _ options: Options = Options()) throws {
    self.path = path
    self.options = options
    let name = path.lowercased()
    guard Directory.exists(path) else { throw FileError(path, "is not there") }
    if Directory.isDirectory(path) {
      kind = MDSIndex.isPresent(in: path) ? .mds : .folder
    } else if let compression = Compression.allCases.first(where: { name.hasSuffix($0.rawValue) }) {
      kind = .tar(compression)
    } else if name.hasSuffix(".csv") || name.hasSuffix(".tsv") {
      kind = .table(separator: UInt8(ascii: name.hasSuffix(".csv") ? "," : "\t"))
    } else {
      throw FileError(
        path, "is not something to pack: expected a folder, .tar, .tar.gz, .tgz, .tar.zst, .csv or .tsv")
    }
  }

  /// Pairs of packed datasets that stay as they are.
  init(_ pairs: BalancedPairs) {
    path = pairs.path
    kind = .balanced(pairs)
    options = Options()
  }

  /// What a person means by a path: the input that lies there; for a folder of tars, as img2dataset leaves one or
  /// `clip pack` itself, each of them in the order of their names.
  ///
  /// - Throws: `FileError` for a folder of both tars and pictures, and for one where img2dataset has not finished.
  public static func inputs(at path: String, _ options: Options = Options()) throws -> [PackInput] {
    let input = try PackInput(path, options)
    guard case .folder = input.kind else { return [input] }
    let names = try Directory.names(in: path)
    let tars = names.filter { name in
      !name.hasPrefix(".") && Compression.allCases.contains { name.lowercased().hasSuffix($0.rawValue) }
    }
    guard let tar = tars.first else { return [input] }
    let pictures = names.filter { StoredFormat(fileExtension: String($0.split(separator: ".").last ?? "")) != nil }
    if let picture = pictures.first {
      throw FileError(
        path, "holds tars and pictures (\(tar), \(picture)): name what is meant, as in \(path)/\(tar)")
    }
    let finished = Set(names.filter { $0.hasSuffix("_stats.json") }.map { $0.dropLast("_stats.json".count) })
    if !finished.isEmpty, let open = tars.first(where: { !finished.contains($0.prefix { $0 != "." }) }) {
      throw FileError(
        "\(path)/\(open)",
        "has no _stats.json beside it, as others here have: img2dataset has not finished it; "
          + "let it finish, or move the tar away")
    }
    return try tars.map { try PackInput("\(path)/\($0)", options) }
  }

  /// What it should have held.
  var expectation: String {
    switch kind {
    case .folder: "pictures (.jpg .jpeg .png .webp) each with NAME.txt, or NAME.json holding {\"caption\": …}"
    case .tar: "members KEY.jpg, .jpeg, .png or .webp, each with KEY.txt, or KEY.json holding {\"caption\": …}"
    case .table: "rows with the path of a picture in \"\(imageColumn)\" and a caption in \"\(captionColumn)\""
    case .mds: "samples with a picture and a caption"
    case .balanced: "pairs in which a query is found"
    }
  }

  private var imageColumn: String { options.imageColumn ?? "filepath" }
  private var captionColumn: String { options.captionColumn ?? "title" }

  /// What a packing notes of it before it is read.
  func journalInput() throws -> PackJournal.Input {
    switch kind {
    case .folder, .balanced: return .init(path: path, bytes: nil, modified: nil)
    case .mds: return .init(path: path, bytes: nil, modified: try? Directory.modified(MDSIndex.path(in: path)))
    case .tar, .table:
      return .init(path: path, bytes: try FileReader(path).count, modified: try Directory.modified(path))
    }
  }

  /// Starts reading.
  func source() throws -> any CandidateSource {
    switch kind {
    case .folder: return try FolderSource(path, captionTemplate: options.captionTemplate)
    case .tar(let compression):
      let file = try FileReader(path)
      let chunks: any ByteChunks =
        switch compression {
        case .none: FileChunks(file)
        case .zstd: try ZstdChunks(file)
        case .gzip, .shortGzip: try GzipChunks(file)
        }
      return TarSource(path: path, chunks)
    case .table(let separator):
      return try TableSource(path, separator: separator, imageColumn: imageColumn, captionColumn: captionColumn)
    case .mds:
      return try MDSSource(path, imageColumn: options.imageColumn, captionColumn: options.captionColumn)
    case .balanced(let pairs): return pairs.source()
    }
  }
}
