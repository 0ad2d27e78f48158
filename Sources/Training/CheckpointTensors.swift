import Checkpoints
import Tensors
import Towers

/// The tensors of a checkpoint: every parameter's values, and both of its moments under names of their own.
enum CheckpointTensors {
  /// What a checkpoint holds of a parameter.
  enum Kind: CaseIterable {
    case values, firstMoments, secondMoments

    /// What goes before the parameter's name.
    var prefix: String {
      switch self {
      case .values: ""
      case .firstMoments: "first_moment."
      case .secondMoments: "second_moment."
      }
    }
  }

  /// Some numbers of a checkpoint, and where they are in the flat order of all elements.
  typealias Part = (part: TensorPart, kind: Kind, elements: Range<Int>)

  /// The files.
  static func layout(of parameters: ParameterStore) -> CheckpointLayout {
    func tensors(_ kind: Kind) -> [TensorDescription] {
      parameters.parameters.map { TensorDescription(kind.prefix + $0.name, shape: $0.shape) }
    }
    return CheckpointLayout(model: tensors(.values), optimizer: tensors(.firstMoments) + tensors(.secondMoments))
  }

  /// What there is of each kind in some slices.
  static func parts(of parameters: ParameterStore, _ slices: [Partition.Slice]) -> [Part] {
    slices.flatMap { slice in
      Kind.allCases.flatMap { parts(of: parameters, $0, slice.elements) }
    }
  }

  /// What there is of one kind in some elements; no part of what lies between parameters.
  static func parts(of parameters: ParameterStore, _ kind: Kind, _ elements: Range<Int>) -> [Part] {
    parameters.parameters.compactMap { parameter in
      let common = parameter.elements.clamped(to: elements)
      guard !common.isEmpty else { return nil }
      let own = common.lowerBound - parameter.offset..<common.upperBound - parameter.offset
      return (TensorPart(kind.prefix + parameter.name, own), kind, common)
    }
  }

  /// The numbers of elements this rank keeps, as one row.
  static func numbers(_ kind: Kind, _ elements: Range<Int>, of parameters: ParameterStore, _ moments: Moments) -> Tensor
  {
    switch kind {
    case .values: parameters.values(of: elements)
    case .firstMoments: moments.numbers(of: elements, .first)
    case .secondMoments: moments.numbers(of: elements, .second)
    }
  }
}
