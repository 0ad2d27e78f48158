/// What is wrong with a PyTorch file; whoever knows the file's name makes a `FileError` of it.
struct TorchFlaw: Error {
  /// What was found and what was expected.
  let reason: String

  init(_ reason: String) {
    self.reason = reason
  }
}
