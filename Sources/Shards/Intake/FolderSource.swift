import Files
import Glibc

/// Pictures in a folder, at any depth, in the order of their names' bytes, with captions beside them.
struct FolderSource: CandidateSource {
  /// A folder being walked.
  private struct Level {
    /// The folder as the system opens it, and relative to the top.
    let path: String
    let prefix: String
    /// Names still to visit, the next one last, and how many there were.
    var names: [String]
    let count: Int
    /// All names by their form in which extensions are in lower case, to find what belongs together; several where they
    /// differ in that, or in how Unicode composes their letters.
    let all: [String: [String]]
    /// The names of pictures, without their extensions.
    let pictures: Set<Substring>
    let identity: Identity
  }

  /// What tells folders apart whatever path leads to them.
  private struct Identity: Equatable {
    let device: UInt
    let inode: UInt
  }

  private var levels: [Level] = []
  private let captionTemplate: String?

  /// - Parameters:
  ///   - path: the folder.
  ///   - captionTemplate: the caption of pictures that have none, where `{}` stands for the name of their folder; nil:
  ///     they have none.
  init(_ path: String, captionTemplate: String? = nil) throws {
    self.captionTemplate = captionTemplate
    try enter(path, prefix: "")
  }

  /// As if all folders beside one held as much as it does.
  var fraction: Double {
    levels.reversed().reduce(0) { inner, level in
      let visited = Double(level.count - level.names.count)
      // The last one visited is the folder the deeper levels are in.
      let isEntered = level.path != levels.last?.path
      return (isEntered ? visited - 1 + inner : visited) / Double(max(level.count, 1))
    }
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
      } else if name.isNameOfOtherBytes && !Directory.exists(path) {
        return Candidate(name: levels[level].prefix + name, flaw: .nameNotUTF8)
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
    let pictures = names.map(Self.split).filter { StoredFormat(fileExtension: String($0.fileExtension)) != nil }
    levels.append(
      Level(
        path: path, prefix: prefix, names: names.reversed(), count: names.count,
        all: Dictionary(grouping: names, by: Self.lowercased),
        pictures: Set(pictures.map(\.stem)), identity: identity))
  }

  /// A name before and after its last dot.
  private static func split(_ name: String) -> (stem: Substring, fileExtension: Substring) {
    let dot = name.lastIndex(of: ".") ?? name.endIndex
    return (name[..<dot], name[dot...].dropFirst())
  }

  private static func lowercased(_ name: String) -> String {
    let (stem, fileExtension) = split(name)
    return fileExtension.isEmpty ? name : "\(stem).\(fileExtension.lowercased())"
  }

  /// The candidate a file stands for: a picture with what lies beside it, or a caption without a picture.
  private func candidate(_ name: String, in level: Level) -> Candidate? {
    let (stem, fileExtension) = Self.split(name)
    func file(_ name: String) -> Candidate.Content? {
      // The same bytes before those that only read alike. Of two that differ in the extension's case the one in lower case:
      // its bytes come last.
      let names = level.all[name] ?? []
      let same = names.last { Self.lowercased($0).utf8.elementsEqual(name.utf8) }
      return (same ?? names.last).map { .file("\(level.path)/\($0)") }
    }
    var candidate = Candidate(name: level.prefix + stem, caption: file("\(stem).txt"), json: file("\(stem).json"))
    if StoredFormat(fileExtension: String(fileExtension)) != nil {
      candidate.picture = .file("\(level.path)/\(name)")
      if !candidate.hasCaption { candidate.caption = classCaption(in: level).map { .bytes(Array($0.utf8)) } }
      return candidate
    }
    let kind = fileExtension.lowercased()
    let isCaption = kind == "txt" || (kind == "json" && candidate.caption == nil)
    return isCaption && !level.pictures.contains(stem) ? candidate : nil
  }

  /// What the template makes of the name of a picture's folder; nothing at the top, which stands for no class.
  private func classCaption(in level: Level) -> String? {
    guard let captionTemplate, let name = level.prefix.split(separator: "/").last else { return nil }
    return captionTemplate.replacing("{}", with: name.replacing("_", with: " "))
  }
}
