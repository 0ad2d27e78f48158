/// Bytes that arrive chunk by chunk, so that a file of any length is read in bounded memory.
protocol ByteChunks {
  /// The next chunk; an empty one is the end.
  mutating func next() throws -> [UInt8]
}
