/// Many short byte strings, one behind the other in one array.
struct PatternList {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []

  /// How many there are.
  var count: Int { ends.count }

  /// Adds one behind the last.
  mutating func append(_ pattern: some Sequence<UInt8>) {
    bytes += pattern
    ends.append(bytes.count)
  }

  /// The one with a number.
  subscript(_ number: Int) -> ArraySlice<UInt8> { bytes[start(number)..<ends[number]] }

  /// The length of the one with a number.
  func length(_ number: Int) -> Int { ends[number] - start(number) }

  /// A byte of the one with a number.
  func byte(_ number: Int, at place: Int) -> UInt8 { bytes[start(number) + place] }

  private func start(_ number: Int) -> Int { number == 0 ? 0 : ends[number - 1] }

  /// The same ones in the order of their bytes, each once.
  func sorted() -> PatternList {
    let order = (0..<count).sorted { self[$0].lexicographicallyPrecedes(self[$1]) }
    var result = PatternList()
    var last: ArraySlice<UInt8> = []
    for number in order where result.count == 0 || self[number] != last {
      last = self[number]
      result.append(last)
    }
    return result
  }
}
