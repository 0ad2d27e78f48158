/// Bytes that arrive chunk by chunk, so that a file of any length is read in bounded memory.
protocol ByteChunks {
  /// The next chunk; an empty one is the end.
  mutating func next() throws -> [UInt8]
  /// How much of the file was read, from 0 to 1.
  var fraction: Double { get }
}
