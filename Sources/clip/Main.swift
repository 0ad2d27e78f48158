import ArgumentParser

/// Parses the command line, runs the verb and turns errors into messages and exit codes.
@main
enum Main {
  static func main() {
    do {
      var command = try Clip.parseAsRoot()
      try command.run()
    } catch {
      Failure.exit(error)
    }
  }
}
