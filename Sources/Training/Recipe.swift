import Foundation
public import Towers

/// Everything that decides what a training run computes, as one JSON file.
///
/// All sizes are of the global batch: the recipe, never the number of ranks, decides the learning rate and the number
/// of steps. Numbers that may be switched off are 0 then.
public struct Recipe: Codable, Sendable, Equatable {
  /// The model: a name or a configuration in open_clip's form.
  public var model: ModelReference
  /// `clip`, or the path of a vocabulary file or directory.
  public var vocabulary = "clip"
  /// What products read; bfloat16 where this processor multiplies it.
  public var precision = Precision.preferred
  /// Decides initial values, the order of samples and every crop.
  public var seed = 0
  /// Pairs a step, over all ranks.
  public var globalBatch = 32768
  /// Pairs that go through the towers of one rank at once; memory and speed depend on it, and the last bits of sums; of a
  /// ModifiedResNet, whose batch norm looks at them, results.
  public var microBatch = 256
  /// Passes over the data set, if `steps` is 0.
  public var epochs = 32
  /// Steps in all; 0: as many as the epochs have.
  public var steps = 0
  /// AdamW.
  public var optimizer = OptimizerSettings()
  /// How gradients travel and are added.
  public var reduction = ReductionSettings()
  /// What each rank keeps only its slice of.
  public var shard = Sharding.optimizer
  /// Whose pictures a ModifiedResNet's batch norm looks at.
  public var batchNorm = BatchNormScope.rank
  /// Which towers are not trained.
  public var lock = LockSettings()
  /// Whether only what enters a residual block is kept of a forward pass, and the rest is computed again on the way back.
  public var activationCheckpointing = false
  /// The share of a picture's patches a Vision Transformer does not see in training (FLIP); 0: it sees all.
  public var patchDropout = 0.0
  /// The learning rate over time.
  public var schedule = Schedule()
  /// What happens to pictures.
  public var augmentation = Augmentation()
  /// When checkpoints are written and which are kept.
  public var checkpoint = CheckpointPolicy()
  /// When the validation data set is looked at.
  public var evaluation = EvaluationPolicy()

  /// The paper's settings for Vision Transformers (tables 18 and 20), for a model.
  public init(model: ModelReference) {
    self.model = model
  }
}

extension Recipe {
  /// The paper's settings for ViT-B/32: what a recipe file that leaves fields out is laid over.
  public static let paper = Recipe(model: .named("ViT-B-32"))

  /// Reads a recipe, laid over the defaults: what a file does not say keeps its default.
  ///
  /// - Parameters:
  ///   - json: an object; an unknown key is an error naming the nearest known one.
  ///   - base: where to start from.
  ///   - source: the file's name, for errors.
  public init(json: [UInt8], over base: Recipe, source: String) throws {
    let overlay: JSONValue
    do {
      overlay = try JSONDecoder().decode(JSONValue.self, from: Data(json))
    } catch {
      throw RecipeError("\(source): is not JSON: \(RecipeError.text(of: error))")
    }
    try self.init(laying: overlay, over: base.value, source: source)
  }

  init(laying overlay: JSONValue, over base: JSONValue, source: String) throws {
    try self.init(value: try Self.merge(overlay, into: base, at: "", source), source: source)
  }

  private init(value whole: JSONValue, source: String) throws {
    do {
      self = try JSONDecoder().decode(Recipe.self, from: JSONEncoder().encode(whole))
    } catch {
      throw RecipeError("\(source): \(RecipeError.text(of: error))")
    }
    try validate(source)
  }

  /// The recipe with fields changed, each by `KEY=VALUE` with dots between nested keys, as in
  /// `optimizer.learningRate=1e-3`. Only the result has to be in order: fields may depend on each other.
  public func setting(_ assignments: [String]) throws -> Recipe {
    guard !assignments.isEmpty else { return self }
    let whole = try assignments.reduce(value) { try Self.setting($1, in: $0) }
    return try Recipe(value: whole, source: assignments.map { "--set \($0)" }.joined(separator: " "))
  }

  private static func setting(_ assignment: String, in recipe: JSONValue) throws -> JSONValue {
    guard let equals = assignment.firstIndex(of: "="), equals != assignment.startIndex else {
      throw RecipeError("--set \(assignment): expected KEY=VALUE, as in optimizer.learningRate=1e-3")
    }
    let text = String(assignment[assignment.index(after: equals)...])
    // What is no JSON is a text: model=ViT-B-32 needs no quotes.
    var value = (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) ?? .string(text)
    let keys = assignment[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    for key in keys.dropFirst(keys[0] == "model" ? 1 : 0).reversed() { value = .object([key: value]) }
    if keys[0] == "model" {
      // A part of a model changes that part; whether such a key exists, the model's own reader knows.
      if keys.count > 1 { value = overlay(value, on: try modelValue(of: recipe)) }
      value = .object(["model": value])
    }
    return try merge(value, into: recipe, at: "", "--set \(assignment)")
  }

  /// The recipe as JSON, ready to edit: keys sorted, two spaces of indentation.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    // Encoding numbers and texts cannot fail; an infinity is refused when the recipe is read.
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) + "\n" } ?? ""
  }

  /// The recipe as a JSON value.
  var value: JSONValue {
    (try? JSONDecoder().decode(JSONValue.self, from: Data(json.utf8))) ?? .null
  }

  /// The model of a recipe as an object, whether the recipe names it or holds it.
  private static func modelValue(of recipe: JSONValue) throws -> JSONValue {
    guard case .object(let fields) = recipe, let model = fields["model"] else { return .null }
    if case .object = model { return model }
    let reference = try JSONDecoder().decode(ModelReference.self, from: JSONEncoder().encode(model))
    return try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(reference.configuration))
  }

  private static func overlay(_ change: JSONValue, on base: JSONValue) -> JSONValue {
    guard case .object(let changes) = change, case .object(let members) = base else { return change }
    return .object(members.merging(changes) { overlay($1, on: $0) })
  }

  /// Lays `overlay` over `base`, key by key. The model is replaced whole.
  private static func merge(_ overlay: JSONValue, into base: JSONValue, at path: String, _ source: String) throws
    -> JSONValue
  {
    if path == "model" { return overlay }
    guard case .object(var members) = base else {
      // A switched-off number is 0; people write null as well.
      if overlay == .null, case .number = base { return .number(0) }
      try check(overlay, fits: base, at: path, source)
      return overlay
    }
    guard case .object(let changes) = overlay else {
      throw RecipeError("\(source): \(path.isEmpty ? "the recipe" : path): found \(overlay), expected an object")
    }
    for (key, change) in changes {
      let full = path.isEmpty ? key : "\(path).\(key)"
      guard let old = members[key] else {
        let near = EditDistance.nearest(to: key, in: Self.paths(of: paper.value)) {
          String($0.split(separator: ".").last ?? "")
        }
        throw RecipeError(
          "\(source): unknown key \"\(full)\"; did you mean \"\(near)\"? "
            + "Known here: \(members.keys.sorted().joined(separator: ", "))")
      }
      members[key] = try merge(change, into: old, at: full, source)
    }
    return .object(members)
  }

  /// All keys of a recipe, with dots between nested ones; a model has its own reader.
  private static func paths(of value: JSONValue, under path: String = "") -> [String] {
    guard case .object(let members) = value, path != "model" else { return [] }
    return members.sorted { $0.key < $1.key }.flatMap { key, member in
      let full = path.isEmpty ? key : "\(path).\(key)"
      return [full] + paths(of: member, under: full)
    }
  }

  /// Throws where there is no field of a name; those of a model are not looked at.
  public static func checkField(_ name: String, allowing others: [String]) throws {
    let known = paths(of: paper.value)
    guard !known.contains(name), !others.contains(name), !name.hasPrefix("model.") else { return }
    throw RecipeError(
      "unknown field \"\(name)\"; did you mean \"\(EditDistance.nearest(to: name, in: known + others) { $0 })\"?")
  }

  /// The names of checkpoints have nine digits.
  static let mostSteps = 999_999_999

  /// Checks ranges.
  private func validate(_ source: String) throws {
    func check(_ holds: Bool, _ field: String, _ found: some Any, _ expected: String) throws {
      guard holds else { throw RecipeError("\(source): \(field): found \(found), expected \(expected)") }
    }
    // More than any cluster holds, and small enough to be multiplied with.
    let most = 1 << 31, mostSteps = Self.mostSteps
    try check((1...most).contains(globalBatch), "globalBatch", globalBatch, "at least 1, at most \(most)")
    try check((1...most).contains(microBatch), "microBatch", microBatch, "at least 1, at most \(most)")
    try check(seed >= 0, "seed", seed, "0 or more")
    try check((0...mostSteps).contains(steps), "steps", steps, "0 or more, at most \(mostSteps)")
    try check(epochs >= 1 || steps >= 1, "epochs", epochs, "at least 1, or steps")
    try check(epochs <= mostSteps, "epochs", epochs, "at most \(mostSteps)")
    try check(optimizer.learningRate >= 0, "optimizer.learningRate", optimizer.learningRate, "0 or more")
    try check((0..<1).contains(optimizer.beta1), "optimizer.beta1", optimizer.beta1, "0 up to below 1")
    try check((0..<1).contains(optimizer.beta2), "optimizer.beta2", optimizer.beta2, "0 up to below 1")
    try check(optimizer.epsilon > 0, "optimizer.epsilon", optimizer.epsilon, "more than 0")
    try check(optimizer.weightDecay >= 0, "optimizer.weightDecay", optimizer.weightDecay, "0 or more")
    try check(optimizer.gradientClip >= 0, "optimizer.gradientClip", optimizer.gradientClip, "0 (off) or more")
    try check(schedule.warmupSteps >= 0, "schedule.warmupSteps", schedule.warmupSteps, "0 or more")
    try check(
      lock.imageUnlockedGroups >= 0, "lock.imageUnlockedGroups", lock.imageUnlockedGroups, "0 or more")
    try check(lock.textUnlockedGroups >= 0, "lock.textUnlockedGroups", lock.textUnlockedGroups, "0 or more")
    try check((0..<1).contains(patchDropout), "patchDropout", patchDropout, "0 up to below 1")
    if let model = try? model.configuration { try checkTraining(of: model) }
    let scale = augmentation.scale
    try check(
      scale.count == 2 && scale[0] > 0 && scale[0] <= scale[1] && scale[1] <= 1, "augmentation.scale", scale,
      "[smallest, largest] share of the area, between 0 and 1")
    try check(checkpoint.everySteps >= 0, "checkpoint.everySteps", checkpoint.everySteps, "0 (off) or more")
    try check(checkpoint.everySeconds >= 0, "checkpoint.everySeconds", checkpoint.everySeconds, "0 (off) or more")
    try check(
      (1...mostSteps).contains(checkpoint.keepLast), "checkpoint.keepLast", checkpoint.keepLast,
      "at least 1, at most \(mostSteps)")
    try check(checkpoint.keepEvery >= 0, "checkpoint.keepEvery", checkpoint.keepEvery, "0 (off) or more")
    try check(evaluation.everySteps >= 0, "evaluation.everySteps", evaluation.everySteps, "0 (off) or more")
    guard reduction.order == .canonical else { return }
    try check(
      reduction.wire == .fp32, "reduction.wire", reduction.wire,
      "fp32, since reduction.order is canonical and parts must not be rounded: set reduction.wire=fp32 or "
        + "reduction.order=ranks")
    try check(
      shard != .parameters, "shard", shard,
      "none or optimizer, since reduction.order is canonical and shared blocks are summed in another order: set "
        + "shard=optimizer or reduction.order=ranks")
  }
}
