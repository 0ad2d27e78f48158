import Files
import Glibc

/// Pictures in a folder, at any depth, in the order of their names' bytes, with captions beside them.
struct FolderSource: CandidateSource {
  /// A folder being walked.
  private struct Level {
    /// The folder as the system opens it, and relative to the top.
    let path: String
    let prefix: String
    /// Names still to visit, the next one last.
    var names: [String]
    /// All names, to find what belongs together.
    let all: Set<String>
    let identity: Identity
  }

  /// What tells folders apart whatever path leads to them.
  private struct Identity: Equatable {
    let device: UInt
    let inode: UInt
  }

  private var levels: [Level] = []

  init(_ path: String) throws {
    try enter(path, prefix: "")
  }

  mutating func next() throws -> Candidate? {
    while let level = levels.indices.last {
      guard let name = levels[level].names.popLast() else {
        levels.removeLast()
        continue
      }
      let path = "\(levels[level].path)/\(name)"
      if Directory.isDirectory(path) {
        try enter(path, prefix: levels[level].prefix + name + "/")
      } else if let candidate = candidate(name, in: levels[level]) {
        return candidate
      }
    }
    return nil
  }

  private mutating func enter(_ path: String, prefix: String) throws {
    var status = stat()
    guard stat(path, &status) == 0 else { throw FileError(path, "vanished while it was read") }
    let identity = Identity(device: UInt(status.st_dev), inode: UInt(status.st_ino))
    // A link back to a folder above would be walked for ever.
    if levels.contains(where: { $0.identity == identity }) { return }
    let names = try Directory.names(in: path).filter { !$0.hasPrefix(".") }
    levels.append(
      Level(path: path, prefix: prefix, names: names.reversed(), all: Set(names), identity: identity))
  }

  /// The candidate a file stands for: a picture with what lies beside it, or a caption without a picture.
  private func candidate(_ name: String, in level: Level) -> Candidate? {
    guard let dot = name.lastIndex(of: ".") else { return nil }
    let stem = String(name[..<dot])
    let fileExtension = String(name[dot...].dropFirst())
    func file(_ name: String) -> Candidate.Content? {
      level.all.contains(name) ? .file("\(level.path)/\(name)") : nil
    }
    var candidate = Candidate(name: level.prefix + stem, caption: file("\(stem).txt"), json: file("\(stem).json"))
    if PictureFormat(fileExtension: fileExtension) != nil {
      candidate.picture = file(name)
      return candidate
    }
    let isCaption = fileExtension == "txt" || (fileExtension == "json" && candidate.caption == nil)
    let hasPicture = Self.pictureExtensions.contains { level.all.contains("\(stem).\($0)") }
    return isCaption && !hasPicture ? candidate : nil
  }

  private static let pictureExtensions = ["jpg", "jpeg", "png", "webp", "JPG", "JPEG", "PNG", "WEBP"]
}
