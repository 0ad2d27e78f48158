import Checkpoints
public import Collectives
import Files
import Glibc
import Tensors
import Towers
public import Training

/// How fast a checkpoint of a model's size is written, and verified and read back.
///
/// The first rank does both, as in training; the others wait. A checkpoint holds three numbers a parameter: its value
/// and both moments.
public struct CheckpointBenchmark: Sendable {
  private let recipe: Recipe
  private let name: String
  private let directory: String

  /// - Parameters:
  ///   - recipe: whose model's size the checkpoint has.
  ///   - name: the recipe's.
  ///   - directory: where a directory is made for it, and removed.
  public init(_ recipe: Recipe, named name: String, into directory: String) {
    self.recipe = recipe
    self.name = name
    self.directory = directory
  }

  /// Writes and reads.
  ///
  /// - Returns: what was found, on the first rank.
  /// - Throws: `FileError` of the disk, or ``BenchmarkError`` where something else is read than was written.
  public func run(in world: any Communicator) throws -> CheckpointReport? {
    guard world.isFirst else {
      try world.barrier()
      return nil
    }
    let towers = TwoTowers(try recipe.model.configuration, precision: .fp32, forTraining: false)
    towers.parameters.initialize(seed: 0)
    let parameters = towers.parameters
    func sources(_ prefix: String) -> [TensorSource] {
      parameters.parameters.map { parameter in
        TensorSource(prefix + parameter.name, shape: parameter.shape, type: .float32) { body in
          try parameter.values.withFloats { try body(UnsafeRawBufferPointer($0)) }
        }
      }
    }
    let model = sources(""), moments = sources("first_moment.") + sources("second_moment.")
    let bytes = (model + moments).reduce(0) { $0 + $1.byteCount }

    guard Directory.isDirectory(directory) else { throw FileError(directory, "is no directory") }
    let place = "\(directory)/clip-benchmark-\(getpid())"
    defer { try? Directory.remove(place) }
    let store = CheckpointStore(place)
    let writing = try Durations.seconds {
      try store.write(step: 1, model: model, optimizer: moments, state: Array("{}".utf8))
    }
    var found: Checkpoint?
    var reading = try Durations.seconds { found = try store.newestValid().checkpoint }
    guard let found else { throw BenchmarkError("the checkpoint just written to \(place) is damaged") }
    reading += try read(found.model().tensors, comparingTo: parameters, model.map(\.name))
    reading += try read(found.optimizer(), comparingTo: parameters, moments.map(\.name))
    try world.barrier()
    return CheckpointReport(recipe: name, bytes: bytes, writeSeconds: writing, readSeconds: reading)
  }

  /// Reads tensors and compares them with what they were written from.
  ///
  /// - Returns: the seconds of reading alone.
  private func read(
    _ tensors: [WeightTensor], comparingTo parameters: ParameterStore, _ names: [String]
  ) throws -> Double {
    let found = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var seconds = 0.0
    for (index, name) in names.enumerated() {
      let parameter = parameters.parameters[index % parameters.parameters.count]
      var values: [Float] = []
      seconds += try Durations.seconds { values = try found[name]?.values() ?? [] }
      guard parameter.values.withFloats({ $0.elementsEqual(values) }) else {
        throw BenchmarkError("tensor \(name) was read back otherwise than written")
      }
    }
    return seconds
  }
}
