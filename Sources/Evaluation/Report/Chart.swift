import Foundation

/// Curves over the steps of a run, as SVG: drawn by the browser at whatever width there is, with text of the page's size.
///
/// Where a stretch holds several steps, a curve is their mean, and a band shows how far they reach.
struct Chart: Sendable {
  /// One curve.
  struct Curve: Sendable {
    let name: String
    /// In each stretch; nil where nothing is known.
    let values: [Summary?]
    /// Of all steps.
    let total: Summary
  }

  /// How curves lie in a chart.
  enum Kind {
    case lines
    /// One on top of the other.
    case stacked
  }

  let title: String
  /// What is shown, in a sentence.
  let note: String
  let kind: Kind
  let curves: [Curve]
  let axis: Axis
  /// How a number is written.
  let figure: @Sendable (Double) -> String
  /// What stands on the axis, if that is not ``figure``.
  let tick: (@Sendable (Double) -> String)?

  init?(
    _ title: String, _ note: String, kind: Kind = .lines, _ curves: [Curve], axis: Axis,
    tick: (@Sendable (Double) -> String)? = nil, figure: @escaping @Sendable (Double) -> String
  ) {
    guard !curves.isEmpty else { return nil }
    (self.title, self.note, self.kind, self.curves, self.axis) = (title, note, kind, curves, axis)
    (self.tick, self.figure) = (tick, figure)
  }

  /// The chart as a figure of the page.
  ///
  /// - Parameters:
  ///   - stretches: of steps; as many as the curves have values.
  ///   - marks: steps after which the run was resumed.
  func html(over stretches: [ClosedRange<Int>], marks: [Int]) -> HTML {
    let steps = Steps(stretches)
    let legend = curves.enumerated().map { index, curve -> HTML in
      """
      <li class="c\(index % Self.colors)"><span class="swatch"></span>\(curve.name) <b>\(legendFigure(curve))</b></li>
      """
    }
    return """
      <figure class="\(kind == .stacked ? "chart wide" : "chart")">
      <figcaption><h3>\(title)</h3><p>\(note)</p></figcaption>
      <ul class="legend">\(legend)</ul>
      <div class="frame"><svg class="plot" role="img" aria-label="\(title)">
      \(grid(steps, marks))
      <svg class="curves" viewBox="0 0 1000 1000" preserveAspectRatio="none" width="100%" height="100%">\(shapes(steps))</svg>
      \(dots(steps))
      <g class="hits">\(hits(steps))</g>
      </svg></div>
      <p class="readout">\(summary)</p>
      </figure>

      """
  }

  private static let colors = 8

  /// The horizontal axis: half a step more on both sides, so that a single one has a place.
  private struct Steps {
    let stretches: [ClosedRange<Int>]
    let first: Double
    let width: Double

    init(_ stretches: [ClosedRange<Int>]) {
      self.stretches = stretches
      first = Double(stretches.first?.lowerBound ?? 0) - 0.5
      width = Double(stretches.last?.upperBound ?? 0) + 0.5 - first
    }

    func place(_ step: Double) -> Double { (step - first) / width }
    func begin(_ index: Int) -> Double { place(Double(stretches[index].lowerBound) - 0.5) }
    func end(_ index: Int) -> Double { place(Double(stretches[index].upperBound) + 0.5) }
    func middle(_ index: Int) -> Double { (begin(index) + end(index)) / 2 }
  }

  private func legendFigure(_ curve: Curve) -> String {
    guard kind == .stacked else { return figure(curve.total.last) }
    let all = curves.reduce(0) { $0 + $1.total.total }
    return Figure.percent(all > 0 ? curve.total.total / all : 0)
  }

  /// What can be read without pointing anywhere.
  private var summary: String {
    if kind == .stacked {
      let steps = curves.map(\.total.count).max() ?? 0
      let mean = curves.reduce(0) { $0 + $1.total.total } / Double(max(steps, 1))
      return "A step took \(figure(mean)) in the mean."
    }
    return curves.map { curve in
      let total = curve.total
      let name = curves.count > 1 ? "\(curve.name): " : ""
      guard total.count > 1 else { return "\(name)\(figure(total.last)) at step \(Figure.count(total.stepOfLeast))" }
      return
        "\(name)\(curves.count > 1 ? "lowest" : "Lowest") \(figure(total.least)) at step \(Figure.count(total.stepOfLeast)), "
        + "highest \(figure(total.most)) at step \(Figure.count(total.stepOfMost))"
    }.joined(separator: "; ") + "."
  }

  private func grid(_ steps: Steps, _ marks: [Int]) -> [HTML] {
    let rows = axis.ticks.map { tick -> HTML in
      let y = 100 * (1 - axis.place(tick))
      let label = self.tick?(tick) ?? axis.label(tick)
      return """
        <line class="grid" x1="0" x2="100%" y1="\(y)%" y2="\(y)%"/>\
        <text class="y" x="0" y="\(y)%" dx="-8" dy=".33em">\(label)</text>
        """
    }
    let ends = Double(steps.stretches.first?.lowerBound ?? 0)...Double(steps.stretches.last?.upperBound ?? 0)
    let round = Axis(of: ends, isExact: true).ticks.filter { $0 == $0.rounded() && ends.contains($0) }
    let columns = (round.isEmpty ? [ends.lowerBound] : round).map { step -> HTML in
      let x = 100 * steps.place(step)
      return """
        <line class="tick" x1="\(x)%" x2="\(x)%" y1="100%" y2="100%"/>\
        <text class="x" x="\(x)%" y="100%" dy="1.5em">\(Figure.count(Int(step)))</text>
        """
    }
    let resumed = marks.map { step -> HTML in
      let x = 100 * steps.place(Double(step) + 0.5)
      return """
        <line class="mark" x1="\(x)%" x2="\(x)%" y1="0" y2="100%"><title>resumed after step \(Figure.count(step))</title></line>
        """
    }
    return rows + columns + resumed
  }

  private func shapes(_ steps: Steps) -> [HTML] {
    switch kind {
    case .lines:
      let bands = curves.enumerated().map { band($1, steps, color: $0 % Self.colors) }
      return bands + curves.enumerated().map { line($1, steps, color: $0 % Self.colors) }
    case .stacked:
      var floor = [Double](repeating: 0, count: steps.stretches.count)
      return curves.enumerated().map { index, curve in
        let top = zip(floor, curve.values).map { $0 + ($1?.mean ?? 0) }
        defer { floor = top }
        return area(from: floor, to: top, steps, color: index % Self.colors)
      }
    }
  }

  private func point(_ x: Double, _ value: Double) -> HTML { "\(1000 * x) \(1000 * (1 - axis.place(value)))" }

  private func line(_ curve: Curve, _ steps: Steps, color: Int) -> HTML {
    let known = curve.values.enumerated().compactMap { index, value in value.map { (steps.middle(index), $0.mean) } }
    guard known.count > 1 else { return "" }
    return "<path class=\"line c\(color)\" d=\"M\(Self.joined(known.map { point($0.0, $0.1) }))\"/>"
  }

  /// How far the numbers of each stretch reach, where there are several.
  private func band(_ curve: Curve, _ steps: Steps, color: Int) -> HTML {
    let known = curve.values.enumerated().compactMap { index, value in value.map { (steps.middle(index), $0) } }
    guard known.count > 1, known.contains(where: { $0.1.count > 1 }) else { return "" }
    let there = known.map { point($0.0, $0.1.most) }, back = known.reversed().map { point($0.0, $0.1.least) }
    return "<path class=\"band c\(color)\" d=\"M\(Self.joined(there + back))Z\"/>"
  }

  private func area(from floor: [Double], to top: [Double], _ steps: Steps, color: Int) -> HTML {
    let there = top.indices.flatMap { [point(steps.begin($0), top[$0]), point(steps.end($0), top[$0])] }
    let back = floor.indices.reversed().flatMap {
      [point(steps.end($0), floor[$0]), point(steps.begin($0), floor[$0])]
    }
    return "<path class=\"area c\(color)\" d=\"M\(Self.joined(there + back))Z\"/>"
  }

  private static func joined(_ points: [HTML]) -> HTML {
    HTML(points.enumerated().map { $0 == 0 ? $1 : "L\($1)" })
  }

  /// Points that no line, or a line with long gaps, would show: single ones, and those far apart.
  private func dots(_ steps: Steps) -> [HTML] {
    guard kind == .lines else { return [] }
    return curves.enumerated().flatMap { index, curve -> [HTML] in
      let known = curve.values.indices.filter { curve.values[$0] != nil }
      guard known.count <= 40 else { return [] }
      return known.map { place in
        let x = 100 * steps.middle(place), y = 100 * (1 - axis.place(curve.values[place]?.mean ?? 0))
        return "<circle class=\"dot c\(index % Self.colors)\" cx=\"\(x)%\" cy=\"\(y)%\" r=\"3\"/>"
      }
    }
  }

  /// Where one points at: a column for each stretch that has a number, with what it says.
  private func hits(_ steps: Steps) -> [HTML] {
    let known = steps.stretches.indices.filter { index in curves.contains { $0.values[index] != nil } }
    return known.enumerated().map { number, index in
      // Columns reach to the middle between neighbours.
      let left = number == 0 ? 0 : (steps.middle(known[number - 1]) + steps.middle(index)) / 2
      let right = number == known.count - 1 ? 1 : (steps.middle(index) + steps.middle(known[number + 1])) / 2
      let stretch = steps.stretches[index]
      let isOne = stretch.count == 1 || curves.allSatisfy { $0.values[index]?.count ?? 1 == 1 }
      let place =
        isOne
        ? "Step \(Figure.count(curves.compactMap { $0.values[index]?.stepOfLeast }.first ?? stretch.lowerBound))"
        : "Steps \(Figure.count(stretch.lowerBound))–\(Figure.count(stretch.upperBound))"
      let texts = curves.compactMap { curve in
        curve.values[index].map { value -> String in
          let name = curves.count > 1 ? "\(curve.name) " : ""
          let reach = value.count > 1 && kind == .lines ? " (\(figure(value.least)) to \(figure(value.most)))" : ""
          return name + figure(value.mean) + reach
        }
      }
      return """
        <rect x="\(100 * left)%" width="\(100 * (right - left))%" height="100%"><title>\(place): \(texts.joined(separator: " · "))</title></rect>

        """
    }
  }
}
