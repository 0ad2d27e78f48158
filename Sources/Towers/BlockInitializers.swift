import Tensors

/// How the weights of a residual block are drawn; the two towers of CLIP differ.
struct BlockInitializers {
  let qkv: Initializer
  let output: Initializer
  let input: Initializer
  let projection: Initializer
}

extension ResidualBlock {
  /// Declares a block's parameters under open_clip's names and in its order.
  init(
    _ name: String, width: Int, hidden: Int, heads: Int, isCausal: Bool, activation: Activation,
    _ initializers: BlockInitializers, in store: ParameterStore
  ) {
    let first = store.count
    norm1 = LayerNorm("\(name).ln_1", width: width, in: store)
    attention = Attention(
      input: Linear(
        weight: store.declare("\(name).attn.in_proj_weight", [3 * width, width], initializers.qkv, isFactor: true),
        bias: store.declare("\(name).attn.in_proj_bias", [3 * width], .constant(0))),
      output: Linear(
        weight: store.declare("\(name).attn.out_proj.weight", [width, width], initializers.output, isFactor: true),
        bias: store.declare("\(name).attn.out_proj.bias", [width], .constant(0))),
      heads: heads, isCausal: isCausal)
    norm2 = LayerNorm("\(name).ln_2", width: width, in: store)
    mlp = MLP(
      input: Linear(
        weight: store.declare("\(name).mlp.c_fc.weight", [hidden, width], initializers.input, isFactor: true),
        bias: store.declare("\(name).mlp.c_fc.bias", [hidden], .fanIn(width))),
      output: Linear(
        weight: store.declare("\(name).mlp.c_proj.weight", [width, hidden], initializers.projection, isFactor: true),
        bias: store.declare("\(name).mlp.c_proj.bias", [width], .fanIn(hidden))),
      activation: activation)
    unit = store.unit(from: first)
  }
}
