import Tensors

/// The memory behind all parameters: one block for each kind.
final class ParameterBlocks: @unchecked Sendable {
  // Set once, by `ParameterStore.allocate`, before any thread but the first exists.
  var values = Storage(count: 0)
  var gradients = Storage(count: 0)
  /// Whether products add to the gradients of their weights; else they overwrite them.
  var accumulates = true
}
