import Glibc
import SystemPackage

/// A file of lines that only grows: each line is durable before ``append(_:)`` returns.
///
/// What a crash left of a line without its end is no line: ``lines(of:)`` leaves it out, and opening cuts it off.
public final class LineFile {
  private let path: String
  private let descriptor: FileDescriptor
  private var count: Int

  /// Opens a file, making it where there is none.
  ///
  /// - Parameters:
  ///   - path: where it lies.
  ///   - kept: how many bytes of it stay; the whole lines of it are meant.
  public init(_ path: String, keeping kept: Int) throws {
    self.path = path
    count = kept
    do {
      descriptor = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
    } catch let error as Errno {
      throw FileError(path, cannot: "create", error)
    }
    guard ftruncate(descriptor.rawValue, off_t(kept)) == 0 else {
      let reason = Errno(rawValue: errno)
      try? descriptor.close()
      throw FileError(path, cannot: "set the length of", reason)
    }
  }

  deinit { try? descriptor.close() }

  /// The lines of a file, without their ends, and how many bytes they take.
  public static func lines(of path: String) throws -> (lines: [ArraySlice<UInt8>], count: Int) {
    let bytes = try FileReader.contents(of: path)
    let end = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return (bytes[..<end].split(separator: UInt8(ascii: "\n")), end)
  }

  /// Writes a line and its end, and makes both durable; no part of it stays where that fails.
  public func append(_ line: some Sequence<UInt8>) throws {
    let bytes = Array(line) + [UInt8(ascii: "\n")]
    do {
      try descriptor.writeAll(toAbsoluteOffset: Int64(count), bytes)
      guard fdatasync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
    } catch let error as Errno {
      ftruncate(descriptor.rawValue, off_t(count))
      throw FileError(path, cannot: "write", error)
    }
    count += bytes.count
  }
}
