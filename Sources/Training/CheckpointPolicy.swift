/// When checkpoints are written and which are kept. The last step always writes one.
public struct CheckpointPolicy: Codable, Sendable, Equatable {
  /// A checkpoint after every so many steps; 0: never for that reason.
  public var everySteps = 1000
  /// A checkpoint when so many seconds have passed since the last; 0: never for that reason.
  public var everySeconds = 0
  /// How many of the newest stay.
  public var keepLast = 3
  /// Those at multiples of so many steps stay for good; 0: none.
  public var keepEvery = 0
  /// Whether they are written while training goes on, which takes each rank memory for its share.
  public var background = true
}
