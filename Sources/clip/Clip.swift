import ArgumentParser

/// The program: one verb a file.
@main
struct Clip: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clip", abstract: "Trains CLIP on a cluster of CPUs.")
}
