import Tensors

/// The gradient of the residual stream, (rows, width): as it is summed, and as products take it.
struct StreamGradient {
  /// Single precision.
  let values: Tensor
  /// ``values``, or their copy in the type of activations.
  let operand: Tensor

  init(rows: Int, width: Int, in workspace: Workspace) {
    values = workspace.tensor(rows: rows, columns: width)
    operand = workspace.activationType == .float32 ? values : workspace.activations(rows: rows, columns: width)
  }

  /// What has to be written along with ``values``, if it is not the same memory.
  var copy: Tensor? { operand.elementType == .float32 ? nil : operand }

  /// Brings ``operand`` up to date.
  func refresh() {
    if let copy { narrow(values, into: copy) }
  }
}
