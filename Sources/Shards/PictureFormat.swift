/// The picture formats a shard may hold, by the file extension they have in it.
public enum PictureFormat: String, CaseIterable, Codable, Sendable {
  case jpg, png, webp

  /// The format of a file extension, in any case; `jpeg` is `jpg`.
  public init?(fileExtension: String) {
    let name = fileExtension.lowercased()
    self.init(rawValue: name == "jpeg" ? "jpg" : name)
  }
}
