import CZlib
import Files

/// The content of a gzip file of any number of members (RFC 1952), and zeros behind the last, as tapes and `dd` leave them.
final class GzipChunks: ByteChunks {
  private let path: String
  private var compressed: FileChunks
  private var input: [UInt8] = []
  private var consumed = 0
  private var stream = z_stream()
  private var isBetweenMembers = true
  /// Whether a member has ended.
  private var hasContent = false
  /// Whether zeros were met where another member might begin.
  private var isPadded = false

  /// Windows of any size, and gzip's frame around them.
  private static let windowBits: Int32 = 15 + 16

  init(_ file: FileReader) throws {
    path = file.path
    compressed = FileChunks(file)
    guard inflateInit2_(&stream, Self.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw FileError(file.path, "zlib found no memory for a stream")
    }
  }

  deinit { inflateEnd(&stream) }

  var fraction: Double { compressed.fraction }

  func next() throws -> [UInt8] {
    while true {
      if consumed == input.count {
        input = try compressed.next()
        consumed = 0
        if input.isEmpty {
          guard isBetweenMembers else {
            throw FileError(path, "ends inside a gzip member: it was cut short; fetch or make it again")
          }
          return []
        }
      }
      if try isPadding() {
        consumed = input.count
        continue
      }
      let chunk = try inflateSome()
      if !chunk.isEmpty { return chunk }
    }
  }

  /// Whether all that is at hand are zeros behind the last member.
  private func isPadding() throws -> Bool {
    let rest = input[consumed...]
    guard isPadded || isBetweenMembers && hasContent && rest.first == 0 else { return false }
    isPadded = true
    guard rest.allSatisfy({ $0 == 0 }) else {
      throw FileError(
        path, "continues after the zeros behind a gzip member: part of it was lost; fetch or make it again")
    }
    return true
  }

  private func inflateSome() throws -> [UInt8] {
    if isBetweenMembers {
      inflateReset(&stream)
      isBetweenMembers = false
    }
    return try [UInt8](unsafeUninitializedCapacity: 1 << 18) { buffer, count in
      let status = input.withUnsafeMutableBufferPointer { bytes in
        stream.next_in = bytes.baseAddress?.advanced(by: consumed)
        stream.avail_in = UInt32(bytes.count - consumed)
        stream.next_out = buffer.baseAddress
        stream.avail_out = UInt32(buffer.count)
        return inflate(&stream, Z_NO_FLUSH)
      }
      consumed = input.count - Int(stream.avail_in)
      count = buffer.count - Int(stream.avail_out)
      switch status {
      case Z_STREAM_END: (isBetweenMembers, hasContent) = (true, true)
      case Z_OK, Z_BUF_ERROR: break
      default:
        let reason = stream.msg.map { String(cString: $0) } ?? "error \(status)"
        throw FileError(path, "is not intact gzip: \(reason); fetch or make it again")
      }
    }
  }
}
