import Files

/// Samples of a WebDataset tar: neighbouring members with the same key.
struct TarSource: CandidateSource {
  private var tar: TarReader
  /// The candidate whose members are still being collected.
  private var collected: Candidate?

  /// - Parameters:
  ///   - path: the file's name, for errors.
  ///   - chunks: the bytes of the tar itself.
  init(path: String, _ chunks: any ByteChunks) {
    tar = TarReader(path: path, chunks)
  }

  var fraction: Double { tar.fraction }

  mutating func next() throws -> Candidate? {
    while let header = try tar.next() {
      let name = MemberName(header.name)
      // Names that start with a dot are what macOS adds; webdataset passes over them too.
      guard !name.key.isEmpty, !name.key.hasSuffix("/") else { continue }
      guard let part = Self.part(name.fileExtension) else {
        // `3.x.jpg` is no picture of sample 3, as webdataset reads names; where 3 has no other, it is missed.
        let last = name.fileExtension.split(separator: ".").last.map(String.init) ?? ""
        guard Self.part(last) != nil, collected?.name != name.key else { continue }
        let finished = collected
        collected = Candidate(name: name.key)
        if let finished { return finished }
        continue
      }
      let content: Candidate.Content =
        header.count <= ShardLimits.inputCount ? .bytes(try tar.data(of: header)) : .tooLarge
      if var candidate = collected, candidate.name == name.key, candidate[keyPath: part] == nil {
        candidate[keyPath: part] = content
        collected = candidate
        continue
      }
      let finished = collected
      var candidate = Candidate(name: name.key)
      candidate[keyPath: part] = content
      collected = candidate
      if let finished { return finished }
    }
    defer { collected = nil }
    return collected
  }

  /// What a member is to its sample; nil for members that are passed over.
  private static func part(_ fileExtension: String) -> WritableKeyPath<Candidate, Candidate.Content?>? {
    if StoredFormat(fileExtension: fileExtension) != nil { return \.picture }
    return switch fileExtension {
    case "txt": \.caption
    case "json": \.json
    default: nil
    }
  }
}
