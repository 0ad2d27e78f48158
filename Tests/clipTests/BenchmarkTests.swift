import Foundation
import Testing

extension RankTests {
  /// What programs read from the benchmarks, and that they measure the same work whatever the number of ranks.
  @Suite struct BenchmarkTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// What a benchmark prints as JSON.
    private func benchmark(_ arguments: String..., ranks: Int? = nil) throws -> [String: Any] {
      let result = try scratch.succeed(["benchmark"] + arguments + ["--json", "--threads", "1"], ranks: ranks)
      return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    }

    private func number(_ found: [String: Any], _ key: String) throws -> Double {
      try #require(found[key] as? Double, "no number \(key) in \(found.keys.sorted())")
    }

    /// Whether the processor has all of these, by the kernel's names for them.
    private func has(_ instructions: [String]) -> Bool {
      let flags = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
      return instructions.allSatisfy { flags.contains($0) }
    }

    private var hasBFloat16: Bool { has(["avx512_bf16"]) }

    private let ofMachine: Set = ["processor", "ranks", "threads"]

    @Test(arguments: [nil, 2]) func stepHasItsKeys(ranks: Int?) throws {
      let found = try benchmark(
        "step", "--recipe", "tiny", "--set", "microBatch=12", "--batch", "16", "--caption-tokens", "9", "--steps", "3",
        "--plot", "step.png", ranks: ranks)
      #expect(
        ofMachine.union([
          "model", "recipe", "precision", "parameters", "batch", "global_batch", "micro_batch", "caption_tokens_mean",
          "steps", "samples_per_second", "best_samples_per_second", "seconds_per_step", "best_seconds_per_step",
          "seconds", "loss", "useful_gflop_per_sample", "useful_gflops", "gemm_gflops", "own_gemm_gflops",
          "fraction_of_peak", "peak_memory_bytes",
        ]) == Set(found.keys))
      let seconds = try #require(found["seconds"] as? [String: Double])
      #expect(Set(seconds.keys) == ["embed", "contrast", "backward", "reduce", "optimize"])
      let step = try number(found, "seconds_per_step"), batch = Double(16 * (ranks ?? 1))
      #expect(seconds.values.reduce(0, +) <= step * 1.01 && seconds.values.reduce(0, +) > step / 2)
      #expect(try number(found, "global_batch") == batch && number(found, "micro_batch") == 12)
      #expect(try number(found, "caption_tokens_mean") == 9)
      #expect(try abs(number(found, "samples_per_second") * step / batch - 1) < 1e-9)
      #expect(try number(found, "best_seconds_per_step") <= step)
      let useful = try number(found, "useful_gflops")
      #expect(try abs(useful / number(found, "gemm_gflops") / number(found, "fraction_of_peak") - 1) < 1e-9)
      #expect(try abs(useful * step / batch / number(found, "useful_gflop_per_sample") - 1) < 1e-9)
      #expect(try number(found, "ranks") == Double(ranks ?? 1) && found["model"] as? String == "tiny")
      #expect(try scratch.read("step.png").prefix(4) == [0x89, 0x50, 0x4E, 0x47])
    }

    @Test func theLossIsTheSameForAnyNumberOfRanks() throws {
      let alone = try benchmark("loss", "--batch", "512", "--dimension", "64", "--precision", "fp32")
      let together = try benchmark("loss", "--batch", "512", "--dimension", "64", "--precision", "fp32", ranks: 2)
      for found in [alone, together] {
        #expect(
          ofMachine.union([
            "batch", "dimension", "precision", "repeats", "seconds", "best_seconds", "products", "gflops", "loss",
            "peak_memory_bytes", "memory_above_inputs_bytes", "bytes_sent",
          ]) == Set(found.keys))
      }
      #expect(try abs(number(alone, "loss") - number(together, "loss")) < 1e-5)
      #expect(try number(alone, "bytes_sent") == 0)
      // At least one modality is gathered and its gradient travels back: half of 512 × 64 numbers each, of two bytes or four.
      #expect(try number(together, "bytes_sent") >= 2 * 512 * 64 * 2 / 2)
      try scratch.fail(
        ["benchmark", "loss", "--batch", "33"], ranks: 2, with: 2,
        "--batch: 33 pairs cannot be shared equally by 2 ranks")
    }

    @Test func rankingIsTheSameForAnyNumberOfRanks() throws {
      let found = try [nil, 2].map { try benchmark("retrieval", "--samples", "700", "--dimension", "64", ranks: $0) }
      for each in found {
        #expect(
          ofMachine.union([
            "samples", "dimension", "repeats", "seconds", "best_seconds", "gflops", "gemm_gflops", "fraction_of_peak",
            "recall_at10", "peak_memory_bytes", "memory_above_inputs_bytes",
          ]) == Set(each.keys))
        #expect(try number(each, "recall_at10") == number(found[0], "recall_at10"))
        let operations = 2 * 700.0 * 700 * 64 / 1e9
        #expect(try abs(number(each, "gflops") * number(each, "best_seconds") / operations - 1) < 1e-9)
      }
      // Partners are closer than by chance, and not all are found.
      #expect(try (0.05..<1).contains(number(found[0], "recall_at10")))
    }

    @Test func searchHasItsKeysAndLeavesNothing() throws {
      let found = try benchmark(
        "search", "--samples", "5000", "--dimension", "64", "--queries", "3", "--top", "7", "--plot", "search.png")
      #expect(
        ofMachine.union([
          "samples", "dimension", "queries", "top", "repeats", "index_bytes", "seconds", "best_seconds",
          "bytes_per_second", "disk_seconds", "peak_memory_bytes",
        ]) == Set(found.keys))
      let bytes = try number(found, "index_bytes")
      #expect(bytes > 5000 * 64 * 4 && bytes < 5000 * 64 * 4 + 1000)
      #expect(try abs(number(found, "bytes_per_second") * number(found, "best_seconds") / bytes - 1) < 1e-9)
      #expect(try number(found, "best_seconds") <= number(found, "seconds") && number(found, "disk_seconds") > 0)
      #expect(try scratch.names("") == ["search.png"])
      try scratch.fail(["benchmark", "search", "--into", "nowhere"], with: 74, "nowhere: is no directory")
    }

    @Test func dataHasItsKeysAndShares() throws {
      let dataset = try Trained.copyOfDataset()
      let settings = ["vocabulary=vocabulary.txt", "model.text_cfg.vocab_size=\(Trained.vocabularySize)"]
      let result = try dataset.succeed(
        ["benchmark", "data", "--data", "shards", "--recipe", "tiny", "--samples", "300", "--json"]
          + settings.flatMap { ["--set", $0] })
      let found = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
      #expect(
        ofMachine.union([
          "samples", "undecodable", "pixels", "samples_per_second", "seconds_per_sample",
          "processor_seconds_per_sample", "shares",
        ]) == Set(found.keys))
      // One thread cannot take more of the processor than there was time; others of the process end meanwhile, and both
      // clocks count in some grain, which in a tenth of a second is much.
      let processor = try number(found, "processor_seconds_per_sample")
      #expect(try processor > 0 && processor < 3 * number(found, "seconds_per_sample"))
      let shares = try #require(found["shares"] as? [String: Double])
      #expect(
        Set(shares.keys) == ["reading", "decompressing", "decoding", "resizing", "normalizing", "tokenizing", "other"])
      #expect(abs(shares.values.reduce(0, +) - 1) < 1e-6 && shares.values.allSatisfy { $0 > 0 })
      #expect(try number(found, "samples") == 300 && number(found, "samples_per_second") > 10)
    }

    @Test func collectivesHaveTheirKeys() throws {
      let found = try benchmark("collectives", "--recipe", "tiny", ranks: 2)
      #expect(ofMachine.union(["recipe", "operations", "gradients", "values"]) == Set(found.keys))
      let operations = try #require(found["operations"] as? [[String: Any]])
      #expect(operations.count == 24)
      #expect(Set(operations.compactMap { $0["operation"] as? String }) == ["sum", "gather", "sum_scatter"])
      #expect(Set(operations.compactMap { $0["bytes"] as? Int }) == Set((6...13).map { 1 << (2 * $0) }))
      for key in ["gradients", "values"] {
        let whole = try #require(found[key] as? [String: Any])
        #expect(Set(whole.keys) == ["operation", "bytes", "seconds", "bytes_per_second"])
        #expect(try number(whole, "bytes") == 4 * 1_745_281)
      }
    }

    @Test func aCheckpointIsWrittenReadAndRemoved() throws {
      let found = try benchmark("checkpoint", "--recipe", "tiny", ranks: 2)
      #expect(
        ofMachine.union([
          "recipe", "bytes", "copy_seconds", "write_seconds", "write_bytes_per_second", "read_seconds",
          "read_bytes_per_second", "plain_read_seconds",
        ]) == Set(found.keys))
      #expect(try number(found, "bytes") == 12 * 1_745_281)
      #expect(try scratch.names("").isEmpty)
      try scratch.fail(["benchmark", "checkpoint", "--into", "nowhere"], with: 74, "nowhere")
    }

    @Test(arguments: ["fp32", "bf16"]) func gemmHasItsKeys(precision: String) throws {
      let found = try benchmark("gemm", "--precision", precision)
      let isCompared = found["library_gemm_gflops"] != nil
      #expect(isCompared == (precision == "bf16" ? hasBFloat16 : has(["avx512f", "avx512bw", "avx512vl", "avx512dq"])))
      #expect(
        ofMachine.union(["precision", "library", "products", "gemm_gflops", "own_gemm_gflops"])
          == Set(found.keys).subtracting(["library_gemm_gflops"]))
      #expect(found["library"] as? String == (precision == "bf16" && hasBFloat16 ? "oneDNN" : "OpenBLAS"))
      #expect(try isCompared || number(found, "gemm_gflops") == number(found, "own_gemm_gflops"))
      let products = try #require(found["products"] as? [[String: Any]])
      #expect(products.count == 24)
      for product in products {
        let ours: Set = ["tower", "rows", "inputs", "outputs", "pass", "seconds", "gflops"]
        #expect(Set(product.keys) == ours.union(isCompared ? ["library_seconds", "library_gflops", "ratio"] : []))
        let operations =
          try 2 * number(product, "rows") * number(product, "inputs") * number(product, "outputs") / 1e9
        #expect(try abs(number(product, "gflops") * number(product, "seconds") / operations - 1) < 1e-9)
        guard isCompared else { continue }
        #expect(try abs(number(product, "library_gflops") * number(product, "library_seconds") / operations - 1) < 1e-9)
        #expect(
          try abs(number(product, "gflops") / number(product, "library_gflops") / number(product, "ratio") - 1) < 1e-9)
      }
    }

    @Test func aRecipeThatCannotBeIsNamed() throws {
      try scratch.fail(
        ["benchmark", "step", "--recipe", "tiny", "--caption-tokens", "17"], with: 2,
        "--caption-tokens: found 17, expected at most the model's context, 16")
      try scratch.fail(["benchmark", "step", "--recipe", "tinny"], ranks: 2, with: 2, "tinny")
    }
  }
}
