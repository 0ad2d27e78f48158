/// Finds what somebody who mistyped a word most likely meant.
enum EditDistance {
  /// The candidate that takes the fewest insertions, deletions and replacements of letters.
  ///
  /// - Parameter part: what of a candidate is compared.
  static func nearest(to word: String, in candidates: [String], part: (String) -> String) -> String {
    let word = Array(word.lowercased())
    let distances = candidates.map { (candidate: $0, distance: distance(word, Array(part($0).lowercased()))) }
    return distances.min { $0.distance < $1.distance }?.candidate ?? ""
  }

  private static func distance(_ a: [Character], _ b: [Character]) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        let replaced = diagonal + (x == y ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[b.count]
  }
}
