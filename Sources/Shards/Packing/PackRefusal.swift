import Files

/// An unfinished packing is not gone on with: it was of something else, or is not what it was. Nothing was changed.
struct PackRefusal: Error {
  /// What to say.
  let error: FileError

  init(_ path: String, _ reason: String) {
    error = FileError(path, reason)
  }
}
