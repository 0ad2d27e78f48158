/// How packed rows belong together: segment s is rows `offsets[s] ..< offsets[s + 1]`.
///
/// A segment is one picture's tokens or one caption's. Captions have as many rows as tokens: there is no padding.
public struct Segments: Sendable {
  /// Where segments begin, and the end of the last: count + 1 ascending numbers, the first 0.
  public let offsets: [Int32]
  /// Rows of the longest segment.
  public let longest: Int

  /// Segments of the given lengths.
  public init(lengths: [Int]) {
    var offsets: [Int32] = [0]
    offsets.reserveCapacity(lengths.count + 1)
    var end = 0
    for length in lengths {
      end += length
      offsets.append(Int32(end))
    }
    self.offsets = offsets
    longest = lengths.max() ?? 0
  }

  /// `count` segments of `length` rows each.
  public init(count: Int, length: Int) {
    offsets = (0...count).map { Int32($0 * length) }
    longest = count > 0 ? length : 0
  }

  /// Segments.
  public var count: Int { offsets.count - 1 }

  /// Rows of all segments together.
  public var rows: Int { Int(offsets[count]) }
}
