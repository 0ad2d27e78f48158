import CKernels
import Synchronization

/// The places of the partners of pictures and captions in each other's order of similarity.
///
/// The similarities images · textsᵀ are walked tile by tile, once for both directions, and never stored. Each is the same
/// number whatever tile, thread or rank it falls to; of equal ones the lower number comes first, as in open_clip.
public final class PartnerPlaces {
  private let images: Tensor
  private let panels: Storage
  private let captions: Int
  /// The row of each caption's picture, with room for a whole block behind the last.
  private let owners: [Int32]
  private static let block = 64

  /// Packs the captions.
  ///
  /// - Parameters:
  ///   - images: (pictures, embedding), of which there may be some here and some on other ranks.
  ///   - texts: (captions, embedding), all of them; not read again afterwards.
  ///   - owners: the row of each caption's picture; negative, or beyond the last, where that is on another rank.
  public init(images: Tensor, texts: Tensor, owners: [Int]) {
    precondition(images.isContiguous && texts.isContiguous, "a view with gaps")
    precondition(images.columns == texts.columns && owners.count == texts.rows, "shapes differ")
    self.images = images
    captions = texts.rows
    self.owners = Self.padded(owners.map { Int32(clamping: $0) }, with: -1)
    let panels = Storage(
      count: CKernels_contrast_panels_bytes(CKernels_NoProductUnit, texts.rows, texts.columns))
    Threads.forEachBand(of: (texts.rows + 31) / 32) { band in
      CKernels_contrast_pack_panels(
        CKernels_NoProductUnit, texts.floatPointer, texts.rows, texts.columns, panels.base, band.lowerBound,
        band.upperBound)
    }
    self.panels = panels
  }

  /// The similarity of each caption to its own picture; 0 where that is on another rank.
  public func ownScores() -> [Float] {
    var scores = [Float](repeating: 0, count: captions)
    scores.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let scores = buffer
      // What captions have to beat is not known yet, and not looked at.
      withKernel(rowScores: [], rowOwns: [], columnScores: []) { kernel in
        let threads = Threads.count
        Scratch.with(threads: threads, bytes: CKernels_places_scratch(images.columns), shared: 0) { scratch in
          Threads.forEachShare(of: captions, atMost: threads) { thread, share in
            CKernels_own_scores(
              kernel, share.lowerBound, share.upperBound, scores.baseAddress, scratch.room(of: thread))
          }
        }
      }
    }
    return scores
  }

  /// How many captions come before each picture's own, and how many pictures before each caption's.
  ///
  /// - Parameters:
  ///   - best: the caption of each picture here that is most similar to it, the lower of equals.
  ///   - scores: the similarity of each caption to its own picture.
  /// - Returns: for each picture here its caption's place, from 0; for each caption how many of the pictures here come
  ///   before its own: the sum over ranks is its place.
  public func count(best: [Int], scores: [Float]) -> (ofCaptions: [Int32], ofPictures: [Int32]) {
    precondition(best.count == images.rows && scores.count == captions, "shapes differ")
    var ofCaptions = [Int32](repeating: 0, count: images.rows)
    // Each thread counts for itself: whole numbers add up to the same in any order.
    let counts = Mutex<[Counts]>([])
    let height = CKernels_places_rows(images.columns)
    let stripes = (images.rows + height - 1) / height
    let length = owners.count
    ofCaptions.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let ofCaptions = buffer
      withKernel(
        rowScores: best.map { scores[$0] }, rowOwns: best.map { Int32($0) },
        columnScores: Self.padded(scores, with: .infinity)
      ) { kernel in
        Threads.forEachItem(of: stripes) {
          let own = Counts(count: length, scratch: CKernels_places_scratch(images.columns))
          counts.withLock { $0.append(own) }
          return own
        } _: { stripe, own in
          CKernels_places(
            kernel, stripe * height, min((stripe + 1) * height, images.rows), ofCaptions.baseAddress, own.numbers,
            own.scratch.base)
        }
      }
    }
    var ofPictures = [Int32](repeating: 0, count: captions)
    for own in counts.withLock({ $0 }) {
      for caption in 0..<captions { ofPictures[caption] += own.numbers[caption] }
    }
    return (ofCaptions, ofPictures)
  }

  /// What a thread counts, and its memory.
  private final class Counts: @unchecked Sendable {
    let scratch: Storage
    private let storage: Storage
    var numbers: UnsafeMutablePointer<Int32> { storage.base.assumingMemoryBound(to: Int32.self) }

    init(count: Int, scratch bytes: Int) {
      storage = Storage(count: count * MemoryLayout<Int32>.size)
      scratch = Storage(count: bytes)
    }
  }

  private func withKernel(
    rowScores: [Float], rowOwns: [Int32], columnScores: [Float], _ body: (UnsafePointer<CKernels_Places>) -> Void
  ) {
    rowScores.withUnsafeBufferPointer { rowScores in
      rowOwns.withUnsafeBufferPointer { rowOwns in
        columnScores.withUnsafeBufferPointer { columnScores in
          owners.withUnsafeBufferPointer { owners in
            var kernel = CKernels_Places(
              rows: images.rows, columns: captions, dimension: images.columns, images: images.floatPointer,
              panels: panels.base.assumingMemoryBound(to: Float.self), row_scores: rowScores.baseAddress,
              row_owns: rowOwns.baseAddress, column_scores: columnScores.baseAddress,
              column_owns: owners.baseAddress)
            withUnsafePointer(to: &kernel, body)
          }
        }
      }
    }
  }

  /// As many as fill blocks.
  private static func padded<Number>(_ numbers: [Number], with filling: Number) -> [Number] {
    numbers + [Number](repeating: filling, count: (block - numbers.count % block) % block)
  }
}
