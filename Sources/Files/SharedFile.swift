import Glibc
import SystemPackage

/// A file of known length that several processes write at once, each its own parts, in any order.
///
/// Unlike with a ``FileWriter`` nothing is renamed: it belongs into a directory that gets its name when all is written.
public final class SharedFile {
  /// Where the file lies.
  public let path: String
  private let descriptor: FileDescriptor

  /// Opens a file for writing, and creates it where nobody has yet.
  public init(_ path: String) throws {
    self.path = path
    do {
      descriptor = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
    } catch let error as Errno {
      throw FileError(path, cannot: "create", error)
    }
  }

  deinit { try? descriptor.close() }

  /// Gives the file its length.
  public func setLength(_ count: Int) throws {
    guard ftruncate(descriptor.rawValue, off_t(count)) == 0 else {
      throw FileError(path, cannot: "set the length of", Errno(rawValue: errno))
    }
  }

  /// Writes bytes at an offset.
  public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    do {
      try descriptor.writeAll(toAbsoluteOffset: Int64(offset), bytes)
    } catch let error as Errno {
      throw FileError(path, cannot: "write", error)
    }
  }

  /// Makes what this process has written durable.
  public func sync() throws {
    guard fdatasync(descriptor.rawValue) == 0 else { throw FileError(path, cannot: "sync", Errno(rawValue: errno)) }
  }
}
