/// A name in a WebDataset tar: the key is everything before the first dot of the last path component.
struct MemberName {
  let key: String
  /// What follows that dot, in lower case.
  let fileExtension: String

  init(_ name: String) {
    let start = name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex
    let dot = name[start...].firstIndex(of: ".") ?? name.endIndex
    key = String(name[..<dot])
    fileExtension = name[dot...].dropFirst().lowercased()
  }
}
