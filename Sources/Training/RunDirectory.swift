import Captions
import Checkpoints
import Collectives
import Files
import Foundation
import Shards
import Tensors
import Towers

/// A run on disk: its recipe, its journal and its checkpoints.
struct RunDirectory {
  let path: String
  private let store: CheckpointStore
  private let recipe: Recipe
  private let vocabulary: Vocabulary
  private let dataset: Digest
  private let weights: DatasetWeights?
  private let changes: [String]
  private let lock: FileLock

  /// A run to start in `path`, or the one that is there, if it is of this recipe and this vocabulary.
  ///
  /// - Parameter changes: fields of the recipe that may differ all the same; `data` stands for the data set and
  ///   its weights.
  init(
    _ path: String, recipe: Recipe, vocabulary: Vocabulary, dataset: Digest, weights: DatasetWeights?,
    allowing changes: [String], in world: any Communicator
  ) throws {
    self.path = path
    self.recipe = recipe
    self.vocabulary = vocabulary
    self.dataset = dataset
    self.weights = weights
    self.changes = changes
    lock = FileLock(path + "/.lock")
    let policy = recipe.checkpoint
    store = CheckpointStore(path, keepLast: policy.keepLast, keepEvery: policy.keepEvery > 0 ? policy.keepEvery : nil)
    guard world.isFirst else { return }
    guard Directory.isDirectory(path) || !Directory.exists(path) else {
      throw FileError(path, "cannot create directory: there is a file of that name")
    }
    if Directory.exists(path) { try takeLock() }
    let file = path + "/recipe.json"
    if Directory.exists(file) {
      let old: Recipe
      do {
        old = try Recipe(json: FileReader.contents(of: file, most: 1 << 20), over: .paper, source: file)
      } catch let error as RecipeError {
        throw FileError(file, "is damaged, put it back or name another --into: \(error)")
      }
      let differences = recipe.differences(from: old).filter { difference in
        !changes.contains { difference.field == $0 || difference.field.hasPrefix($0 + ".") }
      }
      if !differences.isEmpty {
        let allowing = differences.map { "--allow-change \($0.field)" }.joined(separator: " ")
        throw ResumeRefused(
          "\(path) holds a run of another recipe: \(differences.map(\.text).joined(separator: "; ")). Give the recipe "
            + "it was started with (\(file)), another --into for a new run, or \(allowing).")
      }
    } else if !(try store.list().isEmpty) {
      throw ResumeRefused("\(path) holds checkpoints but no recipe.json: name another --into, or put the recipe back.")
    }
    if Directory.exists(ownVocabulary), try Vocabulary.load(ownVocabulary).digest != vocabulary.digest {
      throw ResumeRefused(
        "\(path) holds a run with another vocabulary, kept in \(ownVocabulary): its tokens mean other words than those "
          + "of \(recipe.vocabulary). Give the vocabulary it was started with, or another --into for a new run.")
    }
  }

  /// A vocabulary of one's own travels with the run, which can then be moved and exported.
  private var ownVocabulary: String { path + "/merges.txt" }

  /// Takes the run over, once nothing speaks against it: only the first rank writes.
  private func takeOver() throws {
    try Directory.create(path)
    try takeLock()
    try FileWriter.write(Array(recipe.json.utf8), to: path + "/recipe.json")
    if !vocabulary.isCLIP, !Directory.exists(ownVocabulary) { try vocabulary.write(to: ownVocabulary) }
    try store.removeLeftovers()
    try FileWriter.removeLeftovers(in: path)
  }

  /// Keeps other runs out of the directory while this one lives.
  private func takeLock() throws {
    do {
      try lock.acquire(as: "process \(getpid()) on \(ProcessInfo.processInfo.hostName)")
    } catch let held as FileLock.Held {
      throw ResumeRefused(
        "\(path) is in use by \(held.holder.isEmpty ? "another run" : held.holder): wait for its end, or name another --into."
      )
    }
  }

  /// Loads the newest checkpoint that can be trusted. Where there are some but none can be, nothing is touched: to start
  /// again from nothing is for a person to decide.
  ///
  /// - Parameters:
  ///   - last: the step the run ends with.
  ///   - warn: told of each checkpoint that was passed over.
  /// - Returns: where the run stands; nil at its beginning.
  func resume(
    _ towers: TwoTowers, _ moments: Moments, until last: Int, in world: any Communicator, warn: (String) -> Void
  ) throws -> TrainingState? {
    let state = try newestState(towers, moments, in: world, warn: warn)
    if let state, state.step > last {
      throw ResumeRefused("\(path) is at step \(state.step) already, beyond the \(last) that the recipe now asks for.")
    }
    if world.isFirst { try takeOver() }
    try world.checkIsShared(path, by: path + "/.lock", for: "checkpoints")
    return state
  }

  private func newestState(
    _ towers: TwoTowers, _ moments: Moments, in world: any Communicator, warn: (String) -> Void
  ) throws -> TrainingState? {
    let steps = world.isFirst ? try store.list().compactMap(\.step) : []
    var left = steps
    while true {
      if left.isEmpty, !steps.isEmpty {
        throw FileError(
          path,
          "none of its \(steps.count) checkpoints can be trusted; mend what is named above, remove them to start again, "
            + "or name another --into")
      }
      let step = try world.broadcast(left.popLast() ?? -1)
      guard step >= 0 else { return nil }
      var found: TrainingState?, problem: FileError?
      do {
        found = try load(step, into: towers.parameters, moments)
      } catch let error as FileError where !error.isPassing {
        problem = error
      }
      // Each rank has read and checked what it keeps; all of it must be right.
      let problems = try world.collect(Array("\(problem.map { "\($0)" } ?? "")".utf8)).filter { !$0.isEmpty }
      if try world.broadcast(problems.isEmpty ? 0 : 1) == 0 { return found }
      for problem in Set(problems.map { String(decoding: $0, as: UTF8.self) }).sorted() {
        warn("passing over a damaged checkpoint: \(problem)")
      }
    }
  }

  /// Loads a checkpoint: every byte this rank needs is proved before it is used.
  private func load(_ step: Int, into parameters: ParameterStore, _ moments: Moments) throws -> TrainingState {
    guard let checkpoint = try store.list().first(where: { $0.step == step }) else {
      throw FileError(
        path, "holds no checkpoint of step \(step) on \(ProcessInfo.processInfo.hostName): is the directory shared?")
    }
    let reader = try CheckpointReader(checkpoint)
    let state = try TrainingState(json: reader.state(), of: checkpoint)
    try check(state)
    let model = try recipe.model.configuration, old = try state.recipe.model.configuration
    guard Self.shapes(of: model) == Self.shapes(of: old) else {
      throw ResumeRefused(
        "\(path): the recipe's model has other shapes than that of the run: a run keeps its model. Start another --into "
          + "with --initial-weights \(path).")
    }
    for kind in CheckpointTensors.Kind.allCases {
      for parameter in parameters.parameters {
        try reader.check(kind.prefix + parameter.name, shape: parameter.shape)
      }
    }
    let kept = parameters.stretches.flatMap { CheckpointTensors.parts(of: parameters, .values, $0.kept) }
    let own = moments.slices(in: 0..<parameters.count).flatMap { slice in
      [.firstMoments, .secondMoments].flatMap { CheckpointTensors.parts(of: parameters, $0, slice.elements) }
    }
    let places = Dictionary(
      uniqueKeysWithValues: (kept + own).map {
        ($0.part, CheckpointTensors.numbers($0.kind, $0.elements, of: parameters, moments))
      })
    try reader.read(Array(places.keys)) { part, range, bytes in
      places[part]?.withMutableBytes { UnsafeMutableRawBufferPointer(rebasing: $0[range]).copyMemory(from: bytes) }
    }
    return state
  }

  private static func shapes(of model: ModelConfiguration) -> [String: [Int]] {
    Dictionary(uniqueKeysWithValues: TwoTowers.parameterShapes(of: model).map { ($0.name, $0.shape) })
  }

  private func check(_ state: TrainingState) throws {
    guard state.dataset == dataset || changes.contains("data") else {
      throw ResumeRefused(
        "\(path): the run was started on the data set \(state.dataset), --data is \(dataset): "
          + "the same shards in the same order are needed to go on, another --into for a new run, or "
          + "--allow-change data.")
    }
    guard state.weights == weights || changes.contains("data") else {
      func text(_ weights: DatasetWeights?) -> String { weights.map { "the weights \($0)" } ?? "no weights" }
      throw ResumeRefused(
        "\(path): the run was started with \(text(state.weights)) of its data sets, --data-weights now gives "
          + "\(text(weights)): they decide which samples come next. Give those it was started with, another --into for a "
          + "new run, or --allow-change data.")
    }
    guard state.vocabulary == vocabulary.digest else {
      throw ResumeRefused(
        "\(path): the run was started with the vocabulary \(state.vocabulary), \(recipe.vocabulary) is "
          + "\(vocabulary.digest): its tokens mean other words.")
    }
    guard state.orderVersion == SampleOrder.version else {
      throw ResumeRefused(
        "\(path): the run used version \(state.orderVersion) of the order of samples, "
          + "this program has version \(SampleOrder.version).")
    }
  }

  /// What writes the run's checkpoints, once there is something to write.
  func saves(of parameters: ParameterStore, _ moments: Moments, in world: any Communicator) -> BackgroundSaves {
    BackgroundSaves(store, parameters, moments, recipe, in: world)
  }

  /// Why checkpoints of so many bytes may not find room, if they may not: one is written before another is removed.
  func lackOfSpace(for bytes: Int) throws -> String? {
    let more = max(1, recipe.checkpoint.keepLast + 1 - (try store.list().count))
    let free = try Directory.freeBytes(at: path)
    guard free / bytes < more else { return nil }
    return "\(path): \(free) bytes are free; \(more) more checkpoint\(more == 1 ? "" : "s") of \(bytes) bytes "
      + "are due to be kept. Make room, or keep fewer (checkpoint.keepLast)."
  }
}
