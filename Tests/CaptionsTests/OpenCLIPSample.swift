import Captions
import Foundation
import Testing

/// A caption and what open_clip 3.3's `SimpleTokenizer` (with ftfy 6.3) makes of it.
struct OpenCLIPSample: Decodable, CustomTestStringConvertible {
  let text: String
  /// The pieces its expression finds, without markers; nil for captions that are cut.
  let pieces: [String]?
  /// The ids with the start and the end token, at most 77.
  let ids: [Int32]

  var testDescription: String { text.debugDescription }

  static let all: [OpenCLIPSample] = {
    do {
      let fixtures = try #require(Bundle.module.resourceURL).appending(path: "Fixtures/open_clip-3.3.json")
      return try JSONDecoder().decode([OpenCLIPSample].self, from: Data(contentsOf: fixtures))
    } catch {
      Issue.record(error)
      return []
    }
  }()
}

/// CLIP's vocabulary where `launch/vocabulary.sh` has fetched it.
let vocabularyOfCLIP = try? Vocabulary.named("clip")
