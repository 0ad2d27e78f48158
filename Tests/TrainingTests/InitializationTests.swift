import Foundation
import Tensors
import Testing
import Towers

/// The first values of every parameter against what OpenAI's code and PyTorch's defaults draw.
@Suite struct InitializationTests {
  /// What a parameter is drawn from.
  private enum Draw {
    case constant(Double)
    case normal(Double)
    /// Between −bound and bound.
    case uniform(Double)

    static func fanIn(_ inputs: Int) -> Draw { .uniform(1 / Double(inputs).squareRoot()) }
  }

  @Test(arguments: ["ViT-B-32", "RN50"]) func everyParameterIsDrawnAsItShould(name: String) throws {
    let model = try #require(NamedModels.configuration(of: name))
    let towers = TwoTowers(model, precision: .fp32, forTraining: false)
    towers.parameters.initialize(seed: 20)
    for parameter in towers.parameters.parameters {
      let values = parameter.values.values.map { Double($0) }
      let count = Double(values.count)
      let mean = values.reduce(0, +) / count
      let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
      let expected: Double, relativeError: Double
      switch Self.draw(of: parameter.name, shape: parameter.shape, model) {
      case .constant(let value):
        #expect(values.allSatisfy { abs($0 - value) < 1e-6 }, "\(parameter.name)")
        continue
      case .normal(let sigma): (expected, relativeError) = (sigma, (1 / (2 * count)).squareRoot())
      case .uniform(let bound):
        // A uniform distribution has a kurtosis of 1.8.
        (expected, relativeError) = (bound / 3.0.squareRoot(), (0.8 / (4 * count)).squareRoot())
        #expect(values.allSatisfy { abs($0) <= bound * 1.000001 }, "\(parameter.name)")
      }
      #expect(abs(mean) <= 4 * expected / count.squareRoot(), "mean \(mean) of \(parameter.name)")
      #expect(
        abs(deviation / expected - 1) <= 4 * relativeError,
        "deviation \(deviation) of \(parameter.name), expected \(expected)")
    }
  }

  private static func draw(of name: String, shape: [Int], _ model: ModelConfiguration) -> Draw {
    let text = Double(model.text.width), width = Double(model.vision.width)
    let depth = (2 * Double(model.text.layers)).squareRoot()
    let parts = name.split(separator: ".").map(String.init)
    let last = parts.suffix(2).joined(separator: ".")
    func normal(_ size: Double) -> Draw { .normal(1 / size.squareRoot()) }
    switch name {
    case "logit_scale": return .constant(log(1 / 0.07))
    case "token_embedding.weight": return .normal(0.02)
    case "positional_embedding": return .normal(0.01)
    case "text_projection": return normal(text)
    case "visual.class_embedding", "visual.positional_embedding", "visual.proj": return normal(width)
    default: break
    }
    if name.hasPrefix("visual.attnpool.") {
      let channels = 32 * model.vision.width
      return last.hasSuffix(".bias") ? .fanIn(channels) : normal(Double(channels))
    }
    let isNorm = parts.contains { $0.hasPrefix("ln_") || $0.hasPrefix("bn") } || name.contains("downsample.1")
    if isNorm {
      switch parts[parts.count - 1] {
      case "weight": return .constant(name.hasPrefix("visual.layer") && last == "bn3.weight" ? 0 : 1)
      case "running_var": return .constant(1)
      default: return .constant(0)
      }
    }
    let isVisual = name.hasPrefix("visual.")
    switch last {
    case "attn.in_proj_weight": return isVisual ? .uniform((1.5 / width).squareRoot()) : normal(text)
    case "attn.in_proj_bias", "out_proj.bias": return .constant(0)
    case "out_proj.weight" where !isVisual, "c_proj.weight" where !isVisual:
      return .normal(1 / (text.squareRoot() * depth))
    case "c_fc.weight" where !isVisual: return normal(2 * text)
    // Its bias is drawn by the inputs of the layer, of which the hidden one of an MLP has four times the width.
    case "c_fc.bias": return .fanIn(isVisual ? model.vision.width : model.text.width)
    case "c_proj.bias": return .fanIn(4 * (isVisual ? model.vision.width : model.text.width))
    default: return .fanIn(shape.dropFirst().reduce(1, *))
    }
  }
}
