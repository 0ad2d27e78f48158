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
  private let changes: [String]
  private let lock: FileLock

  /// A run to start in `path`, or the one that is there, if it is of this recipe and this vocabulary.
  ///
  /// - Parameter changes: fields of the recipe that may differ all the same; `data` stands for the data set.
  init(
    _ path: String, recipe: Recipe, vocabulary: Vocabulary, dataset: Digest, allowing changes: [String],
    in world: any Communicator
  ) throws {
    self.path = path
    self.recipe = recipe
    self.vocabulary = vocabulary
    self.dataset = dataset
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
        old = try Recipe(json: FileReader.contents(of: file), over: .paper, source: file)
      } catch let error as RecipeError {
        throw FileError(file, "is damaged, put it back or name another --into: \(error)")
      }
      let differences = recipe.differences(from: old).filter { difference in
        !changes.contains { difference.field == $0 || difference.field.hasPrefix($0 + ".") }
      }
      if let first = differences.first {
        throw ResumeRefused(
          "\(path) holds a run of another recipe: \(differences.map(\.text).joined(separator: "; ")). Give the recipe "
            + "it was started with (\(file)), another --into for a new run, or --allow-change \(first.field).")
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
    return state
  }

  private func newestState(
    _ towers: TwoTowers, _ moments: Moments, in world: any Communicator, warn: (String) -> Void
  ) throws -> TrainingState? {
    // The first rank reads and checks everything; the others take the step it settled on.
    var step = -1
    if world.isFirst {
      let (newest, warnings) = try store.newestValid()
      warnings.forEach(warn)
      let all = try store.list().count
      guard newest != nil || all == 0 else {
        throw FileError(
          path,
          "none of its \(all) checkpoints can be trusted; mend what is named above, remove them to start again, "
            + "or name another --into")
      }
      step = newest?.step ?? -1
    }
    step = try world.broadcast(step)
    guard step >= 0, let checkpoint = try store.list().first(where: { $0.step == step }) else {
      guard step < 0 else {
        throw FileError(
          path, "holds no checkpoint of step \(step), which the first rank found: is this directory shared?")
      }
      return nil
    }
    let state: TrainingState
    do {
      state = try JSONDecoder().decode(TrainingState.self, from: Data(checkpoint.state()))
    } catch let error as DecodingError {
      throw FileError(checkpoint.directory + "/state.json", RecipeError.text(of: error))
    }
    try check(state)
    try load(checkpoint, into: towers.parameters, moments)
    return state
  }

  private func check(_ state: TrainingState) throws {
    guard state.dataset == dataset || changes.contains("data") else {
      throw ResumeRefused(
        "\(path): the run was started on the data set \(state.dataset), --data is \(dataset): "
          + "the same shards in the same order are needed to go on, another --into for a new run, or "
          + "--allow-change data.")
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

  private func load(_ checkpoint: Checkpoint, into parameters: ParameterStore, _ moments: Moments) throws {
    let weights = named(try checkpoint.model().tensors), optimizer = named(try checkpoint.optimizer())
    func values(_ name: String, of parameter: Parameter, in tensors: [String: WeightTensor]) throws -> [Float] {
      guard let tensor = tensors[name], tensor.shape == parameter.shape else {
        throw FileError(
          checkpoint.directory,
          "tensor \(name): found \(tensors[name]?.shape.description ?? "none"), expected shape \(parameter.shape)")
      }
      return try tensor.values()
    }
    for parameter in parameters.parameters {
      // A rank reads nothing of which it keeps no slice.
      try parameters.set(parameter) {
        _ = $0.update(fromContentsOf: try values(parameter.name, of: parameter, in: weights))
      }
      guard !moments.slices(in: parameter.elements).isEmpty else { continue }
      for (prefix, kind, _) in Self.moments {
        let found = try values(prefix + parameter.name, of: parameter, in: optimizer)
        moments.load(found, of: parameter.elements, kind)
      }
    }
  }

  private func named(_ tensors: [WeightTensor]) -> [String: WeightTensor] {
    Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Writes a checkpoint. Every rank calls it: the first one writes, and the others hand over what it lacks.
  ///
  /// - Parameter warn: told when older ones that need not be kept cannot be removed.
  func save(
    _ towers: TwoTowers, _ moments: Moments, _ state: TrainingState, in world: any Communicator,
    warn: (String) -> Void
  ) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let parameters = towers.parameters.parameters
    let collection = SliceCollection(of: towers.parameters, moments, in: world)
    func sources(_ prefix: String, _ kind: SliceCollection.Kind) -> [TensorSource] {
      parameters.map { parameter in
        TensorSource(prefix + parameter.name, shape: parameter.shape, type: .float32) { body in
          try collection.lend(parameter.elements, kind, to: body)
        }
      }
    }
    try collection.collect {
      let written = try store.write(
        step: state.step, model: sources("", .values),
        optimizer: Self.moments.flatMap { sources($0.prefix, $0.collected) }, state: Array(try encoder.encode(state)),
        files: [("recipe.json", Array(recipe.json.utf8))])
      do {
        try store.prune(after: written)
      } catch {
        warn("older checkpoints stay: \(error)")
      }
    }
  }

  /// Why checkpoints of so many bytes may not find room, if they may not: one is written before another is removed.
  func lackOfSpace(for bytes: Int) throws -> String? {
    let more = max(1, recipe.checkpoint.keepLast + 1 - (try store.list().count))
    let free = try Directory.freeBytes(at: path)
    guard free < more * bytes else { return nil }
    return "\(path): \(free) bytes are free; \(more) more checkpoint\(more == 1 ? "" : "s") of \(bytes) bytes "
      + "need \(more * bytes). Make room, or keep fewer (checkpoint.keepLast)."
  }

  /// What the names of moments begin with.
  private static let moments: [(prefix: String, kind: Moments.Kind, collected: SliceCollection.Kind)] = [
    ("first_moment.", .first, .firstMoments), ("second_moment.", .second, .secondMoments),
  ]
}
