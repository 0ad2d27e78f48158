import Collectives
import Training

extension Communicator {
  /// The largest of all ranks' numbers, to single precision.
  func largest(_ value: Double) throws -> Double {
    var value = Float(value)
    try withUnsafeMutablePointer(to: &value) { try maximum(UnsafeMutableBufferPointer(start: $0, count: 1)) }
    return Double(value)
  }

  /// The largest resident set of any rank so far, in bytes.
  func peakMemory() throws -> Int {
    // Single precision holds as many pages as 64 GiB have exactly.
    Int(try largest(Double(Memory.peakResidentBytes >> 12))) << 12
  }

  /// Repeats some work on all ranks together, each repetition from a common start.
  ///
  /// - Parameters:
  ///   - least: how often at least.
  ///   - seconds: for how long; the first rank's clock decides for all.
  /// - Returns: of every repetition, the seconds of the rank that took longest.
  func durations(least: Int, seconds: Double, of body: () throws -> Void) throws -> Durations {
    try withoutActuallyEscaping(body) { try durations(least: least, seconds: seconds, inTurn: [$0])[0] }
  }

  /// The same for works that are to be compared: one repetition of each after the other, so that whatever else the
  /// machines do meanwhile slows all of them.
  ///
  /// - Parameter seconds: for all works together.
  func durations(least: Int, seconds: Double, inTurn bodies: [() throws -> Void]) throws -> [Durations] {
    let start = ContinuousClock.now
    var found = [[Double]](repeating: [], count: bodies.count)
    repeat {
      for (index, body) in bodies.enumerated() {
        try barrier()
        let own = try Durations.seconds(of: body)
        found[index].append(try largest(own))
      }
    } while try broadcast(found[0].count < least || start.duration(to: .now) < .seconds(seconds) ? 1 : 0) == 1
    return found.map { Durations($0) }
  }
}
