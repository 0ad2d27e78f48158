import Glibc
import SystemPackage

/// A file that several processes may write at once, each its own parts, in any order.
///
/// Unlike with a ``FileWriter`` nothing is renamed: it belongs into a directory that gets its name when all is written.
/// Where the file system can, bytes go to the disk without a copy in the system's memory: that costs less of the
/// processor, which computes meanwhile, and leaves there what is read again and again.
public final class SharedFile {
  /// Where the file lies.
  public let path: String
  private let descriptor: FileDescriptor
  /// The same file without the system's copy; takes whole blocks only.
  private let direct: FileDescriptor?
  private let bounce: UnsafeMutableRawBufferPointer
  /// Bytes of a block, which suits all disks, and of what is written at once.
  private static let block = 4096
  private static let most = 4 << 20

  /// O_DIRECT, whose number is another on each processor; the C library hides it from Swift.
  private static var directly: FileDescriptor.OpenOptions? {
    #if arch(x86_64)
      .init(rawValue: 0o40000)
    #elseif arch(arm64)
      .init(rawValue: 0o200000)
    #else
      nil
    #endif
  }

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
    direct = Self.directly.flatMap {
      try? FileDescriptor.open(FilePath(path), .writeOnly, options: [$0, .closeOnExec])
    }
    bounce = .allocate(byteCount: direct == nil ? 0 : Self.most, alignment: Self.block)
  }

  deinit {
    bounce.deallocate()
    try? direct?.close()
    try? descriptor.close()
  }

  /// Gives the file its length.
  public func setLength(_ count: Int) throws {
    guard ftruncate(descriptor.rawValue, off_t(count)) == 0 else {
      throw FileError(path, cannot: "set the length of", Errno(rawValue: errno))
    }
  }

  /// Writes bytes at an offset.
  public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    // Whole blocks of the file are in the middle; others may write the rest of those at the ends.
    let begin = min((offset + Self.block - 1) / Self.block * Self.block - offset, bytes.count)
    let end = max((offset + bytes.count) / Self.block * Self.block - offset, begin)
    do {
      for lower in stride(from: begin, to: end, by: Self.most) {
        let part = UnsafeRawBufferPointer(rebasing: bytes[lower..<min(lower + Self.most, end)])
        if try !writeDirectly(part, at: offset + lower) {
          try descriptor.writeAll(toAbsoluteOffset: Int64(offset + lower), part)
        }
      }
      for edge in [0..<begin, end..<bytes.count] where !edge.isEmpty {
        try descriptor.writeAll(
          toAbsoluteOffset: Int64(offset + edge.lowerBound), UnsafeRawBufferPointer(rebasing: bytes[edge]))
      }
    } catch let error as Errno {
      throw FileError(path, cannot: "write", error)
    }
  }

  /// Writes whole blocks past the system's memory; false where that cannot be.
  private func writeDirectly(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws -> Bool {
    guard let direct, let address = bytes.baseAddress else { return false }
    var aligned = bytes
    if Int(bitPattern: address) % Self.block != 0 {
      bounce.copyMemory(from: bytes)
      aligned = UnsafeRawBufferPointer(rebasing: bounce[..<bytes.count])
    }
    do {
      return try direct.writeAll(toAbsoluteOffset: Int64(offset), aligned) == bytes.count
    } catch Errno.invalidArgument {
      return false
    }
  }

  /// Writes a whole small file.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    let file = try SharedFile(path)
    try bytes.withUnsafeBytes { try file.write($0, at: 0) }
    try file.sync()
  }

  /// Makes what this process has written durable.
  public func sync() throws {
    guard fdatasync(descriptor.rawValue) == 0 else { throw FileError(path, cannot: "sync", Errno(rawValue: errno)) }
  }
}
