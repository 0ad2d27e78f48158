import Foundation
import Testing

/// What the command line accepts, and how it says what it does not.
@Suite struct UsageTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  @Test(arguments: [
    "pack", "balance", "inspect", "verify", "vocabulary", "vocabulary learn", "recipe", "recipe list", "recipe show",
    "train",
    "evaluate", "evaluate retrieval", "evaluate zero-shot", "evaluate linear-probe", "evaluate few-shot",
    "evaluate robustness", "report", "embed", "search", "serve", "explain", "export", "benchmark", "benchmark gemm",
    "benchmark step", "benchmark loss", "benchmark retrieval", "benchmark data", "benchmark collectives",
    "benchmark checkpoint", "benchmark search",
  ]) func everyVerbHasHelpWithAnExample(verb: String) throws {
    let words = verb.split(separator: " ").map(String.init)
    let help = try scratch.succeed(words + ["--help"])
    #expect(help.output.contains("USAGE: clip \(verb)") && help.errors.isEmpty)
    #expect(help.output.firstRange(of: try Regex("Example:\\s+(mpirun -n 2 )?clip \(words[0])")) != nil)
    #expect(help.output.split(separator: "\n").allSatisfy { $0.count <= 80 || $0.hasPrefix("USAGE") })
  }

  @Test func theProgramIntroducesItself() throws {
    for arguments in [[], ["--help"]] {
      let help = try scratch.succeed(arguments).output
      #expect(help.contains("clip pack my-pictures --into my-shards") && help.contains("Exit codes:"))
    }
  }

  @Test(arguments: [
    (["nonsense"], "Unexpected argument 'nonsense'"),
    (["evaluate", "retrieval", "--weights", "w", "--data", "d", "--template", "a photo"], "--template: expected {}"),
    (["evaluate", "zero-shot", "--weights", "w"], "--data"),
    (
      ["evaluate", "zero-shot", "--weights", "w", "--data", "d", "--classifier", "c", "--templates", "photo"],
      "--templates: the classifier of --classifier has its own classes"
    ),
    (
      ["evaluate", "zero-shot", "--weights", "w", "--data", "d", "--labels", "l", "--class-field", "f"],
      "--labels and --class-field both tell classes"
    ),
    (
      ["evaluate", "linear-probe", "--train", "a", "--test", "b"], "--weights: needed to see the pictures of --train a"
    ),
    (["evaluate", "linear-probe", "--train", "a.safetensors", "--test", "b"], "pictures of --test b"),
    (
      ["evaluate", "linear-probe", "--weights", "w", "--train", "a", "--test", "b", "--c", "-1"],
      "--c: expected a number"
    ),
    (
      ["evaluate", "linear-probe", "--weights", "w", "--train", "a", "--test", "b", "--metric", "f1"], "'f1' is invalid"
    ),
    (
      ["evaluate", "few-shot", "--train", "a.safetensors", "--test", "b.safetensors", "--shots", "0"],
      "--shots: expected at least 1"
    ),
    (
      ["evaluate", "few-shot", "--train", "a.safetensors", "--test", "b.safetensors", "--templates", "photo"],
      "--templates: zero-shot classification needs the --weights"
    ),
    (["evaluate", "robustness", "--table", "t"], "name --measured, or --weights with --reference and --shifted"),
    (["evaluate", "robustness", "--table", "t", "--weights", "w"], "name the data to measure it on as well"),
    (
      ["evaluate", "robustness", "--table", "t", "--weights", "w", "--reference", "d", "--shifted", "e"],
      "expected NAME=PATH"
    ),
    (["benchmark", "retrieval", "--samples", "0"], "--samples: expected at least 1"),
    (["pack"], "Missing expected argument"),
    (["pack", "in"], "--into"),
    (["pack", "in", "--into", "out", "--resize", "-3"], "--resize: expected 1 to 65535 pixels"),
    (["pack", "in", "--into", "out", "--resize", "big"], "The value 'big' is invalid for '--resize"),
    (["pack", "in", "--into", "out", "--resize", "9", "--quality", "0"], "--quality: expected 1 to 100"),
    (["pack", "in", "--into", "out", "--resize", "9", "--quality", "101"], "--quality: expected 1 to 100"),
    (
      ["pack", "in", "--into", "out", "--resize", "9", "--quality", "best"],
      "The value 'best' is invalid for '--quality"
    ),
    (["pack", "in", "--into", "out", "--quality", "85"], "unless --resize, --orient or --background changes them"),
    (["pack", "in", "--into", "out", "--level", "20"], "--level: expected 1 to 19"),
    (["pack", "in", "--into", "out", "--samples-per-shard", "0"], "--samples-per-shard: expected at least 1"),
    (["pack", "in", "--into", "out", "--threads", "-1"], "--threads: expected 1 to 1024"),
    (["pack", "in", "--into", "out", "--background", "blueish"], "'blueish' is invalid"),
    (["balance", "--queries", "q", "--into", "out"], "Missing expected argument"),
    (["balance", "d", "--into", "out"], "--queries"),
    (["balance", "d", "--queries", "q", "--into", "out", "--per-query", "0"], "--per-query: expected at least 1"),
    (["balance", "d", "--queries", "q", "--into", "out", "--per-query", "2.5"], "'2.5' is invalid"),
    (["balance", "d", "--queries", "q", "--into", "out", "--seed", "-1"], "--seed: expected 0 or more"),
    (["train", "--recipe", "tiny", "--into", "run"], "--data"),
    (
      ["train", "--recipe", "tiny", "--data", "a", "b", "--into", "run", "--data-weights", "1,2,3"],
      "--data-weights: found 3 weights, expected one for each of the 2 datasets of --data"
    ),
    (
      ["train", "--recipe", "tiny", "--data", "a", "--into", "run", "--data-weights", "-1"],
      "found -1, expected a number"
    ),
    (
      ["train", "--recipe", "tiny", "--data", "a", "--into", "run", "--data-weights", "0"], "found 0, expected a number"
    ),
    (["train", "--recipe", "tiny", "--data", "a", "--into", "run", "--data-weights", "nan"], "found nan, expected"),
    (
      ["train", "--recipe", "tiny", "--data", "a", "--into", "run", "--data-weights", "1e300"], "from 0.000001 to 10000"
    ),
    (["train", "--recipe", "tiny", "--data", "a", "--into", "run", "--data-weights", "1,"], #"found "", expected"#),
    (["train", "--recipe", "tiny", "--data", "d", "--into", "run", "--stesp", "3"], "Unknown option '--stesp'"),
    (["embed", "--weights", "w", "--into", "o"], "name --images, --texts or both"),
    (
      ["embed", "--weights", "w", "--into", "o.npy", "--texts", "t"],
      "--into: found o.npy, but .npy is written of datas"
    ),
    (["embed", "--weights", "w", "--into", "o", "--texts", "t", "--captions"], "--captions: of datasets only"),
    (
      ["embed", "--weights", "w", "--into", "o", "--texts", "t", "--part-samples", "64"], "--part-samples: of datasets"
    ),
    (["embed", "--weights", "w", "--into", "o.npy", "--data", "d", "--texts", "t"], "--data embeds datasets alone"),
    (["embed", "--weights", "w", "--into", "o.npy", "--data", "d", "--hidden"], "--data embeds datasets alone"),
    (["embed", "--weights", "w", "--into", "o.pt", "--data", "d"], "--into: found o.pt, expected a name that ends in"),
    (["embed", "--weights", "w", "--into", "o.npy", "--data", "d", "--captions"], "--captions: a .npy file holds one"),
    (
      ["embed", "--weights", "w", "--into", "o.npy", "--data", "d", "--part-samples", "100"],
      "--part-samples: expected a multiple of 64"
    ),
    (
      ["embed", "--weights", "w", "--into", "o.npy", "--data", "d", "--part-samples", "0"],
      "--part-samples: expected a multiple of 64"
    ),
    (["search", "--weights", "w", "--data", "d"], "name at least one query"),
    (["search", "--weights", "w", "--data", "d", "a cat", " \t"], "found an empty query"),
    (["search", "--weights", "w", "--data", "d", ""], "found an empty query"),
    (["search", "--weights", "w", "a cat"], "--data: name at least one dataset"),
    (["search", "--weights", "w", "--index", "i", "a cat"], "--data: name the datasets that the --index is of"),
    (["serve", "--weights", "w"], "--data: name at least one dataset"),
    (["serve", "--weights", "w", "--index", "i"], "--data: name the datasets that the --index is of"),
    (["search", "--weights", "w", "--data", "d", "q", "--top", "-1"], "--top: expected at least 1"),
    (["export", "--weights", "w", "--into", "o", "--format", "onnx"], "'open_clip' and 'transformers'"),
    (["vocabulary", "learn", "d", "--size", "many", "--into", "f"], "'many' is invalid"),
    (["benchmark", "step", "--recipe", "tiny", "--batch", "0"], "--batch: expected at least 1"),
    (["benchmark", "step", "--recipe", "tiny", "--steps", "-1"], "--steps: expected at least 1"),
    (
      ["benchmark", "step", "--recipe", "tiny", "--caption-tokens", "1"],
      "The value '1' is invalid for '--caption-tokens"
    ),
    (["benchmark", "step", "--recipe", "tiny", "--caption-tokens", "long"], "The value 'long' is invalid"),
    (["benchmark", "loss", "--dimension", "0"], "--dimension: expected at least 1"),
    (["benchmark", "gemm", "--precision", "fp16"], "'bf16' and 'fp32'"),
    (["benchmark", "data"], "--data"),
    (["benchmark", "data", "--data", "d", "--samples", "0"], "--samples: expected at least 1"),
    (["benchmark", "search", "--top", "0"], "--top: expected at least 1"),
    (["benchmark", "speed"], "Unexpected argument 'speed'"),
    (
      ["inspect", "shards", "--sheet", "a/found.jpg"],
      "found a/found.jpg, expected a name that ends in .png: that is what is drawn"
    ),
    (
      ["launch", "--hosts-file", "hosts", "--", "mpirun", "--machinefile", "hosts", "clip", "train"],
      "--machinefile is for mpirun to be told by --hosts-file"
    ),
  ]) func mistakesOnTheCommandLineEndWith2(arguments: [String], text: String) throws {
    let result = try scratch.clip(arguments)
    #expect(result.status == 2 && result.output.isEmpty)
    #expect(result.errors.contains(text) && result.errors.contains("Usage: clip"), "\(result.errors)")
    #expect(try scratch.names("").isEmpty)
  }

  @Test(arguments: [
    ("globalBatch", "expected KEY=VALUE"), ("=3", "expected KEY=VALUE"),
    ("globlBatch=3", #"unknown key "globlBatch"; did you mean "globalBatch"?"#),
    ("optimizer.learningrate=1", #"did you mean "optimizer.learningRate"?"#),
    ("globalBatch=-64", "globalBatch: found -64, expected at least 1"),
    ("globalBatch=1.5", "globalBatch: found 1.5, expected a whole number"),
    ("globalBatch=1e30", "globalBatch: found 1e+30, expected a whole number"),
    ("microBatch=0", "microBatch: found 0"), ("seed=-1", "seed: found -1"), ("steps=-1", "steps: found -1"),
    ("optimizer=3", "optimizer: found 3, expected an object"),
    ("optimizer.learningRate=nan", #"optimizer.learningRate: found "nan", expected a number"#),
    ("optimizer.learningRate=1e300", "optimizer.learningRate"),
    ("optimizer.beta1=1", "optimizer.beta1: found 1"),
    ("precision=fp16", #"precision: found "fp16", expected one of bf16, fp32"#),
    ("augmentation.scale=[1,2]", "augmentation.scale"), ("augmentation.scale=0.5", "expected a list of numbers"),
    ("augmentation.crop=round", "expected one of square, resized"),
    ("model=ViT-B-33", #"unknown model "ViT-B-33"; did you mean "ViT-B-32"?"#),
    ("model.vision_cfg.layers=-1", "model.vision_cfg.layers: found -1"),
    ("model.vision_cfg.lairs=1", "model.vision_cfg.lairs: is not a known key"),
    ("model.vision_cfg.patch_size=7", "32 is not a multiple of model.vision_cfg.patch_size, 7"),
    ("vocabulary=3", "vocabulary: found 3, expected a text"),
  ]) func settingsAreChecked(assignment: String, text: String) throws {
    try scratch.fail(["recipe", "show", "tiny", "--set", assignment], with: 2, "--set \(assignment): ", text)
  }

  /// Every number of a recipe says of itself whether it may be a fraction.
  @Test func fractionsAreRefusedByName() throws {
    let recipe = try JSONSerialization.jsonObject(with: Data(scratch.succeed(["recipe", "show", "tiny"]).output.utf8))
    func numbers(_ value: Any, at path: [String]) -> [String] {
      if let members = value as? [String: Any] {
        return members.flatMap { $0.key == "model" ? [] : numbers($0.value, at: path + [$0.key]) }
      }
      return value is NSNumber ? [path.joined(separator: ".")] : []
    }
    // What is true or false is a number to this reader.
    let switches = ["checkpoint.background", "lock.image", "lock.text", "activationCheckpointing"]
    let fields = numbers(recipe, at: []).filter { !switches.contains($0) }
    #expect(fields.count == 20)
    for field in fields {
      let result = try scratch.clip("recipe", "show", "tiny", "--set", "\(field)=0.75")
      #expect(result.status == 0 || result.errors.contains("\(field): found 0.75, expected a whole number"))
    }
  }

  @Test func recipesAreListedShownAndReadBack() throws {
    let list = try scratch.succeed(["recipe", "list"]).output
    #expect(list.contains("tiny  ") && list.contains("ViT-B-32"))
    let json = try scratch.succeed(["recipe", "list", "--json"]).output
    let names = try JSONDecoder().decode([String].self, from: Data(json.utf8))
    for name in names {
      let shown = try scratch.succeed(["recipe", "show", name]).output
      try scratch.write(shown, to: "recipe.json")
      #expect(try scratch.succeed(["recipe", "show", "recipe.json"]).output == shown, "\(name)")
    }
    try scratch.fail(["recipe", "show", "tinny"], with: 2, "\"tinny\" is neither a file nor a known recipe")
  }

  @Test func vocabulariesHaveASmallestAndALargestSize() throws {
    let scratch = try Trained.copyOfDataset()
    let learn = ["vocabulary", "learn", "shards", "--into", "v.txt", "--size"]
    try scratch.fail(learn + ["-5"], with: 2, "size is -5, expected 514")
    try scratch.fail(learn + ["100000"], with: 2, "size is 100000", "49408")
    try scratch.fail(learn + ["1000"], with: 2, "ask for ")
    #expect(!scratch.exists("v.txt"))
  }
}
