public import Collectives
import Files
import Images
import Shards
import Tensors
public import Towers
import Training

extension LabelledFeatures {
  /// Computes the features of pictures; all ranks share the work and return the same, whatever their number.
  ///
  /// Pictures that cannot be decoded, or are of none of the classes, are left out.
  ///
  /// - Parameters:
  ///   - kind: which features.
  ///   - progress: told how many of this rank's pictures are done.
  /// - Throws: `FileError` where no picture is left.
  public init(
    of pictures: LabelledPictures, _ kind: PictureFeatures, by encoder: Encoder, in world: any Communicator,
    progress: (Int) -> Void = { _ in }
  ) throws {
    let own = try encoder.features(
      kind, of: pictures, BatchShare(of: pictures.count, batch: Encoder.batch, in: world), progress: progress)
    let undecodable = try LeftOut(own.flaws, in: world)
    let strays = try LeftOut(own.strays, in: world)
    let labels = own.kept.map { Double($0.label) }
    let (count, first) = try world.places(of: labels.count)
    guard count > 0 else {
      throw FileError(
        pictures.path,
        "leaves no picture: of \(pictures.count) \(undecodable.count) cannot be decoded and \(strays.count) are of none of the "
          + "\(pictures.classes.classes.count) classes, the first of which is \"\(pictures.classes.classes[0].label)\"")
    }
    let rows = Tensor(rows: labels.count, columns: own.features.columns)
    gatherRows(of: own.features, own.kept.map { Int32($0.row) }, into: rows)
    var warnings = pictures.warnings
    if let warning = undecodable.warning("that cannot be decoded") { warnings.append("\(pictures.path): \(warning)") }
    if let warning = strays.warning("of none of the classes") { warnings.append("\(pictures.path): \(warning)") }
    self.init(
      pictures.path, kind, try world.allRows(rows), try world.all(labels, from: first, of: count).map { Int($0) },
      pictures.classes, leftOut: undecodable.count + strays.count, warnings: warnings)
  }
}

extension Encoder {
  /// What became of a share of labelled pictures.
  fileprivate struct ShareOfFeatures {
    /// A row for each picture.
    var features: Tensor
    /// The rows that count, and their classes.
    var kept: [(row: Int, label: Int)] = []
    /// A line for each picture that cannot be decoded.
    var flaws: [String] = []
    /// The names of pictures of no class.
    var strays: [String] = []
  }

  private struct DecodedPicture: Sendable {
    let name: String
    let label: Int?
    let pixels: Result<[UInt8], ImageError>
  }

  /// The features of a share of pictures, in whole batches: a picture goes through with the same others whatever the
  /// number of ranks.
  fileprivate func features(
    _ kind: PictureFeatures, of pictures: LabelledPictures, _ share: BatchShare, progress: (Int) -> Void
  ) throws -> ShareOfFeatures {
    let reader = reader, numbers = share.numbers, vision = towers.configuration.vision
    let decoded = Prefetcher(from: numbers.lowerBound, to: numbers.upperBound, threads: threads, ahead: 2 * threads) {
      let picture = try pictures.read($0)
      let pixels: Result<[UInt8], ImageError>
      do {
        pixels = .success(try reader.pixels(of: picture.bytes))
      } catch let error as ImageError {
        pixels = .failure(error)
      }
      return DecodedPicture(name: picture.name, label: picture.note, pixels: pixels)
    }
    let blank = [UInt8](repeating: 0, count: 3 * vision.imageWidth * vision.imageHeight)
    let dimension = towers.configuration.dimension(of: kind)
    var found = ShareOfFeatures(features: Tensor(rows: numbers.count, columns: dimension))
    for rows in Self.batches(of: numbers.count) {
      var pixels: [UInt8] = []
      for row in rows {
        let picture = try decoded.next()
        switch picture.pixels {
        case .success(let own):
          pixels += own
          if let label = picture.label { found.kept.append((row, label)) } else { found.strays.append(picture.name) }
        case .failure(let error):
          pixels += blank
          found.flaws.append("\(picture.name): \(error)")
        }
      }
      try towers.embed(reader.pack(pixels, count: rows.count), into: found.features.rows(rows), as: kind)
      progress(rows.upperBound)
    }
    // Ranks that share the model embed equally often.
    for _ in Self.batches(of: numbers.count).count..<share.rounds {
      try towers.embed(reader.pack(blank, count: 1), into: Tensor(rows: 1, columns: dimension), as: kind)
    }
    _ = try checked(found.features)
    return found
  }
}
