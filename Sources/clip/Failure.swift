import ArgumentParser
import Captions
import Collectives
import Files
import Foundation
import Images
import Shards
import Training

/// How an error ends the program: what it prints and the exit code.
enum Failure {
  /// Prints what happened and ends the process, and all other ranks with it.
  static func exit(_ error: any Error) -> Never {
    if Clip.exitCode(for: error).isSuccess { Clip.exit(withError: error) }  // --help
    if let code = error as? ExitCode { Foundation.exit(code.rawValue) }
    if WorldVerbs.isNamed {
      // Only a rank that has joined its world can end the others; if that is what failed, it ends alone.
      try? World.run({ _ in throw error }, onError: report)
    }
    Foundation.exit(report(error, of: SoloCommunicator()))
  }

  /// Says what ended a rank; all ranks then end with the code returned.
  static func report(_ error: any Error, of world: any Communicator) -> Int32 {
    // Where a file or a machine is to blame, it matters whose.
    let isLocal = !world.isFirst || error is FileError || error is MPIError
    let place = world.size > 1 && isLocal ? "rank \(world.rank) on \(ProcessInfo.processInfo.hostName): " : ""
    tell(isFromParser(error) ? Clip.fullMessage(for: error) : "clip: \(place)\(error)".printableOnOneLine)
    return code(of: error)
  }

  /// The exit code of an error, as the README documents them.
  private static func code(of error: any Error) -> Int32 {
    switch error {
    case is RecipeError, is VocabularyError, is ValidationError, is RanksDiffer: 2
    case is ResumeRefused: 64
    case is FileError, is PackError, is ImageError: 74
    default: isFromParser(error) ? 2 : 1
    }
  }

  private static func isFromParser(_ error: any Error) -> Bool {
    Clip.exitCode(for: error) == .validationFailure && !(error is ValidationError)
  }

  /// Writes a line to standard error.
  static func tell(_ line: String) {
    StandardError.write(line.printable + "\n")
  }
}
