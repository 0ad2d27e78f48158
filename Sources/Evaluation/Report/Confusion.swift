import Tensors

/// Which caption a picture is taken to have, of the few there are.
struct Confusion: Sendable {
  /// The captions, in the order they first come.
  let captions: [String]
  /// Pictures by their own caption and by the one that is most similar, row by row.
  let counts: [[Int]]

  /// As many captions as a table can show.
  static let mostCaptions = 40

  /// Gives every picture the most similar caption; nil where captions are no classes: too many, or hardly repeated.
  ///
  /// - Parameters:
  ///   - images: (pairs, embedding); `texts`: the same shape; rows of length 1.
  ///   - captions: of each pair.
  ///   - groups: the number of each pair's caption, in the order they first come.
  ///   - firsts: of each such number the first pair.
  init?(images: Tensor, texts: Tensor, captions all: [String], groups: [Int], firsts: [Int]) {
    let count = firsts.count
    guard (2...Self.mostCaptions).contains(count), all.count >= 2 * count else { return nil }
    let classes = Tensor(rows: count, columns: texts.columns)
    for (row, first) in firsts.enumerated() { classes.rows(row..<row + 1).set(texts.rows(first..<first + 1).values) }
    captions = firsts.map { all[$0] }
    var counts = [[Int]](repeating: [Int](repeating: 0, count: count), count: count)
    for (image, best) in Search.best(1, of: classes, for: images).enumerated() {
      if let best = best.first { counts[groups[image]][best.index] += 1 }
    }
    self.counts = counts
  }

  /// The share of pictures that are given their own caption.
  var accuracy: Double {
    let all = counts.reduce(0) { $0 + $1.reduce(0, +) }
    return Double(counts.indices.reduce(0) { $0 + counts[$1][$1] }) / Double(max(all, 1))
  }
}
