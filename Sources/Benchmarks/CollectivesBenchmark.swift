public import Collectives
import Towers
public import Training

/// How fast the ranks exchange numbers: each operation at several sizes, and the sum of a model's gradients.
public struct CollectivesBenchmark: Sendable {
  private let model: ModelConfiguration
  private let name: String
  /// Bytes of the whole buffer.
  package static let sizes = (6...13).map { 1 << (2 * $0) }

  /// - Parameters:
  ///   - recipe: whose model's gradients are summed.
  ///   - name: the recipe's.
  public init(_ recipe: Recipe, named name: String) throws {
    model = try recipe.model.configuration
    self.name = name
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
    return CollectivesReport(recipe: name, operations: operations, gradients: try gradients(in: world))
  }

  /// The sum that ends every step.
  private func gradients(in world: any Communicator) throws -> CollectivesReport.Operation {
    let count = TwoTowers.parameterShapes(of: model).reduce(0) { $0 + $1.shape.reduce(1, *) }
    let block = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
    defer { block.deallocate() }
    block.initialize(repeating: 0)
    let found = try world.durations(least: 3, seconds: 0.1) { try world.sum(block) }
    return .init(operation: "sum", bytes: 4 * count, seconds: found.median)
  }
}
