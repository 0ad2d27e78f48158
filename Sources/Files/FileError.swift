public import SystemPackage

/// Something on disk is not as it must be, or the system refused to read or write it.
///
/// Programs that see one exit with 74 (data or disk).
public struct FileError: Error, CustomStringConvertible, Sendable {
  /// The file or directory concerned.
  public let path: String
  /// What was found, what was expected, and what to do about it.
  public let reason: String

  /// - Parameters:
  ///   - path: the file or directory concerned.
  ///   - reason: what was found, what was expected, and what to do about it.
  public init(_ path: String, _ reason: String) {
    self.path = path
    self.reason = reason
  }

  /// An error the system reported while doing something to a file.
  ///
  /// - Parameters:
  ///   - path: the file concerned.
  ///   - action: a verb, as in "cannot `action`".
  ///   - errno: the system's reason.
  public init(_ path: String, cannot action: String, _ errno: Errno) {
    self.init(path, "cannot \(action): \(errno)")
  }

  /// One line: the file, then the reason.
  public var description: String { "\(path): \(reason)" }
}
