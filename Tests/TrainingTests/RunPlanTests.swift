import Testing
import Training

/// What a run takes, against what a person computes and what was measured.
@Suite struct RunPlanTests {
  private func plan(_ changes: String..., ranks: Int) throws -> RunPlan {
    try RunPlan(Recipe.paper.setting(changes), ranks: ranks, threads: 1, captionTokens: 20)
  }

  @Test func parametersAreSharedAsTheRecipeSays() throws {
    let all = 151_277_313
    let alone = try plan(
      "globalBatch=32", "microBatch=32", "shard=none", "optimizer.gradientClip=1", ranks: 1)
    #expect(alone.parameters == all && alone.memory.parameters == 16 * all && alone.checkpointBytes == 12 * all)
    #expect(alone.memory.checkpoint == 12 * all)
    #expect(alone.bytesSent == 0 && alone.microBatches == 1 && alone.pairs == 32)
    let half = try plan(
      "globalBatch=64", "microBatch=32", "shard=optimizer", "optimizer.gradientClip=1", ranks: 2)
    #expect(half.memory.parameters == 8 * all + 8 * all / 2)
    // Half of all gradients go to the other rank, and half of all values come back.
    #expect(half.bytesSent > 4 * all && half.bytesSent < 4 * all + 2_000_000)
    let narrow = try plan("globalBatch=64", "reduction.wire=bf16", ranks: 2)
    #expect(narrow.bytesSent > 3 * all && narrow.bytesSent < 3 * all + 2_000_000)
    let shared = try plan("globalBatch=64", "shard=parameters", ranks: 2)
    #expect(shared.memory.parameters < half.memory.parameters)
  }

  /// Blocks that are updated on the way back leave no gradients: those of the largest are there, and of what no block and no
  /// table of tokens holds.
  @Test func gradientsOfABlockComeAndGo() throws {
    let all = 151_277_313, block = 12 * 768 * 768 + 13 * 768, table = 49408 * 512
    let between = all - 12 * block - 12 * (12 * 512 * 512 + 13 * 512) - table
    for (change, ranks) in [("shard=none", 1), ("shard=optimizer", 2)] {
      let passing = try plan("globalBatch=\(32 * ranks)", change, ranks: ranks)
      let whole = try plan("globalBatch=\(32 * ranks)", change, "optimizer.gradientClip=1", ranks: ranks)
      #expect(whole.memory.parameters - passing.memory.parameters == 4 * (all - between - block))
      #expect(whole.memory.activations == passing.memory.activations && whole.bytesSent == passing.bytesSent)
      // Several micro-batches add up, and sums in another order begin when all is there.
      for more in ["microBatch=16", "reduction.order=canonical"] {
        let other = try plan("globalBatch=\(32 * ranks)", "microBatch=32", change, more, ranks: ranks)
        #expect(other.memory.parameters == whole.memory.parameters)
      }
    }
  }

  /// Sums that wait for their other half: gradients of four micro-batches a rank, and of captions in as many shares.
  @Test func canonicalOrderTakesMemory() throws {
    let all = 151_277_313, settings = ["globalBatch=64", "microBatch=8"]
    // A clip needs all gradients, as canonical order does.
    let whole = ["optimizer.gradientClip=1", "reduction.order=canonical"]
    func canonical(_ more: String..., ranks: Int) throws -> RunPlan {
      try RunPlan(Recipe.paper.setting(settings + whole + more), ranks: ranks, threads: 1, captionTokens: 20)
    }
    let plan = try canonical(ranks: 2), ranks = try canonical("reduction.order=ranks", ranks: 2)
    #expect(plan.memory.parameters == ranks.memory.parameters + 2 * 4 * all)
    #expect(plan.memory.embeddings == ranks.memory.embeddings + 2 * 64 * 512 * 4 + 3 * 64 * 20)
    #expect(plan.bytesSent == ranks.bytesSent)
    // A micro-batch a rank has nothing to wait for.
    let eight = try canonical(ranks: 8), others = try canonical("reduction.order=ranks", ranks: 8)
    #expect(eight.memory.total == others.memory.total)
    #expect(throws: RecipeError.self) { try canonical(ranks: 16) }
    #expect(throws: RecipeError.self) { try canonical("globalBatch=72", ranks: 3) }
  }

  /// `clip benchmark step`, which writes no checkpoint, measured these peaks; README, "Figures" and "Benchmarks".
  @Test(arguments: [
    ("shard=none", 1, 32, 2.41), ("shard=optimizer", 2, 64, 1.81), ("shard=parameters", 2, 64, 1.60),
    ("precision=fp32", 1, 32, 2.72), ("activationCheckpointing=true", 1, 32, 2.09),
    ("optimizer.gradientClip=1", 1, 32, 2.97), ("model=RN50", 1, 32, 3.54),
    ("model=RN50 activationCheckpointing=true", 1, 32, 2.63),
  ]) func memoryIsWhatWasMeasured(change: String, ranks: Int, batch: Int, gigabytes: Double) throws {
    let settings = ["globalBatch=\(batch)", "precision=bf16"] + change.split(separator: " ").map(String.init)
    let memory = try RunPlan(Recipe.paper.setting(settings), ranks: ranks, threads: 1, captionTokens: 20).memory
    let found = memory.total - memory.checkpoint
    #expect(abs(Double(found) / 1e9 / gigabytes - 1) < 0.03, "\(found)")
  }

  @Test func aSecondEmbeddingCostsAThird() throws {
    let once = try plan("globalBatch=32", "microBatch=32", ranks: 1)
    let twice = try plan("globalBatch=32", "microBatch=8", ranks: 1)
    #expect(twice.microBatches == 4 && twice.memory.activations < once.memory.activations / 3)
    #expect(abs(Double(twice.operations) / Double(once.operations) - 4.0 / 3) < 0.01)
  }
}
