import Files

/// Samples of a directory of MosaicML streaming's MDS shards.
///
/// A shard is `u32 samples, u32 offsets[samples + 1], configuration, samples`, little-endian, offsets from the start of
/// the file. A sample is a `u32` size for each column of no fixed size, then the columns' bytes.
struct MDSSource: CandidateSource {
  private let directory: String
  private let index: MDSIndex
  private let imageColumn: Int
  private let captionColumn: Int
  /// Whether captions are in JSON, as beside a picture.
  private let isJSON: Bool
  /// The number of the shard that is open, or comes next.
  private var number = 0
  private var current: MDSShard?

  /// Encodings whose bytes are a picture's file, and those whose bytes are text.
  private static let pictureEncodings = ["jpeg", "png", "bytes"]
  private static let textEncodings = ["str", "json"]

  /// - Parameters:
  ///   - directory: of `index.json`.
  ///   - imageColumn: the column of pictures; nil: the only one that can hold them.
  ///   - captionColumn: the column of captions; nil: the only one that can hold them.
  init(_ directory: String, imageColumn: String?, captionColumn: String?) throws {
    self.directory = directory
    index = try MDSIndex.read(from: directory)
    let first = index.shards.first
    let names = first?.columnNames ?? []
    let encodings = first?.columnEncodings ?? []
    func column(_ wanted: String?, _ usable: [String], _ what: String, _ option: String) throws -> Int {
      let known = zip(names, encodings).map { "\"\($0)\" (\($1))" }.joined(separator: ", ")
      let fitting = names.indices.filter { usable.contains(encodings[$0]) }
      if let wanted {
        guard let column = names.firstIndex(of: wanted) else {
          throw FileError(directory, "has no column \"\(wanted)\", only \(known): see \(option)")
        }
        guard fitting.contains(column) else {
          throw FileError(
            directory, "column \"\(wanted)\" is \(encodings[column]), expected \(usable.joined(separator: ", "))")
        }
        return column
      }
      // Of text and JSON, the text.
      let plain = fitting.filter { encodings[$0] != "json" }
      if let column = plain.first, plain.count == 1 { return column }
      guard let column = fitting.first, fitting.count == 1 else {
        throw FileError(
          directory, "has \(fitting.count) columns that may hold \(what), among \(known): name one with \(option)")
      }
      return column
    }
    self.imageColumn = try column(imageColumn, Self.pictureEncodings, "pictures", "--image-column")
    self.captionColumn = try column(captionColumn, Self.textEncodings, "captions", "--caption-column")
    isJSON = encodings[self.captionColumn] == "json"
    for shard in index.shards where shard.columnNames != names || shard.columnEncodings != encodings {
      throw FileError(directory, "has shards of different columns, expected the same in all")
    }
  }

  var fraction: Double {
    (Double(number) + (current?.fraction ?? 0)) / Double(max(index.shards.count, 1))
  }

  mutating func next() throws -> Candidate? {
    while true {
      if let sample = try current?.next() {
        var candidate = Candidate(name: sample.name, picture: .bytes(Array(sample.columns[imageColumn])))
        let caption = Candidate.Content.bytes(Array(sample.columns[captionColumn]))
        if isJSON { candidate.json = caption } else { candidate.caption = caption }
        return candidate
      }
      if current != nil {
        current = nil
        number += 1
      }
      guard number < index.shards.count else { return nil }
      current = try MDSShard(index.shards[number], number: number, in: directory)
    }
  }
}
