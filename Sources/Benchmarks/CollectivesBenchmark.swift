public import Collectives
import Tensors
import Towers
public import Training

/// How fast the ranks exchange numbers: each operation at several sizes, and those of a model's gradients and
/// values in a step.
public struct CollectivesBenchmark: Sendable {
  private let model: ModelConfiguration
  private let name: String
  private let reduction: ReductionSettings
  /// Bytes of the whole buffer.
  package static let sizes = (6...13).map { 1 << (2 * $0) }

  /// - Parameters:
  ///   - recipe: whose model's gradients are summed, and how.
  ///   - name: the recipe's.
  public init(_ recipe: Recipe, named name: String) throws {
    model = try recipe.model.configuration
    self.name = name
    reduction = recipe.reduction
  }

  /// Measures on all ranks.
  public func run(in world: any Communicator) throws -> CollectivesReport {
    // Whole numbers of floats for every rank.
    let largest = (Self.sizes.last ?? 0) / 4 / world.size * world.size
    let all = UnsafeMutableBufferPointer<Float>.allocate(capacity: largest)
    let own = UnsafeMutableBufferPointer<Float>.allocate(capacity: largest / world.size)
    defer {
      all.deallocate()
      own.deallocate()
    }
    // Zeros, which no number of sums makes infinite; the network does not care.
    all.initialize(repeating: 0)
    own.initialize(repeating: 0)
    var operations: [CollectivesReport.Operation] = []
    for size in Self.sizes {
      let part = max(size / 4 / world.size, 1)
      let whole = UnsafeMutableBufferPointer(rebasing: all[..<(part * world.size)])
      let mine = UnsafeMutableBufferPointer(rebasing: own[..<part])
      let work: [(String, () throws -> Void)] = [
        ("sum", { try world.sum(whole) }),
        ("gather", { try world.gather(UnsafeBufferPointer(mine), into: whole) }),
        ("sum_scatter", { try world.sumScatter(UnsafeBufferPointer(whole), into: mine) }),
      ]
      for (name, body) in work {
        let found = try world.durations(least: 5, seconds: 0.1, of: body)
        operations.append(.init(operation: name, bytes: 4 * whole.count, seconds: found.median))
      }
    }
    let (gradients, values) = try exchange(in: world)
    return CollectivesReport(recipe: name, operations: operations, gradients: gradients, values: values)
  }

  /// What every step does with the gradients and the values of all parameters, where the optimizer is sharded.
  private func exchange(in world: any Communicator) throws
    -> (sum: CollectivesReport.Operation, gather: CollectivesReport.Operation)
  {
    let count = TwoTowers.parameterShapes(of: model).reduce(0) { $0 + $1.shape.reduce(1, *) }
    let block = Tensor(rows: 1, columns: count), exchange = SliceExchange(reduction, in: world)
    let found = try world.durations(
      least: 3, seconds: 0.2,
      inTurn: [{ if world.size > 1 { try exchange.sum(block) } }, { try exchange.gather(block) }])
    return (
      .init(operation: "sum", bytes: 4 * count, seconds: found[0].median),
      .init(operation: "gather", bytes: 4 * count, seconds: found[1].median)
    )
  }
}
