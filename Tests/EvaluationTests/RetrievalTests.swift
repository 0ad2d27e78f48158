import Collectives
import Evaluation
import Tensors
import Testing

@Suite struct RetrievalTests {
  /// Embeddings of few small whole numbers: similarities are exact, and many of them equal.
  private static func embeddings(_ rows: Int, _ columns: Int, seed: UInt64, of values: Int) -> Tensor {
    var generator = CounterGenerator(seed: seed, stream: 0)
    return Tensor(
      (0..<rows * columns).map { _ in Float(Int(generator.next() % UInt64(values)) - values / 2) }, columns: columns)
  }

  private static func similarity(_ a: Tensor, _ i: Int, _ b: Tensor, _ j: Int) -> Float {
    zip(a.rows(i..<i + 1).values, b.rows(j..<j + 1).values).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// The places of own partners by sorting all candidates.
  private static func places(images: Tensor, texts: Tensor, owners: [Int]) -> (pictures: [Int], captions: [Int]) {
    func order(_ count: Int, _ score: (Int) -> Float) -> [Int] {
      let scores = (0..<count).map(score)
      return scores.indices.sorted { scores[$0] > scores[$1] || (scores[$0] == scores[$1] && $0 < $1) }
    }
    let ofCaptions = (0..<images.rows).map { picture in
      order(texts.rows) { similarity(images, picture, texts, $0) }.firstIndex { owners[$0] == picture } ?? -1
    }
    let ofPictures = (0..<texts.rows).map { caption in
      order(images.rows) { similarity(images, $0, texts, caption) }.firstIndex(of: owners[caption]) ?? -1
    }
    return (ofCaptions, ofPictures)
  }

  private static func expect(_ found: RetrievalDirection, _ places: [Int]) {
    for (share, k) in [(found.recallAt1, 1), (found.recallAt5, 5), (found.recallAt10, 10)] {
      #expect(share == Double(places.count { $0 < k }) / Double(places.count))
    }
    #expect(found.meanRank == Double(places.reduce(0, +)) / Double(places.count) + 1)
    let sorted = places.sorted()
    #expect(found.medianRank == (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2 + 1)
  }

  /// Ragged blocks of rows and columns, one and several captions, and so many ties that their order decides.
  @Test(arguments: [(1, 1, 3), (7, 1, 3), (65, 2, 5), (150, 3, 3), (101, 5, 2), (700, 1, 9)])
  func placesAreThoseOfASortedList(pictures: Int, most: Int, values: Int) throws {
    let counts = (0..<pictures).map { $0 % most + 1 }
    let owners = counts.enumerated().flatMap { [Int](repeating: $0, count: $1) }
    let images = Self.embeddings(pictures, 12, seed: 1, of: values)
    let texts = Self.embeddings(owners.count, 12, seed: 2, of: values)
    let found = try Retrieval(images: images, texts: texts, captionCounts: counts, in: SoloCommunicator())
    let expected = Self.places(images: images, texts: texts, owners: owners)
    #expect(found.samples == pictures && found.captions == owners.count)
    Self.expect(found.imageToText, expected.pictures)
    Self.expect(found.textToImage, expected.captions)
  }

  /// Pictures divided among ranks: places of captions as before, and counts of pictures that add up.
  @Test func sharesOfPicturesAddUp() {
    let counts = (0..<130).map { $0 % 3 + 1 }
    let owners = counts.enumerated().flatMap { [Int](repeating: $0, count: $1) }
    let images = Self.embeddings(130, 8, seed: 3, of: 3), texts = Self.embeddings(owners.count, 8, seed: 4, of: 3)
    let expected = Self.places(images: images, texts: texts, owners: owners)
    var scores = [Float](repeating: 0, count: owners.count)
    let shares = [0..<50, 50..<50, 50..<51, 51..<130]
    let rankings = shares.map { share in
      PartnerPlaces(images: images.rows(share), texts: texts, owners: owners.map { $0 - share.lowerBound })
    }
    for ranking in rankings {
      for (caption, score) in ranking.ownScores().enumerated() { scores[caption] += score }
    }
    #expect(scores == owners.enumerated().map { Self.similarity(images, $1, texts, $0) })
    var ofPictures = [Int](repeating: 0, count: owners.count), ofCaptions: [Int] = []
    for (share, ranking) in zip(shares, rankings) {
      let best = share.map { picture in
        owners.indices.filter { owners[$0] == picture }.reduce(into: -1) {
          if $0 < 0 || scores[$1] > scores[$0] { $0 = $1 }
        }
      }
      let found = ranking.count(best: best, scores: scores)
      ofCaptions += found.ofCaptions.map { Int($0) }
      for (caption, count) in found.ofPictures.enumerated() { ofPictures[caption] += Int(count) }
    }
    #expect(ofCaptions == expected.pictures && ofPictures == expected.captions)
  }

  /// Embeddings as models make them, each there twice: a copy is exactly as similar, so the lower number comes first.
  @Test func copiesTieWhereverTheyStand() throws {
    var generator = CounterGenerator(seed: 5, stream: 0)
    let half = (0..<77 * 51).map { _ in generator.uniform() - 0.5 }
    let twice = Tensor(half + half, columns: 51)
    let found = try Retrieval(
      images: twice, texts: twice, captionCounts: [Int](repeating: 1, count: 154), in: SoloCommunicator())
    let alone = Tensor(half, columns: 51)
    let once = try Retrieval(
      images: alone, texts: alone, captionCounts: [Int](repeating: 1, count: 77), in: SoloCommunicator())
    // Place p of 77 becomes 2p for the lower of both and 2p + 1 for the other.
    #expect(abs(found.textToImage.meanRank - (2 * once.textToImage.meanRank - 0.5)) < 1e-9)
    #expect(abs(found.imageToText.meanRank - (2 * once.imageToText.meanRank - 0.5)) < 1e-9)
  }

  @Test func threadsChangeNothing() throws {
    let images = Self.embeddings(600, 20, seed: 6, of: 7), texts = Self.embeddings(600, 20, seed: 7, of: 7)
    let before = Threads.count
    defer { Threads.use(before) }
    let found = try [1, 2, 5].map { threads in
      Threads.use(threads)
      return try Retrieval(
        images: images, texts: texts, captionCounts: [Int](repeating: 1, count: 600), in: SoloCommunicator())
    }
    #expect(found[0] == found[1] && found[0] == found[2])
  }

  /// Whole batches, each on one rank, whatever the number of ranks.
  @Test(arguments: [0, 1, 63, 64, 65, 1000]) func sharesAreWholeBatches(count: Int) {
    for ranks in 1...5 {
      let shares = (0..<ranks).map { BatchShare(of: count, batch: 64, rank: $0, of: ranks) }
      #expect(shares[0].numbers.lowerBound == 0 && shares[ranks - 1].numbers.upperBound == count)
      for (share, next) in zip(shares, shares.dropFirst()) {
        #expect(share.numbers.upperBound == next.numbers.lowerBound)
        #expect(share.numbers.upperBound % 64 == 0 || share.numbers.upperBound == count)
      }
      #expect(shares.map { ($0.numbers.count + 63) / 64 }.max() == shares[0].rounds)
    }
  }
}
