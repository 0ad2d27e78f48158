import Files

/// Which bytes of a checkpoint each rank writes.
///
/// A rank's bytes are cut into blocks, which lie one behind the other in the order of files and offsets; together, the
/// blocks of all ranks are all bytes of all files, once.
public struct CheckpointShares: Sendable {
  /// Some bytes that are written, read and checked as a whole.
  struct Block: Sendable {
    /// What they are, in the file as it is before it is compressed.
    let content: CheckpointLayout.Place
    /// Where they begin when all bytes of the rank lie one behind the other.
    let offset: Int
    /// Where they are in the file.
    var stored: Range<Int>
  }

  /// What a rank copies before it writes.
  struct Source: Sendable {
    let part: TensorPart
    /// Where the part begins among all bytes of the rank.
    let offset: Int
  }

  let layout: CheckpointLayout
  /// Of each rank.
  let blocks: [[Block]]
  /// Of each rank, in the order of bytes.
  private let sources: [[Source]]
  /// Of each file as it is stored.
  let fileBytes: [Int]
  /// Blocks are no longer than this: who needs a part of one reads all of it, and a flipped bit is known to be in one.
  static let blockBytes = 4 << 20

  /// - Parameters:
  ///   - layout: the checkpoint.
  ///   - parts: of each rank; every number of every tensor belongs to exactly one. The first rank writes the headers as
  ///     well.
  public init(of layout: CheckpointLayout, among parts: [[TensorPart]]) {
    self.layout = layout
    var blocks: [[Block]] = [], sources: [[Source]] = []
    for (rank, parts) in parts.enumerated() {
      let headers = rank > 0 ? [] : layout.files.indices.map { layout.placeOfHeader(of: $0) }
      let placed = headers.map { ($0, nil) } + parts.filter { !$0.elements.isEmpty }.map { (layout.place(of: $0), $0) }
      let share = Self.share(placed)
      blocks.append(Self.cut(share.runs))
      sources.append(share.sources)
    }
    (self.blocks, fileBytes) = Self.stored(blocks, layout)
    self.sources = sources
  }

  /// What a rank copies that has to do with some of its bytes.
  func sources(of rank: Int, in bytes: Range<Int>) -> ArraySlice<Source> {
    let all = sources[rank]
    // Parts lie one behind the other, with only headers between them: the last that begins no later may reach so far.
    let first = all.lastIndex { $0.offset <= bytes.lowerBound } ?? 0
    return all[first...].prefix { $0.offset < bytes.upperBound }
      .drop { $0.offset + $0.part.elements.count * StoredType.float32.byteCount <= bytes.lowerBound }
  }

  /// How many bytes a rank writes, before any is compressed.
  public func byteCount(of rank: Int) -> Int { blocks[rank].reduce(0) { $0 + $1.content.bytes.count } }

  /// What the manifest says of the files.
  ///
  /// - Parameter digests: of each rank's blocks, in their order.
  func entries(_ digests: [[Digest]]) -> [Manifest.Entry] {
    var found = [[(first: Int, block: Manifest.Block)]](repeating: [], count: layout.files.count)
    for (blocks, digests) in zip(blocks, digests) {
      for (block, digest) in zip(blocks, digests) {
        let isCompressed = layout.files[block.content.file].isCompressed
        found[block.content.file].append(
          (
            block.stored.lowerBound,
            Manifest.Block(
              bytes: block.stored.count, contentBytes: isCompressed ? block.content.bytes.count : nil, digest: digest)
          ))
      }
    }
    return zip(layout.files, found).map { file, blocks in
      Manifest.Entry(file: file.name, blocks: blocks.sorted { $0.first < $1.first }.map(\.block))
    }
  }

  /// Puts what a rank writes in order, and joins neighbours.
  private static func share(
    _ placed: [(place: CheckpointLayout.Place, part: TensorPart?)]
  ) -> (runs: [CheckpointLayout.Place], sources: [Source]) {
    var runs: [CheckpointLayout.Place] = [], sources: [Source] = [], offset = 0
    for (place, part) in placed.sorted(by: { $0.place < $1.place }) {
      if let part { sources.append(Source(part: part, offset: offset)) }
      offset += place.bytes.count
      if let last = runs.last, last.file == place.file, last.bytes.upperBound == place.bytes.lowerBound {
        runs[runs.count - 1].bytes = last.bytes.lowerBound..<place.bytes.upperBound
      } else {
        runs.append(place)
      }
    }
    return (runs, sources)
  }

  private static func cut(_ runs: [CheckpointLayout.Place]) -> [Block] {
    var offset = 0
    return runs.flatMap { run in
      stride(from: run.bytes.lowerBound, to: run.bytes.upperBound, by: blockBytes).map { lower in
        let bytes = lower..<min(lower + blockBytes, run.bytes.upperBound)
        defer { offset += bytes.count }
        return Block(content: .init(file: run.file, bytes: bytes), offset: offset, stored: bytes)
      }
    }
  }

  /// Finds where the blocks of all ranks are stored, and how long that makes the files.
  private static func stored(_ blocks: [[Block]], _ layout: CheckpointLayout) -> (blocks: [[Block]], fileBytes: [Int]) {
    var blocks = blocks
    var ends = [(content: Int, stored: Int)](repeating: (0, 0), count: layout.files.count)
    let order = blocks.indices.flatMap { rank in blocks[rank].indices.map { (rank, $0) } }
      .sorted { blocks[$0.0][$0.1].content < blocks[$1.0][$1.1].content }
    for (rank, index) in order {
      let content = blocks[rank][index].content, end = ends[content.file]
      precondition(end.content == content.bytes.lowerBound, "some bytes belong to no rank, or to two")
      let isCompressed = layout.files[content.file].isCompressed
      let count = isCompressed ? BlockCompression.slotBytes(for: content.bytes.count) : content.bytes.count
      blocks[rank][index].stored = end.stored..<end.stored + count
      ends[content.file] = (content.bytes.upperBound, end.stored + count)
    }
    precondition(
      zip(ends, layout.files).allSatisfy { $0.content == $1.layout.byteCount }, "some bytes belong to no rank")
    return (blocks, ends.map(\.stored))
  }
}
