import Evaluation
import Testing

@Suite struct HiddenStatesTests {
  @Test func roomForMoreThanThereIsIsRefused() throws {
    let error = #expect(throws: MemoryError.self) {
      try HiddenStates(after: 3, of: 10_000_000_000, "pictures", shape: (50, 768))
    }
    let expected = "the hidden states of 10000000000 pictures would take 1536000.0 GB of memory, and "
    #expect(error?.description.hasPrefix(expected) == true, "\(error?.description ?? "")")
    let states = try HiddenStates(after: 3, of: 2, "pictures", shape: (50, 8))
    #expect(states.shape == [2, 50, 8] && states.layer == 3)
    #expect(try HiddenStates(after: 3, of: 0, "texts", shape: (50, 8)).shape == [0, 50, 8])
  }
}
