import Files
import Foundation
import Shards
import Testing

/// What balancing keeps: all of rare queries, about so many of frequent ones, whoever computes it.
@Suite struct BalancerTests {
  private static let pairs = 400
  private static let lines = ["common", "Often", "some", "rare", "lonely", "never", "second view", "common often"]

  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// 200 pairs hold "common", 80 "often", 20 "some", 4 "rare", 1 "lonely"; of 57 the JSON has a second caption, with
  /// "second view".
  private static func captions(_ number: Int) -> [String] {
    var words = ["picture \(number):"]
    if number % 2 == 0 { words.append("Common") }
    if number % 5 == 0 { words.append("often,") }
    if number % 20 == 1 { words.append("some") }
    if number % 100 == 3 { words.append("rare.") }
    if number == 7 { words.append("lonely") }
    return [words.joined(separator: " ")] + (number % 7 == 2 ? ["a second view\tof \(number)"] : [])
  }

  /// Packs the pairs; those of three shards, JPEG and PNG, with and without JSON.
  private func packPairs() throws {
    for number in 0..<Self.pairs {
      let name = "in/p\(1000 + number)", captions = Self.captions(number)
      try scratch.write(picture(number, count: 100 + number), to: "\(name).jpg")
      try scratch.write(captions[0] + "\n", to: "\(name).txt")
      if captions.count > 1 {
        let json = try JSONSerialization.data(withJSONObject: ["captions": captions])
        try scratch.write(Array(json), to: "\(name).json")
      }
    }
    try scratch.pack(["in"], samplesPerShard: 150)
  }

  /// Killed when only the journal was left to remove: nothing is packed again, and the same is told of it; a command that
  /// asks for something else is refused.
  @Test func whatWasPackedAlreadyIsCounted() throws {
    try packPairs()
    try scratch.write(Self.lines.joined(separator: "\n"), to: "queries.txt")
    let queries = try QueryList(contentsOf: "\(scratch.path)/queries.txt")
    let target = "\(scratch.path)/target"
    func balancer(seed: UInt64) throws -> Balancer {
      try Balancer(ShardCollection([scratch.dataset]), queries: queries, perQuery: 20, seed: seed, threads: 2)
    }
    var journal: [UInt8] = []
    let report = try balancer(seed: 1).balance(into: target) { _ in
      journal = (try? scratch.read("\(target)/packing.jsonl")) ?? journal
    }
    #expect(!journal.isEmpty)
    let index = try scratch.read("\(target)/index.json")
    try scratch.write(journal, to: "target/packing.jsonl")
    let other = #expect(throws: FileError.self) { try balancer(seed: 2).balance(into: target) }
    #expect(other?.description.contains("with --seed 1, this command says 2") == true)
    #expect(try balancer(seed: 1).balance(into: target) == report)
    #expect(try scratch.read("\(target)/index.json") == index && !Directory.exists("\(target)/packing.jsonl"))
  }

  private func balance(
    into name: String = "balanced", data: [String]? = nil, perQuery: Int = 20, seed: UInt64 = 0, isStrict: Bool = false,
    lines: [String] = lines, threads: Int = 2
  ) throws -> (report: BalanceReport, samples: [Sample]) {
    try scratch.write(lines.joined(separator: "\n"), to: "queries.txt")
    let balancer = try Balancer(
      try ShardCollection(data ?? [scratch.dataset]), queries: QueryList(contentsOf: "\(scratch.path)/queries.txt"),
      perQuery: perQuery, seed: seed, isStrict: isStrict, threads: threads)
    let directory = "\(scratch.path)/\(name)"
    if Directory.exists(directory) { try Directory.remove(directory) }
    let report = try balancer.balance(into: directory)
    #expect(ShardDataset.verify(directory).isEmpty)
    return (report, try ShardDataset(directory).all())
  }

  /// The pairs that hold each query.
  private func holders(_ samples: [Sample], lines: [String] = lines) -> [[Sample]] {
    let naive = NaiveQueries(lines)
    let found = samples.map { naive.found(in: $0.captions) }
    return naive.texts.indices.map { query in
      samples.indices.filter { found[$0].contains(query) }.map { samples[$0] }
    }
  }

  @Test func keepsWhatTheDrawsSay() throws {
    try packPairs()
    let pool = try ShardDataset(scratch.dataset)
    let all = try pool.all(), before = holders(all)
    // SplitMix64's output function, as the draws use it.
    func mixed(_ input: UInt64) -> UInt64 {
      var bits = input
      bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
      bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
      return bits ^ bits >> 31
    }
    let gamma: UInt64 = 0x9E37_79B9_7F4A_7C15
    let naive = NaiveQueries(Self.lines)
    let found = all.map { naive.found(in: $0.captions) }
    for (seed, isStrict) in [(0, false), (0, true), (9, false), (9, true)] {
      func draw(_ number: Int, _ query: Int) -> UInt64 {
        let key = mixed(mixed(UInt64(seed) &+ gamma) ^ pool.digest.value)
        return mixed(mixed(key &+ UInt64(number) &* gamma) ^ Digest(of: naive.texts[query]).value)
      }
      let expected = all.indices.filter { number in
        found[number].contains { query in
          let count = before[query].count
          if count <= 20 { return true }
          guard isStrict else { return Double(draw(number, query)) < 20 / Double(count) * 0x1p64 }
          let own = draw(number, query)
          return all.indices.count { found[$0].contains(query) && draw($0, query) < own } < 20
        }
      }
      let (report, kept) = try balance(seed: UInt64(seed), isStrict: isStrict)
      #expect(kept == expected.map { all[$0] }, "seed \(seed), strict \(isStrict)")
      #expect(report.kept == expected.count && kept.contains { $0.json != nil } && kept.contains { $0.json == nil })
    }
  }

  @Test func theReportCounts() throws {
    try packPairs()
    let all = try ShardDataset(scratch.dataset).all(), before = holders(all)
    let (report, kept) = try balance()
    #expect(report.pool == 400 && report.queries == 8 && report.queriesMatched == 7 && report.perQuery == 20)
    #expect(before.map(\.count).sorted() == [0, 1, 4, 20, 40, 57, 80, 200])
    let matched = Set(before.joined().map(\.key)).count
    #expect(report.matched == matched && report.matchedShare == Double(matched) / 400)
    #expect(report.queriesAtCap == 5 && report.kept == kept.count)
    #expect(report.histogram.map(\.from) == [0, 1, 10, 100] && report.histogram.map(\.to) == [0, 9, 99, 999])
    #expect(report.histogram.map(\.before) == [1, 2, 4, 1])
    let after = holders(kept).map(\.count)
    let decades = [0...0, 1...9, 10...99, 100...999].map { range in after.count { range.contains($0) } }
    #expect(report.histogram.map(\.after) == decades)
    let words = kept.flatMap(\.captions).reduce(0) { $0 + $1.split(whereSeparator: \.isWhitespace).count }
    #expect(report.words == words)
    let index = try ShardDataset("\(scratch.path)/balanced").index
    #expect(report.digest == index.digest && report.shards == index.shards.count)
    #expect(index.dropped == ["no_query": 400 - matched, "above_cap": matched - kept.count])
  }

  @Test func rareQueriesKeepAllAndFrequentOnesTheirShare() throws {
    try packPairs()
    let before = holders(try ShardDataset(scratch.dataset).all())
    let alone = ["common", "often"]
    // Pairs that only one frequent query could keep.
    var sums = [0, 0]
    for seed in 0..<30 {
      let (_, kept) = try balance(seed: UInt64(seed))
      let after = holders(kept)
      for (before, after) in zip(before, after) {
        #expect(after.count <= before.count && (before.count > 20 || after.count == before.count))
      }
      for (number, word) in alone.enumerated() {
        let (_, kept) = try balance(seed: UInt64(seed), lines: [word])
        sums[number] += kept.count
      }
    }
    // Thirty times 20 of 200 and of 80, each pair by itself: deviations 23 and 21.
    #expect(abs(sums[0] - 600) < 5 * 23 && abs(sums[1] - 600) < 5 * 21, "\(sums)")
  }

  @Test func strictlyEachQueryKeepsItsShare() throws {
    try packPairs()
    let before = holders(try ShardDataset(scratch.dataset).all())
    for (seed, cap) in [(0, 20), (1, 1), (2, 79), (3, 1000)] {
      let (report, kept) = try balance(perQuery: cap, seed: UInt64(seed), isStrict: true)
      for (before, after) in zip(before, holders(kept)) {
        #expect(after.count >= min(before.count, cap))
      }
      #expect(report.kept <= before.reduce(0) { $0 + min($1.count, cap) })
      #expect(
        try balance(perQuery: cap, seed: UInt64(seed), isStrict: true, lines: ["common"]).samples.count == min(200, cap)
      )
    }
  }

  /// Many pairs with the same draws, as a dataset given several times makes them: the first band of draws may miss.
  @Test func equalDrawsAreKeptTogether() throws {
    try packPairs()
    let data = Array(repeating: scratch.dataset, count: 60)
    for seed in 0..<4 {
      let (report, kept) = try balance(
        data: data, perQuery: 3000, seed: UInt64(seed), isStrict: true, lines: ["common"])
      #expect(report.pool == 24_000 && report.kept == 3000 && Set(kept.map(\.caption)).count == 50)
      #expect(
        try balance(data: data, perQuery: 61, seed: UInt64(seed), isStrict: true, lines: ["common"]).report.kept == 120)
    }
  }

  @Test(arguments: [false, true]) func threadsDecideNothing(isStrict: Bool) throws {
    try packPairs()
    func files(_ directory: String) throws -> [String: [UInt8]] {
      let names = try Directory.names(in: directory)
      return Dictionary(uniqueKeysWithValues: try names.map { ($0, try scratch.read("\(directory)/\($0)")) })
    }
    let (first, _) = try balance(into: "one", isStrict: isStrict, threads: 1)
    for (name, threads) in [("again", 1), ("three", 3)] {
      #expect(try balance(into: name, isStrict: isStrict, threads: threads).report == first)
      #expect(try files("\(scratch.path)/\(name)") == files("\(scratch.path)/one"))
    }
    // Nor do the order and the spelling of the queries; the seed does.
    let others = Self.lines.reversed().map { " " + $0.uppercased() + "\r" } + ["COMMON"]
    #expect(try balance(into: "others", isStrict: isStrict, lines: others).report == first)
    #expect(try balance(into: "seed", seed: 1, isStrict: isStrict).report.digest != first.digest)
  }

  /// A pair's draws are its own: it stays or goes whatever other datasets there are, where no query is frequent.
  @Test func datasetsAreTakenTogether() throws {
    try packPairs()
    let data = [fixture("dataset"), scratch.dataset]
    let (report, kept) = try balance(data: data, lines: ["caption 5", "lonely", "größe"])
    #expect(report.pool == 427 && report.matched == 28 && report.queriesAtCap == 1)
    #expect(kept.contains { $0.key == "a/0005" } && kept.contains { $0.caption.contains("lonely") })
    // Formats and bytes stay, those no decoder would know included.
    let source = try ShardDataset(fixture("dataset")).all()
    for sample in kept where sample.key.hasPrefix("a/") { #expect(source.contains(sample)) }
    #expect(Set(kept.map(\.format)).count == 3)
  }

  @Test func whatCannotBeBalancedIsSaid() throws {
    try packPairs()
    let none = #expect(throws: PackError.self) { try balance(lines: ["unicorn", "never"]) }
    #expect(none?.description.hasPrefix("none of the 2 queries of \(scratch.path)/queries.txt is in a caption") == true)
    #expect(!Directory.exists("\(scratch.path)/balanced"))
    #expect(throws: PackError.self) { try balance(perQuery: 0) }
    // One of 200 on average: sometimes none.
    let unlucky = (0 as UInt64..<40).lazy.compactMap { seed -> String? in
      do { return try balance(perQuery: 1, seed: seed, lines: ["common"]).samples.isEmpty ? "empty" : nil } catch {
        return "\(error)"
      }
    }
    .first
    #expect(unlucky?.contains("take another --seed") == true)
    #expect(!Directory.exists("\(scratch.path)/balanced"))
    try scratch.write("precious", to: "target/notes.txt")
    let data = try ShardCollection([scratch.dataset])
    let queries = try QueryList(contentsOf: "\(scratch.path)/queries.txt")
    let error = #expect(throws: FileError.self) {
      try Balancer(data, queries: queries, threads: 1).balance(into: "\(scratch.path)/target")
    }
    #expect(error?.description.contains("is not empty (it holds notes.txt)") == true)
  }
}
