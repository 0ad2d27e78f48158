import Foundation
import Testing
import Towers

@Suite struct ModelConfigurationTests {
  func read(_ json: String) throws -> ModelConfiguration {
    try JSONDecoder().decode(ModelConfiguration.self, from: Data(json.utf8))
  }

  /// A configuration with more keys in each of its objects.
  func model(top: String = "", vision: String = "", text: String = "") -> String {
    """
    {"embed_dim": 64\(top), "vision_cfg": {"image_size": 32, "patch_size": 8, "layers": 2, "width": 128\(vision)},
     "text_cfg": {"context_length": 16, "vocab_size": 512, "width": 64, "heads": 4, "layers": 2\(text)}}
    """
  }

  /// The line of the error that reading `json` ends in.
  func complaint(_ json: String) -> String? {
    do {
      _ = try read(json)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func derivedNumbersAreThePapers() throws {
    let large = try #require(NamedModels.configuration(of: "ViT-L-14-336"))
    #expect(large.vision.heads == 16 && large.vision.gridHeight == 24 && large.vision.tokens == 577)
    #expect(large.vision.mlpWidth == 4096 && large.text.mlpWidth == 3072 && large.text.headWidth == 64)
    #expect(!large.quickGELU)
    #expect(NamedModels.configuration(of: "ViT-B/32-quickgelu")?.quickGELU == true)
    #expect(NamedModels.configuration(of: "ViT-B-33") == nil)
    #expect(NamedModels.names.count == 18)
    for name in NamedModels.names { #expect(NamedModels.configuration(of: name) != nil) }
  }

  @Test func whatIsWrittenReadsBackTheSame() throws {
    var model = try #require(NamedModels.configuration(of: "ViT-B-16-quickgelu"))
    model.vision.imageWidth = 256
    model.vision.headWidth = 32
    model.vision.mlpRatio = 4.3637
    model.text.mlpRatio = 2
    model.text.hfTokenizerName = "."
    #expect(try JSONDecoder().decode(ModelConfiguration.self, from: JSONEncoder().encode(model)) == model)
  }

  @Test func absentKeysHaveOpenCLIPsDefaults() throws {
    let model = try read(#"{"embed_dim": 512, "vision_cfg": {}, "text_cfg": {}}"#)
    #expect(model == NamedModels.configuration(of: "ViT-B-16"))
  }

  @Test func aWidthThatIsNoMultipleOfTheHeadWidthIsSharedByTheHeads() throws {
    // open_clip: 200 // 64 = 3 heads would not divide 200; 192 // 80 = 2 heads of 96.
    let model = try read(model().replacing("\"width\": 128", with: "\"width\": 192, \"head_width\": 80"))
    #expect(model.vision.heads == 2 && model.vision.headWidth == 96)
    #expect(complaint(self.model().replacing("128", with: "200"))?.contains("vision_cfg.width: 200") == true)
  }

  @Test func keysThatChangeNothingAreDropped() throws {
    let plain = try read(model())
    let spelledOut = try read(
      model(
        top: #", "quick_gelu": false, "custom_text": true, "init_logit_bias": null, "init_logit_scale": 2.6593"#,
        vision: """
          , "ls_init_value": null, "patch_dropout": 0.0, "attentional_pool": false, "attn_pooler_queries": 64,
          "no_ln_pre": false, "pos_embed_type": "learnable", "final_ln_after_pool": true, "pool_type": "tok",
          "output_tokens": false, "act_kwargs": null, "norm_kwargs": {"eps": 1e-5}, "block_type": "custom",
          "qk_norm": false, "scale_fc": false, "timm_model_name": null, "timm_pool": "avg", "mlp_ratio": 4
          """,
        text: """
          , "hf_model_name": null, "hf_pooler_type": "mean_pooler", "pad_id": 1, "eos_id": 7, "embed_cls": false,
          "pool_type": "argmax", "proj_type": "linear", "tokenizer_kwargs": {}, "tokenizer_mode": null
          """))
    #expect(spelledOut == plain)
    #expect(try read(model(text: #", "pool_type": "eos", "eos_id": 511"#)) == plain)
    #expect(try read(model().replacing("\"image_size\": 32", with: "\"image_size\": [32, 32]")) == plain)
  }

  @Test(arguments: [
    (#", "ls_init_value": 0.0001"#, "vision_cfg.ls_init_value: 0.0001 is not supported, only null"),
    (#", "patch_dropout": 0.5"#, "vision_cfg.patch_dropout: 0.5 is not supported, only 0 or null"),
    (#", "pool_type": "avg""#, #"vision_cfg.pool_type: "avg" is not supported, only "tok" or null"#),
    (#", "no_ln_pre": true"#, "vision_cfg.no_ln_pre: true is not supported, only false or null"),
    (#", "norm_kwargs": {"eps": 1e-6}"#, #"vision_cfg.norm_kwargs: {"eps": 1e-06} is not supported"#),
    (#", "timm_model_name": "convnext_base""#, "vision_cfg.timm_model_name: \"convnext_base\" is not supported"),
    (#", "with": 3"#, "vision_cfg.with: is not a known key"),
    (#", "mlp_ratio": -1"#, "vision_cfg.mlp_ratio: found -1, expected a number greater than 0"),
    (#", "mlp_ratio": 1e300"#, "vision_cfg.mlp_ratio: 1e+300 makes an MLP"),
    (#", "head_width": 256"#, "vision_cfg.width: 128 is not a multiple of its heads"),
  ])
  func visionFieldsAreNamed(keys: String, expected: String) {
    #expect(complaint(model(vision: keys))?.hasPrefix(expected) == true)
  }

  @Test(arguments: [
    (#", "hf_model_name": "roberta-base""#, "text_cfg.hf_model_name: \"roberta-base\" is not supported"),
    (#", "no_causal_mask": true"#, "text_cfg.no_causal_mask: true is not supported"),
    (#", "pool_type": "eos""#, "text_cfg.eos_id: 2 is not supported with pool_type \"eos\", only the last id, 511"),
    (#", "tokenizer_kwargs": {"clean": "canonicalize"}"#, "text_cfg.tokenizer_kwargs: {\"clean\""),
    (#", "qk_norm": true"#, "text_cfg.qk_norm: true is not supported"),
    (#", "hf_tokenizer_name": 3"#, "text_cfg.hf_tokenizer_name: found 3, expected a text"),
  ])
  func textFieldsAreNamed(keys: String, expected: String) {
    #expect(complaint(model(text: keys))?.hasPrefix(expected) == true)
  }

  @Test(arguments: [
    ("\"layers\": 2", "\"layers\": 0", "vision_cfg.layers: found 0, expected a whole number"),
    ("\"layers\": 2", "\"layers\": 1e30", "vision_cfg.layers: found 1e+30, expected a whole number"),
    ("\"layers\": 2", "\"layers\": \"2\"", "vision_cfg.layers: found \"2\", expected a whole number"),
    ("\"layers\": 2", "\"layers\": [3, 4, 6]", "vision_cfg.layers: found [3, 4, 6], expected 4 numbers"),
    ("\"image_size\": 32", "\"image_size\": [32, 36]", "vision_cfg.image_size: [32, 36] is not a multiple"),
    ("\"image_size\": 32", "\"image_size\": [32]", "vision_cfg.image_size: found [32], expected one number"),
    ("\"patch_size\": 8", "\"patch_size\": [8, 4]", "vision_cfg.patch_size: found [8, 4], expected a square patch"),
    ("\"heads\": 4", "\"heads\": 5", "text_cfg.width: 64 is not a multiple of text_cfg.heads, 5"),
    ("\"context_length\": 16", "\"context_length\": 2", "text_cfg.context_length: found 2, expected at least 3"),
    ("\"embed_dim\": 64", "\"quick_gelu\": true", "embed_dim: is missing"),
    ("\"embed_dim\": 64", "\"embed_dim\": true", "embed_dim: found true, expected a whole number"),
    ("\"embed_dim\": 64", "\"embed_dim\": 64, \"quick_gelu\": 1", "quick_gelu: found 1, expected true or false"),
    ("\"embed_dim\": 64", "\"embed_dim\": 64, \"init_logit_bias\": -10", "init_logit_bias: -10 is not supported"),
    ("\"embed_dim\": 64", "\"embed_dim\": 64, \"init_logit_scale\": 2.3", "init_logit_scale: 2.3 is not supported"),
    ("\"text_cfg\": {", "\"text\": {", "text_cfg: found null, expected an object"),
  ])
  func numbersThatDoNotFitAreNamed(old: String, new: String, expected: String) {
    #expect(complaint(model().replacing(old, with: new, maxReplacements: 1))?.hasPrefix(expected) == true)
  }

  @Test func aNestedModelIsNamedByItsWholePath() {
    struct Recipe: Decodable { let model: ModelConfiguration }
    let json = #"{"model": \#(model(vision: #", "no_ln_pre": true"#))}"#
    let error = #expect(throws: ConfigurationError.self) {
      try JSONDecoder().decode(Recipe.self, from: Data(json.utf8))
    }
    #expect(error?.field == "model.vision_cfg.no_ln_pre")
  }
}
