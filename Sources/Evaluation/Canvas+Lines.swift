extension Canvas {
  /// Breaks text between words into lines no wider than `width`; what does not fit into `limit` lines ends in "…".
  ///
  /// Any white space, line ends too, counts as one space.
  package func lines(of text: String, _ style: TextStyle, width: Double, limit: Int) -> [String] {
    var words = text.split(whereSeparator: \.isWhitespace)[...]
    var lines: [String] = []
    while !words.isEmpty {
      // The last line takes all that is left, and a word wider than a line gets one of its own; both lose their end.
      let isLast = lines.count == limit - 1
      let fitting = longestPrefix(of: words.count) { count in
        self.width(of: words.prefix(count).joined(separator: " "), style) <= width
      }
      let count = isLast ? words.count : max(fitting, 1)
      lines.append(ellipsised(words.prefix(count).joined(separator: " "), style, width: width))
      words = words.dropFirst(count)
    }
    return lines
  }

  /// `text`, or as much of its beginning as fits with "…" behind it.
  private func ellipsised(_ text: String, _ style: TextStyle, width: Double) -> String {
    if self.width(of: text, style) <= width { return text }
    let characters = Array(text)
    func shortened(_ count: Int) -> String {
      var kept = characters.prefix(count)
      while kept.last?.isWhitespace == true { kept.removeLast() }
      return String(kept) + "…"
    }
    return shortened(longestPrefix(of: characters.count) { self.width(of: shortened($0), style) <= width })
  }

  /// The largest count up to `count` that fits, where all smaller ones do: about log₂ questions.
  private func longestPrefix(of count: Int, fits: (Int) -> Bool) -> Int {
    var (fitting, tooLong) = (0, count + 1)
    while tooLong - fitting > 1 {
      let middle = (fitting + tooLong) / 2
      if fits(middle) { fitting = middle } else { tooLong = middle }
    }
    return fitting
  }
}
