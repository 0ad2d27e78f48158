import ArgumentParser
import Files
import Glibc
import SystemPackage

/// Parses the command line, runs the verb and turns errors into messages and exit codes.
@main
enum Main {
  static func main() {
    // Where the first three were closed, the next files opened would be taken for them.
    while case let descriptor = open("/dev/null", O_RDWR), descriptor >= 0 {
      if descriptor > STDERR_FILENO {
        close(descriptor)
        break
      }
    }
    // A reader of our output that went away is no reason to die: writing then fails, where it matters with an error.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try Clip.parseAsRoot()
      WorldVerbs.check()
      try command.run()
      // What was printed may still wait in a buffer: a result that nobody got is none.
      guard fflush(nil) == 0 else { throw FileError("standard output", cannot: "write", Errno(rawValue: errno)) }
    } catch {
      Failure.exit(error)
    }
  }
}
