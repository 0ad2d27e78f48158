/// Finds the draw of a given rank among very many, keeping only those near where it must be.
///
/// The n-th smallest of c even draws lies around n / c of the way, give or take √n / c. What is left beside the band kept
/// is counted, so a band that missed the rank knows it.
struct DrawBand: Sendable {
  /// The draws kept.
  let range: ClosedRange<UInt64>
  private let rank: Int
  private var below = 0
  private var draws: [UInt64] = []

  /// - Parameters:
  ///   - rank: of the draw to find, from 1.
  ///   - count: how many draws there will be, more than `rank`.
  ///   - spread: the band's half width in standard deviations; eight miss once in 10¹⁵.
  init(rank: Int, of count: Int, spread: Double) {
    self.rank = rank
    let half = spread * (Double(rank).squareRoot() + 1)
    func draw(_ rank: Double) -> UInt64 {
      let share = max(rank, 0) / Double(count)
      return share < 1 ? UInt64(share * 0x1p64) : .max
    }
    range = draw(Double(rank) - half)...draw(Double(rank) + half)
  }

  /// Takes a draw in; those above the band need not come.
  mutating func add(_ draw: UInt64) {
    if draw < range.lowerBound {
      below += 1
    } else if draw <= range.upperBound {
      draws.append(draw)
    }
  }

  /// The draw of the rank, once all have come; nil if it is not in the band.
  var found: UInt64? {
    let place = rank - below - 1
    return draws.indices.contains(place) ? draws.sorted()[place] : nil
  }
}
