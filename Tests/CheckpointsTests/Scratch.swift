import Checkpoints
import Files
import Foundation

/// Files the tests share: fixtures frozen from the Python libraries, and directories to write into.
enum Scratch {
  /// A fixture's path. `reference.safetensors` has a tensor of every type, saved by safetensors 0.8.0; `open_clip` and
  /// `transformers` hold one random two-layer model as open_clip 3.3 and Transformers 4.57 write it, and both give the
  /// same embeddings there; `torch` has a script that makes the same of them with PyTorch.
  static func fixture(_ name: String) throws -> String {
    guard let root = Bundle.module.resourcePath else { throw CocoaError(.fileNoSuchFile) }
    return "\(root)/Fixtures/\(name)"
  }

  /// A new empty directory.
  static func directory() throws -> String {
    let path = NSTemporaryDirectory() + "checkpoints-\(UUID().uuidString)"
    try Directory.create(path)
    return path
  }

  /// The names and shapes of the model in the fixtures, in open_clip's order.
  static let expectedShapes: [(name: String, shape: [Int])] = {
    var shapes: [(name: String, shape: [Int])] = [
      ("positional_embedding", [8, 8]), ("text_projection", [8, 6]), ("logit_scale", []),
      ("visual.class_embedding", [16]), ("visual.positional_embedding", [5, 16]), ("visual.proj", [16, 6]),
      ("visual.conv1.weight", [16, 3, 8, 8]), ("visual.ln_pre.weight", [16]), ("visual.ln_pre.bias", [16]),
      ("visual.ln_post.weight", [16]), ("visual.ln_post.bias", [16]), ("token_embedding.weight", [20, 8]),
      ("ln_final.weight", [8]), ("ln_final.bias", [8]),
    ]
    for (prefix, width) in [("visual.transformer", 16), ("transformer", 8)] {
      for layer in 0..<2 {
        let block = "\(prefix).resblocks.\(layer)"
        shapes += [
          ("\(block).attn.in_proj_weight", [3 * width, width]), ("\(block).attn.in_proj_bias", [3 * width]),
          ("\(block).attn.out_proj.weight", [width, width]), ("\(block).attn.out_proj.bias", [width]),
          ("\(block).ln_1.weight", [width]), ("\(block).ln_1.bias", [width]),
          ("\(block).ln_2.weight", [width]), ("\(block).ln_2.bias", [width]),
          ("\(block).mlp.c_fc.weight", [32, width]), ("\(block).mlp.c_fc.bias", [32]),
          ("\(block).mlp.c_proj.weight", [width, 32]), ("\(block).mlp.c_proj.bias", [width]),
        ]
      }
    }
    return shapes
  }()
}
