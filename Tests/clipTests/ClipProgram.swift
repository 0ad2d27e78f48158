import Foundation

/// The program as a person runs it; `swift test` builds it beside the tests.
struct ClipProgram {
  /// What a run of it left.
  struct Result {
    let status: Int32
    let output: String
    let errors: String
  }

  /// Where the program lies.
  static var path: String {
    URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("clip").path
  }
}
