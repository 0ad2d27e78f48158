extension Balancer {
  /// For each query the largest draw with which a pair is kept, so that a share of perQuery / c_q of all draws is.
  func drawnLimits(_ found: QueryCounts) -> [UInt64] {
    found.pairs.map { count in
      guard count > perQuery else { return .max }
      return UInt64(count).dividingFullWidth((high: UInt64(perQuery), low: 0)).quotient - 1
    }
  }

  /// For each query the perQuery-th smallest draw of its pairs.
  ///
  /// Only draws around it are kept, some 16 · √perQuery for each query that has more pairs. Should a query's lie
  /// elsewhere after all, another pass looks in a wider band.
  func strictLimits(_ found: QueryCounts, _ progress: (BalanceProgress) -> Void) throws -> [UInt64] {
    var limits = [UInt64](repeating: .max, count: found.pairs.count)
    var open = found.pairs.indices.filter { found.pairs[$0] > perQuery }
    var spread = 8.0
    while !open.isEmpty {
      var bands: [Int: DrawBand] = [:]
      // What is above a band is not even handed over.
      var ends = [UInt64](repeating: 0, count: found.pairs.count)
      for query in open {
        let band = DrawBand(rank: perQuery, of: found.pairs[query], spread: spread)
        bands[query] = band
        ends[query] = band.range.upperBound
      }
      let frames = scan.frames { [ends, digests = scan.queries.digests] _, pairs in
        pairs.map { pair in
          pair.queries.compactMap { number -> (query: Int, draw: UInt64)? in
            let query = Int(number), draw = PairDraws.draw(pair.draw, digests[query])
            return draw <= ends[query] ? (query: query, draw: draw) : nil
          }
        }
      }
      var pairs = 0
      while let frame = try frames.next() {
        for (query, draw) in frame.joined() { bands[query]?.add(draw) }
        pairs += frame.count
        progress(.searching(pairs: pairs))
      }
      open = open.filter { query in
        guard let limit = bands[query]?.found else { return true }
        limits[query] = limit
        return false
      }
      spread *= 8
    }
    return limits
  }
}
