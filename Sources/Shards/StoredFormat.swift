/// The picture formats a shard may hold, by the file extension they have in it.
public enum StoredFormat: String, CaseIterable, Codable, Sendable {
  case jpg, png, webp

  /// The format of a file extension, in any case; `jpeg` is `jpg`.
  public init?(fileExtension: String) {
    let name = fileExtension.lowercased()
    self.init(rawValue: name == "jpeg" ? "jpg" : name)
  }
}

extension StoredFormat {
  /// What browsers know it by.
  public var mediaType: String {
    switch self {
    case .jpg: "image/jpeg"
    case .png: "image/png"
    case .webp: "image/webp"
    }
  }
}
