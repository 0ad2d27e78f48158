import Glibc
import SystemPackage

/// A file that exists under its name only when it is complete.
///
/// Bytes go to a temporary file beside it; ``commit()`` makes them durable and renames. A writer that is
/// dropped without a commit leaves nothing behind.
public final class FileWriter {
  /// The name the file gets when it is committed.
  public let path: String
  /// Bytes written so far.
  public private(set) var count = 0
  /// ``path``, or where it leads to.
  private let target: String
  private let temporary: String
  private let descriptor: FileDescriptor
  private var isOpen = true

  /// Starts writing `path` aside. Where that is a link, what it points to is replaced.
  ///
  /// - Throws: `FileError` where something else than a file lies there, such as a device, and where none can be made.
  public init(_ path: String) throws {
    guard !Directory.exists(path) || Directory.isFile(path) else {
      throw FileError(path, "is no file, and nothing but a file is replaced: name another")
    }
    self.path = path
    let target = Directory.exists(path) ? Directory.resolved(path) : path
    self.target = target
    temporary = "\(target).tmp-\(getpid())"
    do {
      descriptor = try FileDescriptor.open(
        FilePath(temporary), .writeOnly, options: [.create, .truncate, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
    } catch let error as Errno {
      throw FileError(path, cannot: "create", error)
    }
  }

  deinit {
    if isOpen {
      try? descriptor.close()
      unlink(temporary)
    }
  }

  /// Appends bytes.
  public func append(_ bytes: UnsafeRawBufferPointer) throws {
    do {
      try descriptor.writeAll(bytes)
      count += bytes.count
    } catch let error as Errno {
      throw FileError(path, cannot: "write", error)
    }
  }

  /// Appends bytes.
  public func append(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try append($0) }
  }

  /// Makes what was written durable and gives it its name.
  public func commit() throws {
    guard fsync(descriptor.rawValue) == 0 else { throw FileError(path, cannot: "sync", Errno(rawValue: errno)) }
    isOpen = false
    do {
      try descriptor.close()
    } catch let error as Errno {
      unlink(temporary)
      throw FileError(path, cannot: "close", error)
    }
    do {
      try Directory.rename(temporary, to: target)
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// Throws what ``init(_:)`` would, without leaving a trace: for whoever has hours of work before there is something to
  /// write.
  public static func check(_ path: String) throws { _ = try FileWriter(path) }

  /// Removes the files that writers left aside when their process was killed; call it when nothing else writes there.
  public static func removeLeftovers(in directory: String) throws {
    for name in try Directory.names(in: directory) where !Directory.isDirectory("\(directory)/\(name)") {
      let mark = name.split(separator: ".").last ?? ""
      guard mark.hasPrefix("tmp-"), Int(mark.dropFirst(4)) != nil else { continue }
      try Directory.remove("\(directory)/\(name)")
    }
  }

  /// Writes a whole small file.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    let file = try FileWriter(path)
    try file.append(bytes)
    try file.commit()
  }

  /// Writes a small file that must not be there yet, without making it durable: for one of many in a folder that gets
  /// its name when all are there.
  public static func writeOnce(_ bytes: [UInt8], to path: String) throws {
    do {
      let descriptor = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
      try descriptor.closeAfter { _ = try descriptor.writeAll(bytes) }
    } catch let error as Errno {
      throw FileError(path, cannot: "write", error)
    }
  }
}
