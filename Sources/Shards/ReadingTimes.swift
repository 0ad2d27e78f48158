/// Seconds spent on the way from a shard to a model's input, by what they were spent on.
public struct ReadingTimes: Codable, Sendable {
  /// Reading compressed bytes, from the disk or the system's cache of it.
  public var reading = 0.0
  /// Decompressing frames and finding the samples in them.
  public var decompressing = 0.0
  /// Decoding pictures.
  public var decoding = 0.0
  /// Cropping and resizing them.
  public var resizing = 0.0
  /// Turning captions into tokens.
  public var tokenizing = 0.0

  /// No time yet.
  public init() {}

  /// Adds other times, part by part.
  public static func += (times: inout ReadingTimes, more: ReadingTimes) {
    for part in parts { times[keyPath: part] += more[keyPath: part] }
  }

  /// Every part, in the order of the way.
  public static var parts: [WritableKeyPath<ReadingTimes, Double>] {
    [\.reading, \.decompressing, \.decoding, \.resizing, \.tokenizing]
  }

  /// Runs `body` and adds the time it takes to a part: two looks at the clock.
  public mutating func measure<Result>(
    _ part: WritableKeyPath<ReadingTimes, Double>, _ body: () throws -> Result
  ) rethrows -> Result {
    let start = ContinuousClock.now
    defer { self[keyPath: part] += start.duration(to: .now) / .seconds(1) }
    return try body()
  }
}
