import Glibc
import SystemPackage

/// An open file that is read at given offsets, from any thread.
public final class FileReader: Sendable {
  /// Where the file lies.
  public let path: String
  /// Its length in bytes when it was opened.
  public let count: Int
  private let descriptor: FileDescriptor

  /// Opens a regular file for reading. Anything else is refused, even a pipe that nobody writes to.
  public init(_ path: String) throws {
    self.path = path
    do {
      descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
    } catch let error as Errno {
      throw FileError(path, cannot: "open", error)
    }
    var status = stat()
    guard fstat(descriptor.rawValue, &status) == 0 else {
      let reason = Errno(rawValue: errno)
      try? descriptor.close()
      throw FileError(path, cannot: "stat", reason)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      try? descriptor.close()
      throw FileError(path, "is not a regular file")
    }
    count = Int(status.st_size)
  }

  deinit { try? descriptor.close() }

  /// Fills `buffer` with the bytes from `offset` on; a file that ends earlier is an error.
  public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws {
    var done = 0
    while done < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      do {
        let got = try descriptor.read(fromAbsoluteOffset: Int64(offset + done), into: rest)
        guard got > 0 else {
          throw FileError(
            path, "ends at byte \(offset + done), expected \(buffer.count) bytes from byte \(offset): it was cut short")
        }
        done += got
      } catch let error as Errno {
        throw FileError(path, cannot: "read", error)
      }
    }
  }

  /// The `count` bytes from `offset` on.
  public func read(_ count: Int, at offset: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
      initialized = count
    }
  }

  /// The whole file.
  ///
  /// - Parameter most: bytes that such a file may have; more are refused.
  public static func contents(of path: String, most: Int = .max) throws -> [UInt8] {
    let file = try FileReader(path)
    guard file.count <= most else { throw FileError(path, "has \(file.count) bytes, expected at most \(most)") }
    return try file.read(file.count, at: 0)
  }

  /// Has the system give up what it keeps of the file in memory, so that it is read from the disk again: for measuring.
  public func forget() throws {
    let problem = posix_fadvise(descriptor.rawValue, 0, 0, POSIX_FADV_DONTNEED)
    guard problem == 0 else { throw FileError(path, cannot: "forget", Errno(rawValue: problem)) }
  }
}
