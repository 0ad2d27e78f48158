import Files
import Foundation
import Training

/// A run as one page that needs nothing else: no network, no other files, and no script to be complete.
package struct ReportPage {
  private let run: RunRecord
  private let study: PairStudy?

  /// - Parameters:
  ///   - run: what to show.
  ///   - study: what its model makes of a dataset, if that was asked for.
  package init(_ run: RunRecord, _ study: PairStudy?) {
    self.run = run
    self.study = study
  }

  /// Writes the page, which is there when it is complete.
  package func write(to path: String) throws {
    try FileWriter.write(Array(html.text.utf8), to: path)
  }

  /// The page.
  package var html: HTML {
    let charts = RunCharts(run.history, marks: run.resumptions)
    let validation = charts.validation
    let measured: HTML =
      validation.isEmpty
      ? ""
      : "<section><h2>On data it does not train on</h2><div class=\"charts\">\(validation)</div></section>\n"
    return """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
      <title>\(run.name) · swift-clip</title>
      <style>\(Self.style)</style></head>
      <body><main>
      <header><h1>\(run.name)</h1><p class="lead">\(state)</p></header>
      <dl class="tiles">\(tiles)</dl>
      <section><h2>Training</h2>\(thinning)<div class="charts">\(charts.training)</div></section>
      \(measured)\(study.map { PairSections($0).html } ?? "")\
      <section><h2>How it was made</h2><div class="facts">\(recipe)\(machine)</div></section>
      <footer><p>Made by swift-clip \(ProgramVersion.current) on \(Figure.time(Date.now.timeIntervalSince1970)).</p></footer>
      </main><script>\(Self.script)</script></body></html>

      """
  }

  // MARK: - At a glance

  /// What a point of a curve is, where it is more than a step.
  private var thinning: HTML {
    guard let steps = run.history.stretches.first?.count, steps > 1 else { return "" }
    return """
      <p class="lead">Each point stands for \(Figure.count(steps)) steps: the line is their mean, the band reaches from the \
      lowest to the highest.</p>
      """
  }

  private var state: String {
    let last = run.history.steps.upperBound
    var parts: [String] = []
    if let steps = run.steps {
      parts.append(
        last >= steps
          ? "finished after \(Figure.count(steps)) steps"
          : "step \(Figure.count(last)) of \(Figure.count(steps)), not finished when this page was made")
    } else {
      parts.append("\(Figure.count(last)) steps")
    }
    if let epoch = run.history.total("epoch") { parts.append("\(Figure.number(epoch.last)) epochs") }
    if let samples = run.history.total("samples") { parts.append("\(Figure.count(Int(samples.last))) pairs seen") }
    if let time = run.history.time { parts.append("last step on \(Figure.time(time))") }
    return parts.joined(separator: " · ")
  }

  private var tiles: [HTML] {
    let history = run.history
    func last(_ name: String, _ figure: (Double) -> String) -> String? { history.total(name).map { figure($0.last) } }
    let phases = history.names.filter { $0.hasPrefix("seconds/") }.compactMap { history.total($0)?.total }
    let facts: [(String, String?)] = [
      ("loss", last("loss", Figure.number)),
      ("accuracy in the batch, text → image", last("text_accuracy", Figure.percent)),
      ("accuracy in the batch, image → text", last("image_accuracy", Figure.percent)),
      ("temperature", last("logit_scale") { Figure.number(1 / $0) }),
      ("pairs a second, mean", history.total("samples_per_second").map { Figure.number($0.mean) }),
      ("in steps", phases.isEmpty ? nil : Figure.duration(phases.reduce(0, +))),
      ("memory of a rank, at most", last("peak_memory_bytes") { "\(Figure.count(Int($0 / 1e6))) MB" }),
    ]
    return facts.compactMap { name, figure in
      figure.map { "<div><dt>\(name)</dt><dd>\($0)</dd></div>\n" }
    }
  }

  // MARK: - How it was made

  private var recipe: HTML {
    guard !run.settings.isEmpty else { return "" }
    func row(_ setting: RunRecord.Setting) -> HTML {
      // Long names may be broken behind a dot.
      let name = HTML(
        setting.field.split(separator: ".").enumerated().map { $0 == 0 ? "\(String($1))" : ".<wbr>\(String($1))" })
      let paper: HTML =
        setting.isOfPaper ? "" : setting.paper.map { "<span class=\"paper\">paper: \($0)</span>" } ?? ""
      return "<tr><th scope=\"row\">\(name)</th><td>\(setting.value) \(paper)</td></tr>\n"
    }
    let changed = run.settings.filter { !$0.isOfPaper }
    let same = run.settings.filter(\.isOfPaper)
    return """
      <div><h3>Recipe</h3>
      <table class="settings"><caption>Where it differs from the paper's for ViT-B/32</caption><tbody>\(changed.map(row))</tbody></table>
      <details><summary>The other \(same.count) settings</summary><table class="settings"><tbody>\(same.map(row))</tbody></table></details></div>

      """
  }

  private var machine: HTML {
    guard let start = run.starts.last else {
      return
        "<div><h3>Machine</h3><p class=\"none\">This run was made by a version that did not write it down.</p></div>\n"
    }
    let hosts = start.hosts.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value))" }.joined(separator: ", ")
    let rows: [(String, String)] = [
      ("processor", start.processor),
      ("ranks × threads", "\(start.ranks) × \(start.threads)"),
      ("hosts (ranks)", hosts),
      ("program", "swift-clip \(start.version)"),
      ("parameters", Figure.count(start.parameters)),
      ("data", start.data.joined(separator: ", ")),
      ("its samples", Figure.count(start.samples)),
      ("its digest", start.digest.description),
    ]
    let lines = rows.map { "<tr><th scope=\"row\">\($0.0)</th><td>\($0.1)</td></tr>\n" as HTML }
    let starts = run.starts.suffix(20).map { start -> HTML in
      let what = start.step == 0 ? "started" : "resumed after step \(Figure.count(start.step))"
      return
        "<li>\(Figure.time(start.time)): \(what), \(start.ranks) × \(start.threads), swift-clip \(start.version)</li>\n"
    }
    let hidden = run.starts.count - starts.count
    let more: HTML = hidden > 0 ? "<li>\(hidden) earlier ones</li>\n" : ""
    return """
      <div><h3>Machine and data</h3><table class="settings"><tbody>\(lines)</tbody></table>
      <h4>When</h4><ol class="starts">\(more)\(starts)</ol></div>

      """
  }
}
