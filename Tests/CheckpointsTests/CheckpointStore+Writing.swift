import Checkpoints
import Files
import Tensors

extension CheckpointStore {
  /// Writes a checkpoint as so many ranks do: here each is a writer in this process.
  @discardableResult
  func write(
    step: Int, model: [WeightTensor], optimizer: [WeightTensor], state: [UInt8],
    files: [(name: String, bytes: [UInt8])] = [], optimizerFileBytes: Int = 1 << 30, ranks: Int = 1
  ) throws -> Checkpoint {
    try Directory.create(directory)
    let tensors = Dictionary(uniqueKeysWithValues: (model + optimizer).map { ($0.name, $0) })
    let writers = Self.writers(
      self, model: model, optimizer: optimizer, optimizerFileBytes: optimizerFileBytes, ranks: ranks)
    for writer in writers {
      writer.begin(step: step) { part in
        let values = (try? tensors[part.name]?.values()) ?? []
        return Tensor(Array(values[part.elements]), columns: part.elements.count)
      }
    }
    let digests = try writers.map { try $0.finish().get() }
    writers[0].commit(digests, files: [("state.json", state)] + files, after: {})
    _ = try writers[0].finishCommit().get()
    return Checkpoint("\(directory)/step-" + String(String(1_000_000_000 + step).dropFirst()))
  }

  /// Writers of ranks that share every tensor as equally as can be.
  static func writers(
    _ store: CheckpointStore, model: [WeightTensor], optimizer: [WeightTensor], optimizerFileBytes: Int = 1 << 30,
    ranks: Int
  ) -> [CheckpointWriter] {
    func descriptions(_ tensors: [WeightTensor]) -> [TensorDescription] {
      tensors.map { TensorDescription($0.name, shape: $0.shape) }
    }
    let shares = (0..<ranks).map { rank in
      (model + optimizer).map { tensor in
        TensorPart(tensor.name, tensor.count * rank / ranks..<tensor.count * (rank + 1) / ranks)
      }
    }
    let layout = CheckpointLayout(
      model: descriptions(model), optimizer: descriptions(optimizer), optimizerFileBytes: optimizerFileBytes)
    return (0..<ranks).map {
      CheckpointWriter(store, CheckpointShares(of: layout, among: shares), rank: $0, behind: ranks != 2)
    }
  }
}
