import ArgumentParser
import Images

/// A color on the command line.
struct Color: ExpressibleByArgument {
  let rgb: RGB
  /// As it was given.
  let text: String

  init?(argument: String) {
    text = argument
    switch argument {
    case "white": rgb = RGB(red: 255, green: 255, blue: 255)
    case "black": rgb = RGB(red: 0, green: 0, blue: 0)
    default:
      guard argument.utf8.count == 7, argument.hasPrefix("#"), let value = UInt32(argument.dropFirst(), radix: 16)
      else { return nil }
      rgb = RGB(
        red: UInt8(value >> 16), green: UInt8(value >> 8 & 0xFF), blue: UInt8(value & 0xFF))
    }
  }
}
