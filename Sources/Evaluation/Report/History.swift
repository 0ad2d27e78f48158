import Files
import Foundation
import Training

/// A journal as it is drawn: no more than ``mostStretches`` stretches of steps, and of each what the journal says of
/// it. A stretch of several steps keeps the ends of its numbers, so that no spike is lost.
package struct History: Sendable {
  /// Equally many steps each, the last one may have fewer; ascending.
  package let stretches: [ClosedRange<Int>]
  /// Lines of the journal.
  package let lines: Int
  /// The last step's time, in seconds since 1970.
  let time: Double?
  private let numbers: [String: [Summary]]
  private let totals: [String: Summary]

  /// As many points as a chart can show.
  package static let mostStretches = 400

  /// Reads a journal, which may be growing: a line that has no end yet is left out.
  ///
  /// Takes time for each line, and memory for each stretch.
  ///
  /// - Throws: `FileError` where there is no line, or one that cannot be read.
  package init(ofJournal path: String) throws {
    // What is added to the file from here on is not looked at.
    let reader = try JournalReader(path)
    guard let span = try Self.span(path, bytes: reader.count) else {
      throw FileError(path, "has no whole line yet: the run has not finished its first step; look again later")
    }
    let steps = span.count
    let width = (steps + Self.mostStretches - 1) / Self.mostStretches
    stretches = stride(from: span.lowerBound, through: span.upperBound, by: width).map {
      $0...min($0 + width - 1, span.upperBound)
    }
    var numbers: [String: [Summary]] = [:], totals: [String: Summary] = [:]
    var count = 0, time: Double?
    let none = [Summary](repeating: Summary(), count: stretches.count)
    var previous = span.lowerBound - 1
    while let lines = try reader.next() {
      for line in lines {
        guard line.step > previous, line.step <= span.upperBound else {
          throw FileError(
            path,
            "step \(line.step) comes behind step \(previous), and the last line is of step \(span.upperBound), expected ascending "
              + "steps")
        }
        previous = line.step
        count += 1
        time = line.time ?? time
        let stretch = (line.step - span.lowerBound) / width
        for (name, value) in line.values where value.isFinite {
          numbers[name, default: none][stretch].add(value, step: line.step)
          totals[name, default: Summary()].add(value, step: line.step)
        }
      }
    }
    (self.numbers, self.totals, self.time, lines) = (numbers, totals, time, count)
  }

  /// The first and the last step of a journal's first `bytes`.
  private static func span(_ path: String, bytes count: Int) throws -> ClosedRange<Int>? {
    guard let first = try JournalReader(path).next()?.first?.step else { return nil }
    // From the end, as much as surely holds a whole line.
    let file = try FileReader(path)
    var size = 1 << 16
    while true {
      let begin = max(0, count - size)
      let bytes = try file.read(count - begin, at: begin)
      if let end = bytes.lastIndex(of: UInt8(ascii: "\n")) {
        let before = bytes[..<end].lastIndex(of: UInt8(ascii: "\n"))
        if before != nil || begin == 0 {
          let last = try JournalReader(path, from: before.map { begin + $0 + 1 } ?? 0).next()?.first?.step ?? first
          guard last >= first else {
            throw FileError(path, "begins with step \(first) and ends with step \(last), expected ascending steps")
          }
          return first...last
        }
      }
      if begin == 0 { return nil }
      size *= 2
    }
  }

  /// The first and the last step.
  package var steps: ClosedRange<Int> {
    (stretches.first?.lowerBound ?? 0)...(stretches.last?.upperBound ?? 0)
  }

  /// All names, sorted.
  var names: [String] { numbers.keys.sorted() }

  /// What the journal says of a name in each stretch; nil where it says nothing.
  subscript(_ name: String) -> [Summary?] { (numbers[name] ?? []).map { $0.count > 0 ? $0 : nil } }

  /// What it says of a name in all steps.
  func total(_ name: String) -> Summary? { totals[name] }
}
