import Foundation

/// The charts of a run's journal.
struct RunCharts {
  private let history: History
  private let marks: [Int]

  /// - Parameter marks: steps after which the run was resumed.
  init(_ history: History, marks: [Int]) {
    self.history = history
    // Where there are more, they say nothing any more.
    self.marks = marks.count <= 50 ? marks : []
  }

  /// What the training says of itself.
  var training: [HTML] {
    draw([
      chart(
        "Loss", "The contrastive loss of each step's batch.", [("loss", "last")], axis: { Axis(of: $0) },
        figure: Figure.number),
      chart(
        "Accuracy in the batch", "How often the own partner is the most similar of the batch.",
        [("text_accuracy", "text → image"), ("image_accuracy", "image → text")],
        axis: { Axis(of: 0...max($0.upperBound, 0.01)) }, tick: Self.percentTick, figure: Figure.percent),
      chart(
        "Logit scale", "What multiplies cosines before the softmax: one over the temperature.",
        [("logit_scale", "last")], axis: { Axis(of: $0) },
        figure: { "\(Figure.number($0)) (temperature \(Figure.number(1 / $0)))" }),
      chart(
        "Gradient norm", "The Euclidean norm of the whole gradient, before clipping.",
        [("gradient_norm", "last")], axis: Self.wide, figure: Figure.number),
      chart(
        "Learning rate", "As the schedule says.", [("learning_rate", "last")],
        axis: { Axis(of: 0...max($0.upperBound, .leastNormalMagnitude)) }, figure: Figure.number),
      chart(
        "Throughput", "Pairs a second, all ranks together.", [("samples_per_second", "last")],
        axis: { Axis(of: 0...max($0.upperBound, .leastNormalMagnitude)) }, figure: Figure.number),
      phases,
    ])
  }

  /// The results on validation data: what begins alike in a chart of its own.
  var validation: [HTML] {
    let prefix = "validation/"
    let names = history.names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    // As in `text_to_image_R@1`: the measure is behind the last bar.
    let parts = names.map { name in
      let cut = name.lastIndex(of: "_")
      return (
        name: name, group: cut.map { String(name[..<$0]) } ?? name,
        measure: cut.map { String(name[name.index(after: $0)...]) } ?? name,
        // Shares and others, such as ranks, have no axis in common.
        isShare: history.total(prefix + name).map { $0.least >= 0 && $0.most <= 1 } ?? false
      )
    }
    let groups = Dictionary(grouping: parts) { "\($0.group) \($0.isShare)" }.sorted { $0.key > $1.key }
    return draw(
      groups.map { _, members in
        // R@1 before R@5 before R@10.
        let sorted = members.sorted { $0.measure.compare($1.measure, options: .numeric) == .orderedAscending }
        let isShare = sorted[0].isShare
        let title = sorted[0].group.replacingOccurrences(of: "_to_", with: " → ").replacingOccurrences(
          of: "_", with: " ")
        return chart(
          title, "On the validation data.", sorted.map { (prefix + $0.name, $0.measure) },
          axis: { Axis(of: isShare ? 0...max($0.upperBound, 0.01) : $0) }, tick: isShare ? Self.percentTick : nil,
          figure: isShare ? Figure.percent : Figure.number)
      })
  }

  private func draw(_ charts: [Chart?]) -> [HTML] {
    charts.compactMap { $0?.html(over: history.stretches, marks: marks) }
  }

  private func curve(_ name: String, called title: String) -> Chart.Curve? {
    history.total(name).map { Chart.Curve(name: title, values: history[name], total: $0) }
  }

  private func chart(
    _ title: String, _ note: String, _ names: [(name: String, title: String)],
    axis: (ClosedRange<Double>) -> Axis, tick: (@Sendable (Double) -> String)? = nil,
    figure: @escaping @Sendable (Double) -> String
  ) -> Chart? {
    let curves = names.compactMap { curve($0.name, called: $0.title) }
    let least = curves.map(\.total.least).min() ?? 0, most = curves.map(\.total.most).max() ?? 1
    return Chart(title, note, curves, axis: axis(least...max(least, most)), tick: tick, figure: figure)
  }

  /// Where the time goes: what is done, in the order of a step.
  private var phases: Chart? {
    let prefix = "seconds/"
    let order = ["data", "embed", "contrast", "backward", "reduce", "optimize", "checkpoint"]
    let found = history.names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    let names = order.filter(found.contains) + found.filter { !order.contains($0) }
    let curves = names.compactMap { curve(prefix + $0, called: $0) }
    let heights = history.stretches.indices.map { index in
      curves.reduce(0) { $0 + ($1.values[index]?.mean ?? 0) }
    }
    // A first step that loads everything, or one with a checkpoint, must not press all others flat.
    let usual = heights.sorted()[heights.count * 95 / 100], most = heights.max() ?? 0
    let isCut = most > 3 * usual && usual > 0
    let longest = heights.firstIndex(of: most).map { history.stretches[$0].lowerBound } ?? 0
    let note =
      "Seconds a step, by what the first rank spent them on"
      + (isCut
        ? "; the longest, \(Figure.duration(most)) at step \(Figure.count(longest)), goes beyond the axis." : ".")
    return Chart(
      "Time", note, kind: .stacked, curves,
      axis: Axis(of: 0...max(isCut ? 1.5 * usual : most, .leastNormalMagnitude)), figure: Figure.duration)
  }

  /// Numbers over several powers of ten are told apart only where those are equally far from each other.
  private static func wide(_ values: ClosedRange<Double>) -> Axis {
    values.lowerBound > 0 && values.upperBound > 30 * values.lowerBound
      ? Axis(logarithmic: values) : Axis(of: 0...max(values.upperBound, .leastNormalMagnitude))
  }

  private static let percentTick: @Sendable (Double) -> String = {
    let percent = 100 * $0
    return (abs(percent - percent.rounded()) < 1e-6 ? Figure.number(percent.rounded()) : Figure.number(percent)) + " %"
  }
}
