import Tensors

/// Draws that depend on a seed and on what is drawn from only, by counters.
package enum CountedDraw {
  /// What a draw is for: those of one purpose say nothing of another's.
  package enum Purpose: Int {
    case shots = 1
    case validation, bootstrap
  }

  /// A shuffling of items, the same for the same seed, purpose and position. The first k of it are a draw of k; those of a
  /// smaller k are among those of a larger one.
  package static func shuffled(_ items: [Int], seed: UInt64, _ purpose: Purpose, position: Int) -> [Int] {
    var generator = CounterGenerator(seed: seed, epoch: purpose.rawValue, position: position)
    let keys = items.map { _ in generator.next() }
    return items.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }.map { items[$0] }
  }

  /// `count` numbers below `bound`, each as likely as the others up to 2⁻⁶⁴ · bound.
  package static func numbers(_ count: Int, below bound: Int, seed: UInt64, _ purpose: Purpose, position: Int) -> [Int]
  {
    var generator = CounterGenerator(seed: seed, epoch: purpose.rawValue, position: position)
    return (0..<count).map { _ in Int(generator.next().multipliedFullWidth(by: UInt64(bound)).high) }
  }
}
