import Checkpoints
import Tensors
import Towers
import Training

extension CheckpointBenchmark {
  /// Three numbers for every parameter, all of which are its value.
  struct Contents: Sendable {
    let layout: CheckpointLayout
    /// All of it.
    let parts: [TensorPart]
    private let values: [String: Tensor]

    /// Both moments are as noisy as values are; zip programs gain nothing from either.
    private static let prefixes = ["", "first_moment.", "second_moment."]

    init(of store: ParameterStore) {
      func tensors(_ prefix: String) -> [TensorDescription] {
        store.parameters.map { TensorDescription(prefix + $0.name, shape: $0.shape) }
      }
      let named = Self.prefixes.map(tensors)
      layout = CheckpointLayout(model: named[0], optimizer: named[1] + named[2])
      parts = named.joined().map { TensorPart($0.name, 0..<$0.byteCount / 4) }
      values = Dictionary(
        uniqueKeysWithValues: Self.prefixes.flatMap { prefix in
          store.parameters.map { (prefix + $0.name, store.values(of: $0.elements)) }
        })
    }

    /// Bytes of all numbers.
    var byteCount: Int { parts.reduce(0) { $0 + 4 * $1.elements.count } }

    /// What each rank writes: of every tensor as much as the others.
    func shares(of ranks: Int) -> [[TensorPart]] {
      (0..<ranks).map { rank in
        parts.map { TensorPart($0.name, Partition.slice(of: $0.elements, rank: rank, among: ranks)) }
      }
    }

    /// The numbers of a part as one row.
    func numbers(of part: TensorPart) -> Tensor {
      guard let tensor = values[part.name] else { preconditionFailure("no tensor \(part.name)") }
      return tensor.columns(part.elements)
    }
  }
}
