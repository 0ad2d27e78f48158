/// One 8-bit color.
public struct RGB: Hashable, Sendable {
  /// The amounts of red, green and blue.
  public let red, green, blue: UInt8

  /// A color of given amounts.
  public init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }
}
