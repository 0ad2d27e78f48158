/// A sample is left out of the dataset, and counted under a reason.
///
/// What prepares pictures for the ``Packer`` throws it for a picture that cannot be decoded; any other error ends the
/// packing.
public struct UnusableSample: Error, Equatable, Sendable {
  /// A name in snake case, such as `bad_jpeg`: the key under which it is counted in `index.json`.
  public let reason: String

  /// - Parameter reason: a name in snake case.
  public init(reason: String) {
    self.reason = reason
  }

  /// A caption without a picture.
  static let noImage = UnusableSample(reason: "no_image")
  /// A picture without a caption.
  static let noText = UnusableSample(reason: "no_text")
  /// A picture whose caption should be in JSON that cannot be understood.
  static let badJSON = UnusableSample(reason: "bad_json")
  /// A picture of no bytes.
  static let emptyImage = UnusableSample(reason: "empty_image")
  /// A caption that is not UTF-8.
  static let notUTF8 = UnusableSample(reason: "not_utf8")
  /// A file or a folder whose name is not UTF-8.
  static let nameNotUTF8 = UnusableSample(reason: "name_not_utf8")
  /// A caption of nothing but white space.
  static let emptyText = UnusableSample(reason: "empty_text")
  /// A picture, or a whole sample, above the limits of the format.
  static let tooLarge = UnusableSample(reason: "too_large")
  /// A pipe, a device or a folder where a file was expected.
  static let notAFile = UnusableSample(reason: "not_a_file")
  /// A picture whose file was packed already.
  static let duplicate = UnusableSample(reason: "duplicate")
  /// A picture that looks like one that was packed already.
  static let nearDuplicate = UnusableSample(reason: "near_duplicate")
  /// A row of a table with more or fewer fields than its header.
  static let badRow = UnusableSample(reason: "bad_row")
}
