import Tensors

/// `y = residual + output(activation(input(x)))`.
struct MLP {
  let input: Linear  // width → hidden
  let output: Linear  // hidden → width
  let activation: Activation

  /// What the backward twin needs: the hidden layer before and after its activation, (tokens, hidden).
  struct Saved {
    let hidden: Tensor
    let active: Tensor
  }

  func saved(rows: Int, in workspace: Workspace) -> Saved {
    Saved(
      hidden: workspace.activations(rows: rows, columns: input.outputs),
      active: workspace.activations(rows: rows, columns: input.outputs))
  }

  /// - Parameter y: (tokens, width); nil: nobody needs the result.
  func forward(_ x: Tensor, adding residual: Tensor, into y: Tensor?, _ saved: Saved) {
    input.forward(x, into: saved.hidden, ending: .activating(activation, into: saved.active))
    if let y { output.forward(saved.active, into: y, adding: residual) }
  }

  /// Sets `dx`; the residual's gradient is `dy` itself.
  ///
  /// - Parameter dy: (tokens, width), in the type of activations.
  func backward(_ dy: Tensor, x: Tensor, _ saved: Saved, into dx: Tensor, in workspace: Workspace) {
    workspace.scope {
      let dHidden = workspace.activations(rows: x.rows, columns: input.outputs)
      output.backward(dy, x: saved.active, into: dHidden, ending: .slope(of: activation, at: saved.hidden))
      input.backward(dHidden, x: x, into: dx)
    }
  }
}
