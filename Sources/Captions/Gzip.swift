import CZlib
import Files

/// Files that may be gzipped.
enum Gzip {
  /// More than any vocabulary has; keeps a wrong file from filling the memory.
  private static let limit = 64 << 20

  /// The contents of a file, unpacked where it is gzipped.
  static func contents(of path: String) throws -> [UInt8] {
    // zlib says nothing of why it cannot open a file.
    _ = try FileReader(path)
    guard let file = gzopen(path, "rb") else { throw FileError(path, "cannot open: zlib gave no reason") }
    defer { gzclose(file) }
    var contents: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    while contents.count <= limit {
      let count = gzread(file, &buffer, UInt32(buffer.count))
      var code: Int32 = 0
      // A file cut short gives all it has, and says so only here.
      let reason = String(cString: gzerror(file, &code))
      guard count >= 0, code == Z_OK else { throw FileError(path, "is not a whole gzip file: \(reason)") }
      if count == 0 { return contents }
      contents += buffer[..<Int(count)]
    }
    throw FileError(path, "is more than \(limit >> 20) MiB unpacked, expected a vocabulary")
  }
}
