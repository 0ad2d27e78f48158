import Benchmarks
import Testing

@Suite struct DurationsTests {
  @Test func theMedianIsTheMiddleOne() {
    #expect(Durations([3, 1, 2]).median == 2)
    #expect(Durations([3, 1, 2]).best == 1)
    #expect(Durations([4, 3, 1, 2]).median == 3)
    #expect(Durations([5]).median == 5)
  }
}
