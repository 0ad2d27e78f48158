/// Finds which of many queries a text holds, in one pass over it: the automaton of Aho and Corasick (1975).
///
/// A state stands for what a query may begin with, state 0 for nothing read. States are numbered level by level, so
/// those one byte longer than a state lie side by side, in the order of that byte: 13 bytes a state, in four flat
/// arrays, and no pointers.
struct QueryAutomaton: Sendable {
  /// For each state the first of those one byte longer; they end where those of the next state start.
  private var children: [UInt32] = []
  /// The last byte of each state.
  private var labels: [UInt8] = [0]
  /// For each state the longest shorter one that its text ends with.
  private var fallbacks: [UInt32] = []
  /// The query that each state completes, or `none`.
  private var queries: [UInt32] = []

  private static let none = UInt32.max
  private static let space = UInt8(ascii: " ")

  /// - Parameter patterns: queries in the form of ``SpacedText``, sorted, each once; at least one.
  init(_ patterns: PatternList) {
    // The patterns that begin with each state of a level: sorted, they are neighbours.
    var level = [0..<patterns.count]
    var depth = 0
    while !level.isEmpty {
      var next: [Range<Int>] = []
      for range in level {
        var first = range.lowerBound
        // The shortest comes first.
        let isComplete = patterns.length(first) == depth
        queries.append(isComplete ? UInt32(first) : Self.none)
        if isComplete { first += 1 }
        children.append(UInt32(labels.count))
        while first < range.upperBound {
          let byte = patterns.byte(first, at: depth)
          var end = first + 1
          while end < range.upperBound, patterns.byte(end, at: depth) == byte { end += 1 }
          labels.append(byte)
          next.append(first..<end)
          first = end
        }
      }
      level = next
      depth += 1
    }
    children.append(UInt32(labels.count))
    fallbacks = [UInt32](repeating: 0, count: labels.count)
    // What a state falls back to is shorter, so it is known before. One byte has nothing to fall back to.
    for state in 1..<labels.count {
      for child in Int(children[state])..<Int(children[state + 1]) {
        fallbacks[child] = UInt32(step(from: Int(fallbacks[state]), labels[child]))
      }
    }
  }

  /// Adds the numbers of the queries that a text in the form of ``SpacedText`` holds, as often as it holds them.
  func find(in text: [UInt8], _ found: inout [UInt32]) {
    var state = 0
    for byte in text {
      state = step(from: state, byte)
      // All queries end with a space, those that end another one too.
      guard byte == Self.space else { continue }
      var ending = state
      while ending != 0 {
        if queries[ending] != Self.none { found.append(queries[ending]) }
        ending = Int(fallbacks[ending])
      }
    }
  }

  /// The state after one more byte.
  private func step(from state: Int, _ byte: UInt8) -> Int {
    var state = state
    while true {
      if let child = child(of: state, byte) { return child }
      if state == 0 { return 0 }
      state = Int(fallbacks[state])
    }
  }

  private func child(of state: Int, _ byte: UInt8) -> Int? {
    var (low, high) = (Int(children[state]), Int(children[state + 1]))
    while high - low > 8 {
      let middle = (low + high) / 2
      if labels[middle] <= byte { low = middle } else { high = middle }
    }
    while low < high {
      if labels[low] == byte { return low }
      low += 1
    }
    return nil
  }
}
