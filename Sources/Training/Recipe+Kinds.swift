import Foundation
import Towers

extension Recipe {
  /// Fields that count something. Their decoder refuses a fraction as well, but does not say whose it is.
  private static let wholeNumbers: Set = [
    "seed", "globalBatch", "microBatch", "epochs", "steps", "schedule.warmupSteps", "checkpoint.everySteps",
    "checkpoint.everySeconds", "checkpoint.keepLast", "checkpoint.keepEvery", "evaluation.everySteps",
    "lock.imageUnlockedGroups", "lock.textUnlockedGroups",
  ]

  /// Fields with a few possible values.
  private static let choices = [
    "precision": Precision.allCases.map(\.rawValue),
    "reduction.order": ReductionSettings.Order.allCases.map(\.rawValue),
    "reduction.wire": ReductionSettings.Wire.allCases.map(\.rawValue),
    "batchNorm": BatchNormScope.allCases.map(\.rawValue),
    "shard": Sharding.allCases.map(\.rawValue),
    "schedule.decay": Schedule.Decay.allCases.map(\.rawValue),
    "augmentation.decoding": Augmentation.Decoding.allCases.map(\.rawValue),
    "augmentation.crop": Augmentation.CropKind.allCases.map(\.rawValue),
  ]

  /// Checks that a field may hold a value, by what it holds in a recipe that is in order.
  static func check(_ value: JSONValue, fits base: JSONValue, at path: String, _ source: String) throws {
    func require(_ holds: Bool, _ expected: String) throws {
      guard holds else { throw RecipeError("\(source): \(path): found \(value), expected \(expected)") }
    }
    switch (base, value) {
    case (.number, .number(let number)):
      try require(!wholeNumbers.contains(path) || Int(exactly: number) != nil, "a whole number")
      try require(Float(number).isFinite, "a number single precision can hold")
    case (.string, .string(let text)):
      let known = choices[path]
      try require(known?.contains(text) ?? true, "one of \((known ?? []).joined(separator: ", "))")
    case (.array, .array(let items)):
      try require(items.allSatisfy { if case .number = $0 { true } else { false } }, "a list of numbers")
    case (.boolean, .boolean): break
    case (.boolean, _): try require(false, "true or false")
    case (.number, _): try require(false, wholeNumbers.contains(path) ? "a whole number" : "a number")
    case (.string, _): try require(false, choices[path].map { "one of \($0.joined(separator: ", "))" } ?? "a text")
    case (.array, _): try require(false, "a list of numbers")
    default: break
    }
  }
}
