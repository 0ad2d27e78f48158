import ArgumentParser
import Benchmarks

/// Lengths of captions on the command line: a number, or `real`.
struct CaptionTokens: ExpressibleByArgument {
  let lengths: CaptionLengths
  let defaultValueDescription: String

  static let real = CaptionTokens(lengths: .real, defaultValueDescription: "real")

  private init(lengths: CaptionLengths, defaultValueDescription: String) {
    self.lengths = lengths
    self.defaultValueDescription = defaultValueDescription
  }

  init?(argument: String) {
    if argument == "real" {
      self = .real
    } else if let tokens = Int(argument), tokens >= 2 {
      self.init(lengths: .exactly(tokens), defaultValueDescription: argument)
    } else {
      return nil
    }
  }
}
