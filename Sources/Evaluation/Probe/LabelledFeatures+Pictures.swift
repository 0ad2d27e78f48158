public import Collectives
import Files
import Tensors
public import Towers

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
    let own = try encoder.pictures(
      BatchShare(of: pictures.count, batch: Encoder.batch, in: world), as: kind, progress: progress, read: pictures.read
    )
    let flaws = own.flaws.sorted { $0.key < $1.key }.map { "\(own.names[$0.key]): \($0.value)" }
    let decoded = own.notes.indices.filter { own.flaws[$0] == nil }
    let undecodable = try LeftOut(flaws, in: world)
    let strays = try LeftOut(decoded.filter { own.notes[$0] == nil }.map { own.names[$0] }, in: world)
    let kept = decoded.filter { own.notes[$0] != nil }
    let labels = kept.compactMap { own.notes[$0] }.map(Double.init)
    let (count, first) = try world.places(of: labels.count)
    guard count > 0 else {
      throw FileError(
        pictures.path,
        "leaves no picture: of \(pictures.count) \(undecodable.count) cannot be decoded and \(strays.count) are of none of the "
          + "\(pictures.classes.classes.count) classes, the first of which is \"\(pictures.classes.classes[0].label)\"")
    }
    var warnings = pictures.warnings
    if let warning = undecodable.warning("that cannot be decoded") { warnings.append("\(pictures.path): \(warning)") }
    if let warning = strays.warning("of none of the classes") { warnings.append("\(pictures.path): \(warning)") }
    self.init(
      pictures.path, kind, try world.allRows(own.features(of: kept)),
      try world.all(labels, from: first, of: count).map { Int($0) },
      pictures.classes, leftOut: undecodable.count + strays.count, warnings: warnings)
  }
}
