import Images
import Shards
import Tensors
import Towers
import Training

/// Pictures on their way through a model, in order: while some are embedded, those behind them are read and decoded on
/// other threads.
final class PictureStream<Note: Sendable> {
  private struct Decoded: Sendable {
    let name: String
    let note: Note
    let pixels: Result<[UInt8], ImageError>
  }

  private let encoder: Encoder
  private let kind: PictureFeatures
  private let decoded: Prefetcher<Decoded>

  /// Begins to read.
  ///
  /// - Parameters:
  ///   - count: how many pictures there are.
  ///   - kind: which features of them.
  ///   - read: reads a picture, the first has the number 0; called on other threads, ahead of time.
  init(
    _ count: Int, by encoder: Encoder, as kind: PictureFeatures = .embedding,
    read: @escaping @Sendable (Int) throws -> Encoder.EncodedPicture<Note>
  ) {
    self.encoder = encoder
    self.kind = kind
    let reader = encoder.reader
    decoded = Prefetcher(from: 0, to: count, threads: encoder.threads, ahead: 2 * encoder.threads) {
      let picture = try read($0)
      let pixels: Result<[UInt8], ImageError>
      do {
        pixels = .success(try reader.pixels(of: picture.bytes))
      } catch let error as ImageError {
        pixels = .failure(error)
      }
      return Decoded(name: picture.name, note: picture.note, pixels: pixels)
    }
  }

  /// The features of the next so many pictures, batch by batch; those that cannot be decoded are told of, not thrown.
  ///
  /// - Parameter progress: told how many of them are done.
  func next(_ count: Int, progress: (Int) -> Void) throws -> Encoder.EmbeddedPictures<Note> {
    let dimension = encoder.towers.configuration.dimension(of: kind)
    let features = Tensor(rows: count, columns: dimension)
    var names: [String] = [], notes: [Note] = [], flaws: [Int: String] = [:]
    for rows in Encoder.batches(of: count) {
      var pixels: [UInt8] = []
      for row in rows {
        let picture = try decoded.next()
        names.append(picture.name)
        notes.append(picture.note)
        switch picture.pixels {
        case .success(let own): pixels += own
        case .failure(let error):
          pixels += encoder.blank
          flaws[row] = "\(error)"
        }
      }
      try encoder.towers.embed(
        encoder.reader.pack(pixels, count: rows.count), into: features.rows(rows), as: kind)
      progress(rows.upperBound)
    }
    for row in flaws.keys { features.rows(row..<row + 1).set([Float](repeating: 0, count: dimension)) }
    return Encoder.EmbeddedPictures(
      features: try encoder.checked(features), names: names, notes: notes, flaws: flaws)
  }
}
