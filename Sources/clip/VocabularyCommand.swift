import ArgumentParser
import Captions
import Shards

/// What is done with vocabularies.
struct VocabularyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vocabulary", abstract: "Learn a vocabulary of one's own.",
    discussion: "Example: clip vocabulary learn my-shards --size 8192 --into my.txt", subcommands: [Learn.self])

  /// Learns a byte-pair vocabulary from the captions of a dataset.
  struct Learn: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Learn a byte-pair vocabulary from the captions of a dataset.",
      discussion: """
        Example: clip vocabulary learn my-shards --size 8192 --into my.txt
        Train with it: --set vocabulary=my.txt --set model.text_cfg.vocab_size=8192
        """)

    @Argument(help: ArgumentHelp("A dataset.", valueName: "dir"))
    var directory: String

    @Option(
      parsing: .unconditional, help: ArgumentHelp("Tokens in all; 514 of them are bytes and markers.", valueName: "n"))
    var size: Int

    @Option(help: ArgumentHelp("The file to write.", valueName: "file"))
    var into: String

    @OptionGroup var output: Output

    func run() throws {
      let data = try ShardDataset(directory)
      var learner = VocabularyLearner()
      var meter = Meter("captions")
      for number in 0..<data.count {
        learner.add(try data.sample(at: number).caption)
        meter.show(number + 1)
      }
      meter.end()
      let vocabulary = try learner.learn(size: size)
      try vocabulary.write(to: into)
      try output.show(["tokens": vocabulary.size, "captions": data.count]) {
        "\(into): \(vocabulary.size) tokens from \(data.count) captions"
      }
    }
  }
}
