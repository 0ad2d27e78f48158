import Tensors

/// `y = residual + output(activation(input(x)))`.
struct MLP {
  let input: Linear  // width → hidden
  let output: Linear  // hidden → width
  let activation: Activation

  /// What the backward twin needs: the hidden layer before its activation, (tokens, hidden).
  struct Saved {
    let hidden: Tensor
  }

  func saved(rows: Int, in workspace: Workspace) -> Saved {
    Saved(hidden: workspace.activations(rows: rows, columns: input.outputs))
  }

  func forward(_ x: Tensor, adding residual: Tensor, into y: Tensor, _ saved: Saved, in workspace: Workspace) {
    workspace.scope {
      input.forward(x, into: saved.hidden)
      let active = workspace.activations(rows: x.rows, columns: input.outputs)
      activation.forward(saved.hidden, into: active)
      output.forward(active, into: y, adding: residual)
    }
  }

  /// Sets `dx`; the residual's gradient is `dy` itself.
  func backward(_ dy: Tensor, x: Tensor, _ saved: Saved, into dx: Tensor, in workspace: Workspace) {
    workspace.scope {
      // Computing the activation again costs less than keeping it for the whole depth of the tower.
      let active = workspace.activations(rows: x.rows, columns: input.outputs)
      activation.forward(saved.hidden, into: active)
      let dHidden = workspace.activations(rows: x.rows, columns: input.outputs)
      output.backward(workspace.operand(dy), x: active, into: dHidden)
      activation.backward(dHidden, x: saved.hidden, into: dHidden)
      input.backward(dHidden, x: x, into: dx)
    }
  }
}
