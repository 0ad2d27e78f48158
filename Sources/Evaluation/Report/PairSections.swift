import Foundation
import Tensors

/// The part of a page that shows pairs: the matrix of similarities, what was found and what was not, what was confused.
struct PairSections {
  private let study: PairStudy

  init(_ study: PairStudy) { self.study = study }

  /// All of it.
  var html: HTML {
    let among =
      study.studied < study.all
      ? "\(Figure.count(study.studied)) of \(Figure.count(study.all))" : Figure.count(study.all)
    return """
      <section><h2>What it makes of pairs</h2>
      <p class="lead">\(among) pairs of \(study.data) (<code>\(study.digest)</code>), seen by the weights of <code>\(study.weights)</code>.</p>
      \(retrieval)\(matrix)\(confusion)
      \(direction("Captions looking for their picture", study.textToImage, pictures))
      \(direction("Pictures looking for their caption", study.imageToText, captions))
      </section>

      """
  }

  private var retrieval: HTML {
    let rows = [("text → image", study.retrieval.textToImage), ("image → text", study.retrieval.imageToText)]
    let lines = rows.map { name, found -> HTML in
      """
      <tr><th scope="row">\(name)</th><td>\(Figure.percent(found.recallAt1))</td><td>\(Figure.percent(found.recallAt5))</td>\
      <td>\(Figure.percent(found.recallAt10))</td><td>\(Figure.number(found.meanRank))</td><td>\(found.medianRank)</td></tr>

      """
    }
    return """
      <div class="scroll"><table class="figures"><caption>Retrieval among these \(Figure.count(study.studied)) pairs</caption>
      <thead><tr><th></th><th scope="col">R@1</th><th scope="col">R@5</th><th scope="col">R@10</th>\
      <th scope="col">mean rank</th><th scope="col">median rank</th></tr></thead><tbody>
      \(lines)</tbody></table></div>

      """
  }

  // MARK: - Tables with colours

  /// Cosines of a few captions with a few pictures, as in the paper's first figure.
  private var matrix: HTML {
    let values = study.similarities
    let all = values.flatMap(\.self)
    let least = all.min() ?? 0, most = all.max() ?? 1
    let columns = study.shown.map { "<th scope=\"col\">\(picture($0))</th>" as HTML }
    let rows = zip(study.shown, values).enumerated().map { row, line -> HTML in
      let cells = line.1.enumerated().map { column, value in
        cell(
          Figure.cosine(value), share: Double((value - least) / max(most - least, .leastNormalMagnitude)),
          isOwn: column == row)
      }
      return "<tr><th scope=\"row\">\(text(line.0))</th>\(cells)</tr>\n"
    }
    let own = values.indices.map { values[$0][$0] }
    let others = values.indices.flatMap { row in values.indices.filter { $0 != row }.map { values[row][$0] } }
    func mean(_ numbers: [Float]) -> String {
      numbers.isEmpty ? "—" : Figure.cosine(numbers.reduce(0, +) / Float(numbers.count))
    }
    return """
      <figure class="matrix"><figcaption><h3>Similarity</h3><p>Cosines of \(study.shown.count) captions (rows) with \
      their pictures (columns); own partners are outlined: \(mean(own)) in the mean, others \(mean(others)).</p></figcaption>
      <div class="scroll"><table class="heat pairs"><thead><tr><td></td>\(columns)</tr></thead><tbody>
      \(rows)</tbody></table></div></figure>

      """
  }

  private var confusion: HTML {
    guard let confusion = study.confusion else { return "" }
    let numbers = confusion.captions.indices
    let columns = numbers.map {
      "<th scope=\"col\"><span class=\"turned\" title=\"\(short(confusion.captions[$0]))\">\(short(confusion.captions[$0]))</span></th>"
        as HTML
    }
    let rows = numbers.map { row -> HTML in
      let sum = max(confusion.counts[row].reduce(0, +), 1)
      let cells = confusion.counts[row].enumerated().map { column, count in
        cell(count == 0 ? "" : "\(count)", share: Double(count) / Double(sum), isOwn: column == row)
      }
      return "<tr><th scope=\"row\">\(text(confusion.captions[row]))</th>\(cells)</tr>\n"
    }
    return """
      <figure class="matrix"><figcaption><h3>Confusion</h3><p>The \(confusion.captions.count) captions as classes: of the \
      pictures of each (rows), how many are most similar to which (columns). \(Figure.percent(confusion.accuracy)) are \
      given their own.</p></figcaption>
      <div class="scroll"><table class="heat classes"><thead><tr><td></td>\(columns)</tr></thead><tbody>
      \(rows)</tbody></table></div></figure>

      """
  }

  private func cell(_ text: String, share: Double, isOwn: Bool) -> HTML {
    let kind = (share > 0.7 ? "strong" : "weak") + (isOwn ? " own" : "")
    return "<td class=\"\(kind)\" style=\"--v:\(min(max(share, 0), 1))\">\(text)</td>"
  }

  // MARK: - What was found

  private func direction(_ title: String, _ direction: PairStudy.Direction, _ show: (Ranking) -> HTML) -> HTML {
    func list(_ heading: String, _ rankings: [Ranking], _ none: String) -> HTML {
      let items = rankings.map { "<li>\(show($0))</li>\n" as HTML }
      let body: HTML = items.isEmpty ? "<p class=\"none\">\(none)</p>" : "<ol class=\"finds\">\(items)</ol>"
      return "<div><h4>\(heading)</h4>\(body)</div>\n"
    }
    return """
      <div class="direction"><h3>\(title)</h3><div class="sides">
      \(list("Clearest", direction.best, "None came first."))\
      \(list("Worst", direction.worst, "All came first."))</div></div>

      """
  }

  /// A caption and the pictures it finds.
  private func pictures(_ ranking: Ranking) -> HTML {
    let found = ranking.best.enumerated().map { place, hit in
      thumbnail(hit, place: place + 1, isOwn: belongs(hit, ranking))
    }
    let own =
      isAmongBest(ranking)
      ? "" as HTML : "<span class=\"gap\">…</span>\(thumbnail(ranking.own, place: ranking.place, isOwn: true))"
    return "<p class=\"query\">\(text(ranking.query))</p><div class=\"strip\">\(found)\(own)</div>"
  }

  /// A picture and the captions it finds.
  private func captions(_ ranking: Ranking) -> HTML {
    func line(_ hit: Search.Hit, place: Int, isOwn: Bool) -> HTML {
      let mark: HTML = isOwn ? " <b class=\"right\">✓</b>" : ""
      return
        "<li\(isOwn ? " class=\"own\"" as HTML : "")><span class=\"place\">\(Figure.count(place))</span>\(text(hit.index))<span class=\"score\">\(score(hit))\(mark)</span></li>"
    }
    let found = ranking.best.enumerated().map { line($1, place: $0 + 1, isOwn: belongs($1, ranking)) }
    let own = isAmongBest(ranking) ? "" : line(ranking.own, place: ranking.place, isOwn: true)
    return "<div class=\"asking\">\(picture(ranking.query))<ol class=\"texts\">\(found)\(own)</ol></div>"
  }

  private func belongs(_ hit: Search.Hit, _ ranking: Ranking) -> Bool {
    study.pairs[hit.index]?.caption == study.pairs[ranking.query]?.caption
  }

  private func isAmongBest(_ ranking: Ranking) -> Bool { ranking.best.contains { belongs($0, ranking) } }

  private func thumbnail(_ hit: Search.Hit, place: Int, isOwn: Bool) -> HTML {
    let mark: HTML = isOwn ? " <b class=\"right\">✓</b>" : ""
    return """
      <figure class="\(isOwn ? "found own" : "found")">\(picture(hit.index))<figcaption>\(Figure.count(place)). \(score(hit))\(mark)</figcaption></figure>
      """
  }

  private func score(_ hit: Search.Hit) -> String { Figure.cosine(hit.score) }

  /// A picture, told by its caption where one points at it.
  private func picture(_ number: Int) -> HTML {
    guard let pair = study.pairs[number] else { return "" }
    guard let picture = pair.picture else {
      return "<span class=\"thumb missing\" title=\"\(pair.key)\">no picture</span>"
    }
    return
      "<img class=\"thumb\" src=\"\(HTML(dataURIOf: picture))\" alt=\"\(pair.key)\" title=\"\(short(pair.caption))\">"
  }

  /// A caption of a pair.
  private func text(_ number: Int) -> HTML { text(study.pairs[number]?.caption ?? "") }

  /// A caption: whatever direction it is written in, it does not turn what is around it.
  private func text(_ caption: String) -> HTML {
    "<bdi class=\"caption\" dir=\"auto\" title=\"\(short(caption))\">\(short(caption))</bdi>"
  }

  /// As much of a caption as anybody reads.
  private func short(_ caption: String) -> String {
    caption.count > 300 ? caption.prefix(299) + "…" : caption
  }
}
