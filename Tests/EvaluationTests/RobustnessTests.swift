import Evaluation
import Files
import Foundation
import Testing

@Suite struct RobustnessTests {
  let scratch = try? Scratch()

  private func table(_ text: String, _ name: String = "table.csv") throws -> AccuracyTable {
    try AccuracyTable(contentsOf: try #require(scratch).write(text, to: name))
  }

  private static func shifted(_ reference: Double, slope: Double, intercept: Double) -> Double {
    1 / (1 + exp(-(slope * log(reference / (1 - reference)) + intercept)))
  }

  /// Models on a line: no interval has a width, and what lies above the line is found.
  @Test func modelsOnALineHaveNoRobustness() throws {
    let rows = [0.55, 0.6, 0.7, 0.75, 0.8].enumerated().map { number, reference in
      "net-\(number),v2,\(reference),\(Self.shifted(reference, slope: 1.1, intercept: -0.6))\n"
    }
    let table = try table("model,shift,reference,shifted\n" + rows.joined())
    let expected = Self.shifted(0.76, slope: 1.1, intercept: -0.6)
    let mine = try AccuracyTable(
      [
        ShiftedAccuracy(model: "on", shift: "v2", reference: 0.76, shifted: expected),
        ShiftedAccuracy(model: "above", shift: "v2", reference: 0.76, shifted: 0.76),
      ], of: "mine")
    let report = try RobustnessReport(table: table, measured: mine, baseline: "net-2", resamples: 50, seed: 1)
    let shift = try #require(report.shifts.first)
    #expect(report.mean == nil && shift.referenceModels == 5 && shift.models.count == 2)
    #expect(abs(shift.slope - 1.1) < 1e-9 && abs(shift.intercept + 0.6) < 1e-9)
    #expect(abs(shift.slopeInterval.low - 1.1) < 1e-9 && abs(shift.slopeInterval.high - 1.1) < 1e-9)
    #expect(abs(shift.models[0].effectiveRobustness) < 1e-9 && abs(shift.models[0].gapReduction ?? 1) < 1e-9)
    #expect(abs(shift.models[1].effectiveRobustness - (0.76 - expected)) < 1e-9)
    #expect(abs((shift.models[1].gapReduction ?? 0) - 1) < 1e-9)
    let baseline = Self.shifted(0.7, slope: 1.1, intercept: -0.6)
    #expect(abs((shift.models[1].relativeRobustness ?? 0) - (0.76 - baseline)) < 1e-12)
  }

  @Test(arguments: [
    ("model,shift,reference\na,b,0.5\n", "has no column \"shifted\""),
    ("model,shift,reference,shifted\n", "holds no accuracies"),
    (
      "model,shift,reference,shifted\na,b,76.2,0.5\n",
      "the reference accuracy 76.2: expected more than 0 and less than 1"
    ),
    ("model,shift,reference,shifted\na,b,0.5,0\n", "the shifted accuracy 0.0"),
    ("model,shift,reference,shifted\na,b,0.5,nan\n", "the shifted accuracy nan"),
    ("model,shift,reference,shifted\na,b,0.5,x\n", "line 2: expected a model, a set and two numbers"),
    ("model,shift,reference,shifted\na,b,0.5\n", "line 2 has 3 fields, expected 4"),
    ("model,shift,reference,shifted\na,b,0.5,0.4\na,b,0.5,0.4\n", "has the model \"a\" on \"b\" twice"),
  ]) func badTablesAreRefused(text: String, reason: String) throws {
    let error = #expect(throws: FileError.self) { _ = try table(text) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "none")")
  }

  @Test func whatDoesNotFitTogetherIsRefused() throws {
    let header = "model,shift,reference,shifted\n"
    let few = try table(header + "a,v2,0.5,0.4\nb,v2,0.6,0.5\n")
    let same = try table(header + "a,v2,0.5,0.4\nb,v2,0.5,0.5\nc,v2,0.5,0.3\n")
    let mine = try AccuracyTable(
      [ShiftedAccuracy(model: "m", shift: "v2", reference: 0.6, shifted: 0.5)], of: "mine")
    let other = try AccuracyTable(
      [ShiftedAccuracy(model: "m", shift: "v3", reference: 0.6, shifted: 0.5)], of: "mine")
    for (table, measured, baseline, reason) in [
      (few, mine, nil, "has 2 reference models on \"v2\": expected at least 3"),
      (same, mine, nil, "not all of the same reference accuracy"),
      (few, other, nil, "has no reference models on \"v3\", which mine has"),
      (few, mine, "x", "has no model \"x\" (--baseline)"),
    ] {
      let error = #expect(throws: FileError.self) {
        _ = try RobustnessReport(table: table, measured: measured, baseline: baseline, resamples: 10, seed: 0)
      }
      #expect(error?.description.contains(reason) == true, "\(error?.description ?? "none")")
    }
    #expect(throws: FileError.self) { _ = try table("[{\"model\": 1}]", "x.json") }
    #expect(throws: FileError.self) { _ = try table("", "x.txt") }
  }
}
