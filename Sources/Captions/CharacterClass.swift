/// A set of characters, written as in a regular expression's brackets: `"a-zÀ-ÿ"`.
struct CharacterClass: ExpressibleByStringLiteral, Sendable {
  /// Disjoint ranges in ascending order.
  let ranges: [ClosedRange<UInt32>]

  init(ranges: some Sequence<ClosedRange<UInt32>>) {
    var merged: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    self.ranges = merged
  }

  init(_ scalars: some Sequence<Unicode.Scalar>) {
    self.init(ranges: scalars.map { $0.value...$0.value })
  }

  init(stringLiteral text: String) {
    let scalars = Array(text.unicodeScalars)
    var ranges: [ClosedRange<UInt32>] = []
    var index = 0
    while index < scalars.count {
      let isRange = index + 2 < scalars.count && scalars[index + 1] == "-"
      ranges.append(scalars[index].value...scalars[isRange ? index + 2 : index].value)
      index += isRange ? 3 : 1
    }
    self.init(ranges: ranges)
  }

  /// The union of two classes.
  static func + (a: Self, b: Self) -> Self {
    Self(ranges: a.ranges + b.ranges)
  }

  /// White space as Python's `str.split` and Unicode see it.
  static let whiteSpace: CharacterClass =
    "\t-\r\u{1c}-\u{20}\u{85}\u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}"

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if scalar.value < ranges[middle].lowerBound {
        high = middle
      } else if scalar.value > ranges[middle].upperBound {
        low = middle + 1
      } else {
        return true
      }
    }
    return false
  }
}
