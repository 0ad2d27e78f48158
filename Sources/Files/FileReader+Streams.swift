import Glibc
import SystemPackage

extension FileReader {
  /// The whole of a file, or of what a pipe, a socket or a terminal gives until its end.
  ///
  /// - Parameter path: the file; `-` is the standard input.
  public static func stream(of path: String) throws -> [UInt8] {
    let isInput = path == "-"
    var status = stat()
    guard (isInput ? fstat(STDIN_FILENO, &status) : stat(path, &status)) == 0 else {
      throw FileError(path, cannot: "open", Errno(rawValue: errno))
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG where !isInput: return try contents(of: path)
    case S_IFREG, S_IFIFO, S_IFSOCK: break
    case S_IFCHR where isInput && isatty(STDIN_FILENO) == 1: break
    default: throw FileError(path, "is neither a regular file nor a pipe")
    }
    do {
      let descriptor =
        isInput
        ? FileDescriptor.standardInput : try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec])
      defer { if !isInput { try? descriptor.close() } }
      return try rest(of: descriptor)
    } catch let error as Errno {
      throw FileError(path, cannot: "read", error)
    }
  }

  private static func rest(of descriptor: FileDescriptor) throws -> [UInt8] {
    var bytes: [UInt8] = []
    let piece = 1 << 16
    while true {
      let part = try [UInt8](unsafeUninitializedCapacity: piece) { buffer, initialized in
        initialized = try descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
      }
      guard !part.isEmpty else { return bytes }
      bytes += part
    }
  }
}
