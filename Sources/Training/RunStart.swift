import Collectives
package import Files
import Foundation
import Shards
import Tensors

/// What a run was started or resumed with: a line of `starts.jsonl`, of which nothing depends but what people are told.
package struct RunStart: Codable, Sendable {
  /// When, in seconds since 1970.
  package let time: Double
  /// Steps that were done by then.
  package let step: Int
  /// Steps of the whole run.
  package let steps: Int
  /// Of the program.
  package let version: String
  /// Of the first rank's machine.
  package let processor: String
  package let ranks: Int
  /// Threads of each rank.
  package let threads: Int
  /// How many ranks each machine has, by its name.
  package let hosts: [String: Int]
  /// The directories of the data set, as the command named them.
  package let data: [String]
  /// The identity of the data set.
  package let digest: Digest
  /// Samples of the data set.
  package let samples: Int
  /// Numbers that training changes.
  package let parameters: Int

  /// The name of the file in a run's directory.
  package static let file = "starts.jsonl"

  /// What this command starts with; every rank asks for it.
  init(after step: Int, of steps: Int, on data: ShardCollection, parameters: Int, in world: any Communicator) throws {
    let names = try world.collect(Array(ProcessInfo.processInfo.hostName.utf8)).map {
      String(decoding: $0, as: UTF8.self)
    }
    time = Date.now.timeIntervalSince1970
    self.step = step
    self.steps = steps
    version = ProgramVersion.current
    processor = ProcessorName.current
    ranks = world.size
    threads = Threads.count
    hosts = Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
    self.data = data.datasets.map(\.directory)
    digest = data.digest
    samples = data.count
    self.parameters = parameters
  }

  /// Appends it to the file of a run.
  func write(into run: String) throws {
    let path = "\(run)/\(Self.file)"
    let kept = Directory.exists(path) ? try LineFile.lines(of: path).count : 0
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try LineFile(path, keeping: kept).append(encoder.encode(self))
  }

  /// The starts of a run, the first one first; lines that are none are left out, and so are all where there is no file.
  package static func all(of run: String) throws -> [RunStart] {
    let path = "\(run)/\(file)"
    guard Directory.exists(path) else { return [] }
    return try LineFile.lines(of: path).lines.compactMap { try? JSONDecoder().decode(RunStart.self, from: Data($0)) }
  }
}
