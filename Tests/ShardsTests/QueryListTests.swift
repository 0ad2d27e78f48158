import Files
import Foundation
import Shards
import Testing

/// Queries are found where they are substrings between spaces, whatever overlaps.
@Suite struct QueryListTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func queries(_ lines: [String]) throws -> QueryList {
    try scratch.write(lines.joined(separator: "\n"), to: "queries.txt")
    return try QueryList(contentsOf: "\(scratch.path)/queries.txt")
  }

  /// Random texts over few letters, so that queries overlap, begin and end alike and hold each other.
  @Test func equalsASearchForSubstrings() throws {
    var generator = SystemlessGenerator(state: 11)
    let letters = ["a", "b", "A", "é", "É", " ", " ", " ", ",", ".", "!", "`", "\t", "ab ", "a b"]
    func text(_ most: Int) -> String {
      (0..<Int.random(in: 0...most, using: &generator)).map { _ in letters.randomElement(using: &generator) ?? "" }
        .joined()
    }
    var hits = 0
    for round in 0..<60 {
      let lines = (0..<[1, 5, 40, 200][round % 4]).map { _ in text(6) } + ["a"]
      let list = try queries(lines)
      let naive = NaiveQueries(lines)
      #expect(list.count == naive.texts.count)
      for _ in 0..<40 {
        let captions = (0..<Int.random(in: 1...3, using: &generator)).map { _ in text(30) }
        let found = list.found(in: captions)
        hits += found.count
        #expect(found.map(Int.init) == naive.found(in: captions), "\(captions)")
      }
    }
    #expect(hits > 5000, "too few queries were found to prove anything: \(hits)")
  }

  @Test func wordsAreFoundAsWords() throws {
    let list = try queries([
      "cat", "New York", "new", "york city", "St. Louis", "u.s.", "größe", "!", "ÉTÉ", "猫", "a cat",
    ])
    let naive = NaiveQueries([
      "cat", "New York", "new", "york city", "St. Louis", "u.s.", "größe", "!", "ÉTÉ", "猫", "a cat",
    ])
    func found(_ captions: String...) -> [String] {
      list.found(in: captions).map { String(decoding: naive.texts[Int($0)].dropFirst().dropLast(), as: UTF8.self) }
    }
    #expect(found("Cat, asleep") == ["cat"])
    #expect(found("category; concat; cats") == [])
    #expect(found("in NEW YORK\nCity!") == ["!", "new", "new york", "york city"])
    #expect(found("st. louis, u.s.") == ["st .  louis", "u . s ."])
    #expect(found("the u.s army", "une été; GRÖSSE GRÖßE") == ["größe", "été"])
    #expect(found("猫 と", "猫と") == ["猫"])
    #expect(found("a cat", "A\tCAT and a cat") == ["a cat", "cat"])
    #expect(found("", " ") == [])
  }

  @Test func filesAreReadAsPeopleWriteThem() throws {
    try scratch.write("\u{FEFF}Cat\r\n\r\n  dog \nCAT\n\u{A0}\nred  cat\n\n", to: "queries.txt")
    let list = try QueryList(contentsOf: "\(scratch.path)/queries.txt")
    #expect(list.count == 3)
    #expect(list.found(in: ["dog cat"]) == [0, 1])
    #expect(list.found(in: ["red cat"]) == [0] && list.found(in: ["a red  cat"]) == [0, 2])
  }

  @Test func whatIsNoListIsNamed() throws {
    func refuses(_ bytes: [UInt8], _ reason: String) throws {
      try scratch.write(bytes, to: "q")
      let error = #expect(throws: FileError.self) { try QueryList(contentsOf: "\(scratch.path)/q") }
      #expect(error?.description.hasPrefix("\(scratch.path)/q: \(reason)") == true, "\(error?.description ?? "")")
    }
    try refuses([], "holds no query")
    try refuses(Array(" \n\r\n\t".utf8), "holds no query")
    try refuses(Array("cat\ndog\n".utf8) + [0x67, 0x72, 0xF6], "line 3 is not UTF-8")
    try refuses(Array("cat\n".utf8) + [UInt8](repeating: 0x61, count: 2000), "line 2 has 2002 bytes")
    #expect(throws: FileError.self) { try QueryList(contentsOf: "\(scratch.path)/none") }
  }
}
