/// Samples that were read and decompressed together: those of one frame of a shard. Their pictures are parts of its content
/// and not copied.
public struct SampleRun: Sendable {
  /// The numbers of the samples, as whoever returned them counts.
  public let numbers: Range<Int>
  let frame: Frame

  init(first: Int, frame: Frame) {
    numbers = first..<first + frame.samples
    self.frame = frame
  }

  /// The encoded picture of a sample.
  public func picture(of number: Int) -> ArraySlice<UInt8> { frame.picture(number - numbers.lowerBound) }

  /// All captions of a sample; see ``Sample/captions``.
  public func captions(of number: Int) -> [String] { frame.captions(number - numbers.lowerBound) }
}
