import Files

/// Where pictures and captions come from.
public struct PackInput: Equatable, Sendable {
  private enum Kind: Equatable {
    case folder
    case tar(isCompressed: Bool)
    case table(separator: UInt8)
    case balanced(BalancedPairs)
  }

  /// The folder or file.
  public let path: String
  private let kind: Kind
  private let imageColumn: String
  private let captionColumn: String

  /// Recognises an input by what lies at `path`.
  ///
  /// * A folder: pictures (`.jpg .jpeg .png .webp`), at any depth, each with `NAME.txt`, or with `NAME.json` holding
  ///   `{"caption": …}` or `{"captions": […]}`.
  /// * `.tar` or `.tar.zst`: a WebDataset, as img2dataset writes it.
  /// * `.csv` or `.tsv`: a table with a header, of paths (relative to the table) and captions.
  ///
  /// - Parameters:
  ///   - path: the folder or file.
  ///   - imageColumn: the column of a table that holds paths.
  ///   - captionColumn: the column of a table that holds captions.
  public init(_ path: String, imageColumn: String = "filepath", captionColumn: String = "title") throws {
    self.path = path
    self.imageColumn = imageColumn
    self.captionColumn = captionColumn
    let name = path.lowercased()
    guard Directory.exists(path) else { throw FileError(path, "is not there") }
    if Directory.isDirectory(path) {
      kind = .folder
    } else if name.hasSuffix(".tar") || name.hasSuffix(".tar.zst") {
      kind = .tar(isCompressed: name.hasSuffix(".zst"))
    } else if name.hasSuffix(".csv") || name.hasSuffix(".tsv") {
      kind = .table(separator: UInt8(ascii: name.hasSuffix(".csv") ? "," : "\t"))
    } else {
      throw FileError(path, "is not something to pack: expected a folder, .tar, .tar.zst, .csv or .tsv")
    }
  }

  /// Pairs of packed datasets that stay as they are.
  init(_ pairs: BalancedPairs) {
    path = pairs.path
    kind = .balanced(pairs)
    imageColumn = ""
    captionColumn = ""
  }

  /// What it should have held.
  var expectation: String {
    switch kind {
    case .folder: "pictures (.jpg .jpeg .png .webp) each with NAME.txt, or NAME.json holding {\"caption\": …}"
    case .tar: "members KEY.jpg, .jpeg, .png or .webp, each with KEY.txt, or KEY.json holding {\"caption\": …}"
    case .table: "rows with the path of a picture in \"\(imageColumn)\" and a caption in \"\(captionColumn)\""
    case .balanced: "pairs in which a query is found"
    }
  }

  /// Starts reading.
  func source() throws -> any CandidateSource {
    switch kind {
    case .folder: return try FolderSource(path)
    case .tar(let isCompressed):
      let file = try FileReader(path)
      return TarSource(path: path, isCompressed ? try ZstdChunks(file) : FileChunks(file))
    case .table(let separator):
      return try TableSource(path, separator: separator, imageColumn: imageColumn, captionColumn: captionColumn)
    case .balanced(let pairs): return pairs.source()
    }
  }
}
