import Files

/// Makes keys that every reader of WebDatasets takes, and takes as different.
struct SampleKeys {
  /// The longest key that leaves room for the longest extension, `.webp`, and a number that tells it from others.
  static let longest = 85

  private var uses: [String: Int] = [:]

  /// A key made of a name or path.
  ///
  /// Readers cut the last path component at its first dot, so there are none; `tar -x` must stay in its folder, so there
  /// are no empty components and none of dots alone. Control characters become `_`. What is too long is cut and gets its
  /// digest. Scalars are looked at, not characters: readers of tars know nothing of a dot joined with an accent.
  static func clean(_ name: String) -> String {
    var parts = name.unicodeScalars.split(separator: "/")
      .filter { !$0.elementsEqual(".".unicodeScalars) && !$0.elementsEqual("..".unicodeScalars) }
      .map { replace($0) { $0.properties.generalCategory == .control } }
    guard let last = parts.popLast() else { return "sample" }
    parts.append(replace(last.unicodeScalars[...]) { $0 == "." })
    let key = parts.joined(separator: "/")
    if key.utf8.count <= longest { return key }
    let digest = Digest(of: Array(key.utf8)).description.dropFirst("xxh64:".count)
    var start = key[...]
    while start.utf8.count + 1 + digest.utf8.count > longest { start.removeLast() }
    // What is left of the path becomes the last component.
    return replace(start.unicodeScalars) { $0 == "/" || $0 == "." } + "-" + digest
  }

  private static func replace(
    _ scalars: String.UnicodeScalarView.SubSequence, _ isForbidden: (Unicode.Scalar) -> Bool
  ) -> String {
    String(String.UnicodeScalarView(scalars.map { isForbidden($0) ? "_" : $0 }))
  }

  /// The key itself the first time, then with `-1`, `-2` and so on.
  mutating func unique(_ key: String) -> String {
    guard var number = uses[key] else {
      uses[key] = 1
      return key
    }
    while uses["\(key)-\(number)"] != nil { number += 1 }
    uses[key] = number + 1
    uses["\(key)-\(number)"] = 1
    return "\(key)-\(number)"
  }
}
