import Tensors
package import Towers

/// Which patches of each picture a Vision Transformer sees in training (FLIP, Li et al. 2023): a pure function of
/// integers, so that a second embedding sees the same ones, whatever the number of ranks.
package struct PatchDropout: Sendable {
  private let patches: Int
  private let seen: Int
  private let seed: UInt64
  /// Apart from what crops are drawn with.
  private static let stream: UInt64 = 0x7061_7463_6865_7300

  /// - Parameters:
  ///   - vision: has as many patches as the picture; none are left out of a ModifiedResNet's.
  ///   - recipe: the share to leave out, and the seed.
  package init(_ vision: VisionConfiguration, _ recipe: Recipe) {
    patches = vision.isResNet ? 0 : vision.tokens - 1
    seen = vision.patches(leavingOut: recipe.patchDropout)
    seed = UInt64(recipe.seed) ^ Self.stream
  }

  /// Numbers of the patches that are seen of the pictures at some places, ascending for each picture; nil: all.
  package func patches(at places: [BatchPlan.Place]) -> [Int32]? {
    guard seen < patches else { return nil }
    return places.flatMap { place in
      var generator = CounterGenerator(seed: seed, epoch: place.epoch, position: place.position)
      var numbers = (0..<Int32(patches)).map { $0 }
      for index in 0..<seen {
        // By hand: what the standard library draws may change with its version, and a resumed run with it.
        let drawn = generator.next().multipliedFullWidth(by: UInt64(patches - index)).high
        numbers.swapAt(index, index + Int(drawn))
      }
      return numbers[..<seen].sorted()
    }
  }
}

extension VisionConfiguration {
  /// How many patches of a picture are left where a share of them is left out; at least one, as in open_clip.
  func patches(leavingOut share: Double) -> Int {
    guard !isResNet else { return 0 }
    return max(1, Int(Double(tokens - 1) * (1 - share)))
  }
}
