import Tensors

/// `y = residual + output(activation(input(x)))`. Everything between x and y is stored as x is.
struct MLP {
  let input: Linear  // width → hidden
  let output: Linear  // hidden → width
  let activation: Activation

  /// What the backward twin needs: the hidden layer before its activation. Behind it, it is made again on the way back,
  /// where the slope takes most of what that takes.
  struct Saved {
    let hidden: Tensor  // (tokens, hidden)
  }

  /// - Parameter type: as what x will be stored.
  func saved(rows: Int, _ type: ElementType, in workspace: Workspace) -> Saved {
    Saved(hidden: workspace.tensor(rows: rows, columns: input.outputs, type))
  }

  /// - Parameter y: (tokens, width); nil: nobody needs the result.
  func forward(_ x: Tensor, adding residual: Tensor, into y: Tensor?, _ saved: Saved, in workspace: Workspace) {
    guard let y else { return input.forward(x, into: saved.hidden) }
    workspace.scope {
      let active = workspace.tensor(rows: x.rows, columns: input.outputs, x.elementType)
      input.forward(x, into: saved.hidden, ending: .activating(activation, into: active))
      output.forward(active, into: y, adding: residual)
    }
  }

  /// Sets `dx`; the residual's gradient is `dy` itself.
  ///
  /// - Parameter dy: (tokens, width), stored as x is.
  func backward(_ dy: Tensor, x: Tensor, _ saved: Saved, into dx: Tensor, in workspace: Workspace) {
    workspace.scope {
      let dHidden = workspace.tensor(rows: x.rows, columns: input.outputs, x.elementType)
      let active = workspace.tensor(rows: x.rows, columns: input.outputs, x.elementType)
      // The gradient of the hidden layer comes first, and brings along what the weight's needs.
      output.backward(
        dy, x: active, into: dHidden, ending: .slope(of: activation, at: saved.hidden, activating: active))
      input.backward(dHidden, x: x, into: dx)
    }
  }
}
