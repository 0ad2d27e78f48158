import Glibc
import SystemPackage

/// A lock that one process holds on a directory, until it lets go or ends in whatever way.
///
/// The system keeps it (`flock`, which works on NFS as well); the file it is on names the holder for people.
public final class FileLock {
  /// Somebody else holds the lock.
  public struct Held: Error {
    /// What the holder said of itself.
    public let holder: String
  }

  private let path: String
  private var descriptor: FileDescriptor?

  /// A lock on the file at `path`, which nobody holds yet.
  public init(_ path: String) {
    self.path = path
  }

  deinit { release() }

  /// Lets go, if this process has it.
  public func release() {
    guard let descriptor else { return }
    // Removed while it is still held: whoever opened it meanwhile sees that it is gone and makes another.
    unlink(path)
    try? descriptor.close()
    self.descriptor = nil
  }

  /// Takes the lock, or returns at once if this process has it.
  ///
  /// - Parameter holder: what others are told; one line.
  /// - Throws: ``Held``, or `FileError` where the file cannot be made.
  public func acquire(as holder: String) throws {
    while descriptor == nil {
      let file: FileDescriptor
      do {
        file = try FileDescriptor.open(
          FilePath(path), .readWrite, options: [.create, .closeOnExec, .noFollow],
          permissions: [.ownerReadWrite, .groupRead, .otherRead])
      } catch let error as Errno {
        throw FileError(path, cannot: "create", error)
      }
      guard flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 else {
        let reason = Errno(rawValue: errno)
        let text = (try? FileReader.contents(of: path)).map { String(decoding: $0, as: UTF8.self) }
        try? file.close()
        guard reason == .wouldBlock else { throw FileError(path, cannot: "lock", reason) }
        throw Held(holder: text ?? "")
      }
      guard Self.isStill(file, at: path) else {
        try? file.close()
        continue
      }
      // The lock holds whether or not there is room for a text.
      _ = ftruncate(file.rawValue, 0)
      _ = try? file.writeAll(toAbsoluteOffset: 0, holder.utf8)
      descriptor = file
    }
  }

  /// Whether the open file is the one that lies at `path` now.
  private static func isStill(_ file: FileDescriptor, at path: String) -> Bool {
    var opened = stat(), named = stat()
    return fstat(file.rawValue, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino
      && opened.st_dev == named.st_dev
  }
}
