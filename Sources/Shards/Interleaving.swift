/// Several sequences merged into one in which each is spread evenly.
///
/// Element j of a sequence of m has the time (j + ½) / m, and elements come in the order of their times, of equal ones
/// that of the first sequence first. In whatever stretch of the whole, a sequence has its share of elements to within one
/// for each sequence. Times are compared as fractions of integers, exactly.
struct Interleaving {
  /// Elements of each sequence.
  let counts: [Int]
  /// Elements of all.
  let total: Int

  init(_ counts: [Int]) {
    self.counts = counts
    total = counts.reduce(0, +)
  }

  /// Which element comes at a place of the whole.
  func element(at place: Int) -> (sequence: Int, index: Int) {
    precondition(place >= 0 && place < total, "place \(place) of \(total)")
    for sequence in counts.indices where counts[sequence] > 0 {
      let (low, high) = candidates(of: sequence, near: place)
      // Places grow with the index.
      var (first, last) = (low, high)
      while last - first > 1 {
        let middle = (first + last) / 2
        if self.place(of: middle, in: sequence) <= place { first = middle } else { last = middle }
      }
      if first < last, self.place(of: first, in: sequence) == place { return (sequence, first) }
    }
    preconditionFailure("no sequence has an element at place \(place) of \(total)")
  }

  /// Elements of a sequence that may come at a place.
  ///
  /// At time t about t · m elements of each sequence of m have come, to within a half; so its element at a place has a time
  /// within (sequences / 2 + 1) / total of place / total.
  private func candidates(of sequence: Int, near place: Int) -> (low: Int, high: Int) {
    let count = counts[sequence], room = counts.count / 2 + 2
    func scaled(_ place: Int) -> Int { Int(Int128(place) * Int128(count) / Int128(total)) }
    return (max(0, scaled(max(0, place - room)) - 1), min(count, scaled(place + room) + 2))
  }

  /// Where an element comes in the whole.
  private func place(of index: Int, in sequence: Int) -> Int {
    var place = index
    let own = Int128(counts[sequence])
    for other in counts.indices where other != sequence {
      // Elements k of the other with (2k + 1) / its count < (2 index + 1) / own; or ≤, where it goes first.
      let time = Int128(2 * index + 1) * Int128(counts[other])
      place += Int((other < sequence ? time + own : time + own - 1) / (2 * own))
    }
    return place
  }
}
