/// A name in a WebDataset tar: the key is everything before the first dot of the last path component.
struct MemberName {
  let key: String
  /// What follows that dot, in lower case.
  let fileExtension: String

  init(_ name: String) {
    let scalars = name.unicodeScalars
    let start = scalars.lastIndex(of: "/").map { scalars.index(after: $0) } ?? scalars.startIndex
    let dot = scalars[start...].firstIndex(of: ".") ?? scalars.endIndex
    key = String(scalars[..<dot])
    fileExtension = String(scalars[dot...].dropFirst()).lowercased()
  }
}
