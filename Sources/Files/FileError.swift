public import SystemPackage

/// Something on disk is not as it must be, or the system refused to read or write it.
///
/// Programs that see one exit with 74 (data or disk).
public struct FileError: Error, CustomStringConvertible, Sendable {
  /// The file or directory concerned.
  public let path: String
  /// What was found, what was expected, and what to do about it.
  public let reason: String
  /// What the system said, where it did.
  private let errno: Errno?

  /// - Parameters:
  ///   - path: the file or directory concerned.
  ///   - reason: what was found, what was expected, and what to do about it.
  public init(_ path: String, _ reason: String) {
    self.init(path, reason, nil)
  }

  private init(_ path: String, _ reason: String, _ errno: Errno?) {
    self.path = path
    self.reason = reason
    self.errno = errno
  }

  /// An error the system reported while doing something to a file.
  ///
  /// - Parameters:
  ///   - path: the file concerned.
  ///   - action: a verb, as in "cannot `action`".
  ///   - errno: the system's reason.
  public init(_ path: String, cannot action: String, _ errno: Errno) {
    self.init(path, "cannot \(action): \(errno)", errno)
  }

  /// Whether it says something of this process or this moment, and nothing of what is in the file.
  public var isPassing: Bool {
    errno.map {
      [.permissionDenied, .notPermitted, .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory].contains($0)
    } ?? false
  }

  /// One line: the file, then the reason.
  public var description: String { "\(path): \(reason)" }
}
