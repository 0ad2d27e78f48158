import Checkpoints
import Evaluation
import Files
import Tensors
import Testing

@Suite struct SearchTests {
  /// Few small whole numbers: similarities are exact, and many of them equal. No row is of zeros.
  private static func embeddings(_ rows: Int, _ columns: Int, seed: UInt64, of values: Int) -> Tensor {
    var generator = CounterGenerator(seed: seed, stream: 0)
    return Tensor(
      (0..<rows * columns).map { place in
        place % columns == 0 ? 1 : Float(Int(generator.next() % UInt64(values)) - values / 2)
      }, columns: columns)
  }

  /// Directions as models make them.
  private static func directions(_ rows: Int, _ columns: Int, seed: UInt64) -> [Float] {
    var generator = CounterGenerator(seed: seed, stream: 0)
    return (0..<rows).flatMap { _ in
      let row = (0..<columns).map { _ in generator.uniform() - 0.5 }
      let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return row.map { $0 / length }
    }
  }

  /// All candidates but rows of zeros, sorted.
  private static func sorted(_ top: Int, of candidates: Tensor, for queries: Tensor) -> [[Search.Hit]] {
    let rows = (0..<candidates.rows).map { candidates.rows($0..<$0 + 1).values }
    return (0..<queries.rows).map { query in
      let query = queries.rows(query..<query + 1).values
      let all = rows.enumerated().filter { $0.element.contains { $0 != 0 } }.map { index, row in
        Search.Hit(index: index, score: zip(query, row).reduce(0) { $0 + $1.0 * $1.1 })
      }
      return Array(
        all.sorted { $0.score > $1.score || ($0.score == $1.score && $0.index < $1.index) }.prefix(top))
    }
  }

  /// One and several groups of queries, ragged blocks and stripes, and so many ties that their order decides.
  @Test(arguments: [
    (1, 1, 1, 3), (5, 3, 10, 3), (100, 1, 10, 2), (333, 7, 10, 3), (700, 33, 3, 5), (1500, 65, 20, 3), (50, 130, 60, 2),
  ]) func whatIsFoundIsTheBeginningOfASortedList(rows: Int, queries: Int, top: Int, values: Int) throws {
    let candidates = Self.embeddings(rows, 12, seed: 1, of: values)
    let questions = Self.embeddings(queries, 12, seed: 2, of: values)
    let expected = Self.sorted(top, of: candidates, for: questions)
    #expect(expected[0].count == min(top, rows))
    #expect(Search.best(top, of: candidates, for: questions) == expected)
    for block in [1, 7, 64, rows, rows + 1] {
      #expect(try Search.best(top, of: candidates, for: questions, block: block) == expected, "blocks of \(block)")
    }
    #expect(try Search.best(top, of: candidates as any RowSource, for: questions) == expected)
  }

  /// To the last bit, whatever else is asked, and a copy comes right behind what it is a copy of.
  @Test func blocksThreadsAndOtherQueriesChangeNothing() throws {
    let half = Self.directions(900, 51, seed: 3)
    let candidates = Tensor(half + half, columns: 51)
    let questions = Tensor(Self.directions(70, 51, seed: 4), columns: 51)
    let before = Threads.count
    defer { Threads.use(before) }
    Threads.use(1)
    let expected = Search.best(12, of: candidates, for: questions)
    for hits in expected {
      #expect(stride(from: 0, to: 12, by: 2).allSatisfy { hits[$0 + 1].index == hits[$0].index + 900 })
      #expect(stride(from: 0, to: 12, by: 2).allSatisfy { hits[$0 + 1].score == hits[$0].score })
    }
    for threads in [1, 2, 5] {
      Threads.use(threads)
      for block in [1, 7, 64, 1000, 1800] {
        #expect(
          try Search.best(12, of: candidates, for: questions, block: block) == expected, "\(threads), \(block)")
      }
    }
    for query in [0, 31, 32, 69] {
      #expect(Search.best(12, of: candidates, for: questions.rows(query..<query + 1))[0] == expected[query])
    }
  }

  /// All similarities are negative, so that zeros would come first.
  @Test func rowsOfZerosAreNeverFound() throws {
    let columns = 20
    var numbers = Self.directions(300, columns, seed: 5).map { -abs($0) }
    let blank = [0, 1, 77, 150, 151, 152, 299]
    for row in blank { for column in 0..<columns { numbers[row * columns + column] = row == 77 ? -0.0 : 0 } }
    let candidates = Tensor(numbers, columns: columns)
    let questions = Tensor(Self.directions(3, columns, seed: 6).map(abs), columns: columns)
    for top in [1, 10, 300, 1000] {
      let expected = Self.sorted(top, of: candidates, for: questions).map { $0.map(\.index) }
      #expect(expected[0].count == min(top, 293))
      for block in [1, 7, 64, 300] {
        let found = try Search.best(top, of: candidates, for: questions, block: block)
        #expect(found.allSatisfy { hits in !hits.contains { blank.contains($0.index) || $0.score >= 0 } })
        #expect(found.map(\.count) == expected.map(\.count) && found[0][0].index == expected[0][0])
      }
    }
    let none = Tensor(rows: 40, columns: columns)
    #expect(Search.best(5, of: none, for: questions) == [[], [], []])
  }

  /// What is at right angles to a query is as good as any other.
  @Test func aSimilarityOfZeroIsFound() {
    let candidates = Tensor([0, 1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1], columns: 3)
    let found = Search.best(4, of: candidates, for: Tensor([1, 0, 0], columns: 3))[0]
    #expect(found == [(0, 0), (3, 0), (2, -1)].map { Search.Hit(index: $0.0, score: $0.1) })
  }

  @Test func nothingIsFoundAmongNothing() throws {
    let questions = Tensor(Self.directions(2, 8, seed: 7), columns: 8)
    #expect(try Search.best(3, of: Tensor(rows: 0, columns: 8) as any RowSource, for: questions) == [[], []])
    #expect(Search.best(3, of: questions, for: Tensor(rows: 0, columns: 8)).isEmpty)
  }

  /// A source whose rows from `end` on cannot be read.
  private struct Broken: RowSource {
    let numbers: Tensor
    let end: Int
    var rows: Int { numbers.rows }
    var columns: Int { numbers.columns }

    func block(_ range: Range<Int>, room: Tensor) throws -> Tensor {
      guard range.upperBound <= end else { throw FileError("broken", "row \(end)") }
      room.set(numbers.rows(range).values)
      return room
    }
  }

  /// Blocks go through two rooms in turn, and what cannot be read ends the search.
  @Test func rowsThatCannotBeReadAreAnError() throws {
    let numbers = Tensor(Self.directions(500, 16, seed: 8), columns: 16)
    let questions = Tensor(Self.directions(4, 16, seed: 9), columns: 16)
    let expected = Search.best(9, of: numbers, for: questions)
    for block in [1, 7, 64, 500] {
      #expect(try Search.best(9, of: Broken(numbers: numbers, end: 500), for: questions, block: block) == expected)
      #expect(throws: FileError.self) {
        try Search.best(9, of: Broken(numbers: numbers, end: 499), for: questions, block: block)
      }
    }
  }

  // MARK: - An index

  private func write(_ numbers: [Float], columns: Int, undecodable: Int, to path: String) throws {
    let rows = numbers.count / columns
    try SafetensorsWriter.write(
      [TensorSource("image_features", shape: [rows, columns], values: numbers)], to: path,
      metadata: [
        "format": "pt", "model": "m", "dataset": "d", "samples": "\(rows)", "undecodable": "\(undecodable)",
      ])
  }

  @Test func anIndexIsSearchedAsTheMemoryIs() throws {
    let scratch = try Scratch(), path = "\(scratch.path)/index.safetensors"
    var numbers = Self.directions(1000, 24, seed: 10)
    for row in [3, 500] { for column in 0..<24 { numbers[row * 24 + column] = 0 } }
    try write(numbers, columns: 24, undecodable: 2, to: path)
    let index = try EmbeddingIndex(path)
    let questions = Tensor(Self.directions(5, 24, seed: 11), columns: 24)
    let expected = Search.best(1000, of: Tensor(numbers, columns: 24), for: questions)
    #expect(expected[0].count == 998)
    #expect(try Search.best(1000, of: index, for: questions) == expected)
    for block in [1, 7, 64] {
      #expect(try Search.best(1000, of: index, for: questions, block: block) == expected, "blocks of \(block)")
    }
  }

  @Test func numbersThatAreNoneEndASearch() throws {
    let scratch = try Scratch(), path = "\(scratch.path)/index.safetensors"
    var numbers = Self.directions(100, 24, seed: 12)
    numbers[70 * 24 + 5] = .nan
    try write(numbers, columns: 24, undecodable: 0, to: path)
    let index = try EmbeddingIndex(path), questions = Tensor(Self.directions(1, 24, seed: 13), columns: 24)
    for block in [1, 7, 100] {
      let error = #expect(throws: FileError.self) { try Search.best(3, of: index, for: questions, block: block) }
      #expect(error?.description.contains("row 70") == true && error?.path == path)
    }
  }
}
