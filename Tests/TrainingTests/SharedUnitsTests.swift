import Checkpoints
import Tensors
import Testing
import Towers

/// What towers ask of the exchange that brings their blocks together, on one rank. `WorldCheck` has several.
@Suite struct SharedUnitsTests {
  /// A rank that keeps everything, though slice by slice, and counts what it is asked for; it may fail at some time.
  private final class Whole: UnitExchange {
    struct Failure: Error {}
    private(set) var gathered = 0
    private(set) var summed = 0
    private let failure: Int

    init(failingAt failure: Int = .max) { self.failure = failure }

    func slice(of count: Int) -> Range<Int> { 0..<count }

    func gather(_ values: Tensor) throws {
      gathered += 1
      if gathered + summed == failure { throw Failure() }
    }

    func sum(_ gradients: Tensor) throws {
      summed += 1
      if gathered + summed == failure { throw Failure() }
    }
  }

  private func towers(_ golden: GoldenCase, _ exchange: Whole) throws -> TwoTowers {
    let towers = TwoTowers(golden.configuration, precision: .fp32, sharedBy: exchange)
    for parameter in towers.parameters.parameters {
      let values = try golden.weights.tensor(parameter.name).values()
      towers.parameters.set(parameter) { _ = $0.update(fromContentsOf: values) }
    }
    return towers
  }

  @Test(arguments: [1, 2, 6]) func everyBlockIsGatheredAndSummed(microBatch: Int) throws {
    let golden = try GoldenCase("quick-gelu"), exchange = Whole()
    #expect(golden.batchSize == 6)
    let whole = try golden.towers(.fp32), shared = try towers(golden, exchange)
    // Twice: what a step left must not reach the next.
    for _ in 0..<2 {
      let expected = try golden.step(whole, microBatch: microBatch)
      let found = try golden.step(shared, microBatch: microBatch)
      #expect(abs(found.loss - expected.loss) <= 1e-6 * expected.loss)
    }
    for parameter in whole.parameters.parameters {
      let gradient = shared.parameters.gradients(of: parameter.elements)
      expectClose(gradient, parameter.gradient.values, 1e-5, "gradient of \(parameter.name)")
    }
    // Forward and backward, and forward once more where activations were not kept.
    let blocks = golden.configuration.vision.layers + golden.configuration.text.layers
    #expect(exchange.gathered == 2 * (microBatch == golden.batchSize ? 2 : 3 * golden.batchSize / microBatch) * blocks)
    #expect(exchange.summed == 2 * golden.batchSize / microBatch * blocks)
  }

  @Test(arguments: 1...12) func whatFailsBetweenRanksIsThrown(call: Int) throws {
    let golden = try GoldenCase("quick-gelu")
    let towers = try towers(golden, Whole(failingAt: call))
    #expect(throws: Whole.Failure.self) { try golden.step(towers, microBatch: golden.batchSize) }
  }

  @Test func initialValuesAreThoseOfAWholeModel() throws {
    let configuration = try GoldenCase("odd-widths").configuration
    let whole = TwoTowers(configuration, precision: .fp32, forTraining: false)
    let shared = TwoTowers(configuration, precision: .fp32, sharedBy: Whole())
    for towers in [whole, shared] { towers.parameters.initialize(seed: 3) }
    for parameter in whole.parameters.parameters {
      #expect(shared.parameters.values(of: parameter.elements).values == parameter.values.values, "\(parameter.name)")
    }
  }

  @Test func aBlockThatWasNotGatheredIsNoSilentError() async {
    await #expect(processExitsWith: .failure) {
      let configuration = try GoldenCase("quick-gelu").configuration
      let towers = TwoTowers(configuration, precision: .fp32, sharedBy: Whole())
      let shared = try #require(towers.parameters.parameters.first { $0.name.contains("resblocks.0") })
      _ = shared.values
    }
  }
}
