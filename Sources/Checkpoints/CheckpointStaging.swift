import Tensors

/// Memory for what a rank writes of a checkpoint: all of it, so that it stays as it was when a step ended, or a block of
/// it at a time.
struct CheckpointStaging: Sendable {
  private let shares: CheckpointShares
  private let rank: Int
  private let isWhole: Bool
  /// Training writes it, then the writer's thread reads it, in turn.
  private let memory: Tensor
  private static let numberBytes = StoredType.float32.byteCount

  /// Reserves the memory.
  init(_ shares: CheckpointShares, rank: Int, isWhole: Bool) {
    self.shares = shares
    self.rank = rank
    self.isWhole = isWhole
    let blocks = shares.blocks[rank].map(\.content.bytes.count)
    memory = Tensor(rows: 1, columns: (isWhole ? blocks.reduce(0, +) : blocks.max() ?? 0) / Self.numberBytes)
  }

  /// Has the system clear the memory, as it does where it is first touched. It takes seconds.
  func touch() {
    memory.withMutableBytes { bytes in
      for page in stride(from: 0, to: bytes.count, by: 4096) { bytes[page] = 0 }
    }
  }

  /// Copies a block.
  ///
  /// - Parameter source: the numbers of a part as one row.
  func copy(_ block: CheckpointShares.Block, from source: (TensorPart) -> Tensor) {
    let begin = block.offset, end = begin + block.content.bytes.count
    let target = memory.columns(place(of: block))
    for item in shares.sources(of: rank, in: begin..<end) {
      let first = item.offset, last = first + item.part.elements.count * Self.numberBytes
      let common = max(first, begin)..<min(last, end)
      func numbers(after offset: Int) -> Range<Int> {
        (common.lowerBound - offset) / Self.numberBytes..<(common.upperBound - offset) / Self.numberBytes
      }
      Tensors.copy(source(item.part).columns(numbers(after: first)), into: target.columns(numbers(after: begin)))
    }
    let header = shares.layout.files[block.content.file].layout.header, bytes = block.content.bytes
    guard bytes.lowerBound < header.count else { return }
    target.withMutableBytes { $0.copyBytes(from: header[bytes.lowerBound..<min(bytes.upperBound, header.count)]) }
  }

  /// Lends a block that was copied.
  func lend<Result>(
    _ block: CheckpointShares.Block, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try memory.columns(place(of: block)).withMutableBytes { try body(UnsafeRawBufferPointer($0)) }
  }

  /// Which numbers of the memory a block has.
  private func place(of block: CheckpointShares.Block) -> Range<Int> {
    let first = isWhole ? block.offset / Self.numberBytes : 0
    return first..<first + block.content.bytes.count / Self.numberBytes
  }
}
