import Evaluation
import Foundation

/// The figures of a zero-shot evaluation for people.
struct ZeroShotText {
  private let report: ZeroShotReport
  /// With more classes than this only those are shown that are found least often.
  private static let mostClasses = 40
  private static let shownOfMany = 20
  private static let widestName = 32

  init(_ report: ZeroShotReport) { self.report = report }

  /// Several lines.
  var text: String { ([summary] + figures + [""] + classes).joined(separator: "\n") }

  private var summary: String {
    "\(counted(report.samples, "picture")) of \(report.classes) classes, described with "
      + counted(report.templates, "template")
  }

  private var figures: [String] {
    [
      ("top-1", report.top1), ("top-5", report.top5), ("mean per class", report.meanPerClass),
      ("mean average precision", report.meanAveragePrecision), ("ROC AUC", report.rocAUC),
    ]
    .compactMap { name, value in value.map { String(format: "%@ %8.4f", Self.padded(name, to: 24), $0) } }
  }

  private var classes: [String] {
    let isShort = report.perClass.count <= Self.mostClasses
    let shown =
      isShort
      ? report.perClass
      : Array(
        report.perClass.filter { $0.samples > 0 }.sorted { ($0.recall ?? 0) < ($1.recall ?? 0) }
          .prefix(Self.shownOfMany))
    let names = shown.map {
      Self.shortened($0.label.replacing("_", with: " ") == $0.names[0] ? $0.label : "\($0.label) (\($0.names[0]))")
    }
    let width = max(names.map(\.count).max() ?? 0, 5)
    let heading = Self.padded(isShort ? "class" : "least found", to: max(width, 11))
    let lines = zip(names, shown).map { name, each in
      let figures = [each.recall, each.averagePrecision, each.rocAUC].map {
        $0.map { String(format: "%7.3f", $0) } ?? "      –"
      }
      return Self.padded(name, to: max(width, 11)) + String(format: " %9d", each.samples) + figures.joined()
        + (each.mistakenFor.map { "  \(Self.shortened($0))" } ?? "")
    }
    let rest = isShort ? [] : ["… and \(report.perClass.count - shown.count) more classes: --json shows all"]
    return ["\(heading)  pictures recall     AP    AUC  most mistaken for"] + lines + rest
  }

  private static func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private static func shortened(_ text: String) -> String {
    text.count <= widestName ? text : text.prefix(widestName - 1) + "…"
  }
}
