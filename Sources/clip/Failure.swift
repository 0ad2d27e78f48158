import ArgumentParser
import Collectives
import Files
import Foundation
import Images
import Shards
import Training

/// How an error ends the program: what it prints and the exit code.
enum Failure {
  /// The exit code of an error, as the README documents them.
  static func code(of error: any Error) -> Int32 {
    switch error {
    case is RecipeError: 2
    case is ResumeRefused: 64
    case is FileError, is PackError, is ImageError: 74
    default: 1
    }
  }

  /// Prints what happened and ends the process.
  static func exit(_ error: any Error) -> Never {
    let parserCode = Clip.exitCode(for: error)
    if parserCode.isSuccess { Clip.exit(withError: error) }  // --help and --version
    if isFromParser(error) {
      // The parser would exit with 64, which here means that a run was not resumed.
      tell(Clip.fullMessage(for: error))
      Foundation.exit(2)
    }
    if let code = error as? ExitCode { Foundation.exit(code.rawValue) }
    tell("clip: \(error)")
    Foundation.exit(code(of: error))
  }

  private static func isFromParser(_ error: any Error) -> Bool {
    Clip.exitCode(for: error) == .validationFailure && !(error is ExitCode)
  }

  /// Says what ended a rank of several; all ranks then end with the code returned.
  static func report(_ error: any Error, of world: any Communicator) -> Int32 {
    // What every rank finds alike, the first one says.
    let isShared = error is RecipeError || (error as? TrainingError)?.isShared == true
    if world.size == 1 || (isShared && world.isFirst) {
      tell("clip: \(error)")
    } else if !isShared {
      tell("clip: rank \(world.rank) on \(ProcessInfo.processInfo.hostName): \(error)")
    }
    return code(of: error)
  }

  /// Writes a line to standard error.
  static func tell(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }
}
