import Checkpoints
import Files
import Testing

@Suite struct NamesTests {
  func expectEqual(_ some: [WeightTensor], _ others: [WeightTensor]) throws {
    #expect(some.map(\.name).sorted() == others.map(\.name).sorted())
    let byName = Dictionary(uniqueKeysWithValues: others.map { ($0.name, $0) })
    for tensor in some {
      let other = try #require(byName[tensor.name])
      #expect(tensor.shape == other.shape, "\(tensor.name)")
      #expect(try tensor.values() == other.values(), "\(tensor.name)")
    }
  }

  func ours() throws -> [WeightTensor] {
    try SafetensorsFile(Scratch.fixture("open_clip/open_clip_model.safetensors")).tensors
  }

  func theirs() throws -> [WeightTensor] {
    try SafetensorsFile(Scratch.fixture("transformers/model.safetensors")).tensors
  }

  @Test func theSameModelInBothLibrariesIsOneModelHere() throws {
    #expect(try TransformersNames.areUsed(by: theirs()))
    #expect(try !TransformersNames.areUsed(by: ours()))
    try expectEqual(TransformersNames.imported(theirs()), ours())
    try expectEqual(TransformersNames.exported(ours()), theirs())
  }

  @Test func thereAndBackChangesNothing() throws {
    try expectEqual(TransformersNames.imported(TransformersNames.exported(ours())), ours())
    try expectEqual(TransformersNames.exported(TransformersNames.imported(theirs())), theirs())
  }

  @Test func positionIDsOfOldFilesAreLeftOut() throws {
    let old = ["text_model.embeddings.position_ids", "vision_model.embeddings.position_ids"].map {
      WeightTensor($0, shape: [1, 8]) { throw WeightsUnread() }
    }
    try expectEqual(TransformersNames.imported(theirs() + old), ours())
  }

  @Test func otherLayoutsOfOpenCLIPBecomeOne() throws {
    let textTower = ["transformer.", "token_embedding.", "positional_embedding", "ln_final.", "text_projection"]
    let custom = try ours().map { tensor in
      let isText = textTower.contains { tensor.name.hasPrefix($0) }
      let shape = tensor.name == "logit_scale" ? [1] : tensor.shape
      return WeightTensor("module." + (isText ? "text." : "") + tensor.name, shape: shape) { try tensor.values() }
    }
    let extra = ["input_resolution", "context_length", "vocab_size"].map {
      WeightTensor("module." + $0, shape: []) { throw WeightsUnread() }
    }
    try expectEqual(OpenCLIPNames.normalized(custom + extra), ours())
    try expectEqual(OpenCLIPNames.normalized(ours()), ours())
  }

  @Test func aMissingPartIsNamed() throws {
    let name = "text_model.encoder.layers.1.self_attn.v_proj.weight"
    let error = #expect(throws: WeightsError.self) {
      try TransformersNames.imported(theirs().filter { $0.name != name })
    }
    #expect(error?.description == "tensor \(name) is missing")
  }

  @Test func whatTransformersHasNoPlaceForIsNamed() throws {
    let bias = WeightTensor("logit_bias", shape: []) { [0] }
    let error = #expect(throws: WeightsError.self) { try TransformersNames.exported([bias]) }
    #expect(error?.description == "tensor logit_bias has no place in a Transformers CLIPModel")
    // On the way in it keeps its name, for `Weights.check` to name it.
    #expect(try TransformersNames.imported([bias]).map(\.name) == ["logit_bias"])
  }

  struct WeightsUnread: Error {}
}
