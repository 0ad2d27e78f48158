import Files

/// What the header of a safetensors file says, checked.
///
/// The file is `u64 N, little-endian | N bytes of JSON | data`. The tensors' ranges must fill the data exactly: no
/// overlap, no hole, no byte left over (https://github.com/huggingface/safetensors, "Format").
struct SafetensorsHeader {
  struct Entry: Equatable {
    let name: String
    let type: StoredType
    let shape: [Int]
    /// Bytes, relative to the begin of the data.
    let range: Range<Int>
  }

  /// The tensors in the order of their bytes.
  let entries: [Entry]
  /// Free texts about the file.
  let metadata: [String: String]

  /// More than this the reference reader refuses too.
  static let mostBytes = 100_000_000

  /// - Parameters:
  ///   - bytes: the JSON.
  ///   - dataCount: how many bytes of data follow it.
  init(_ bytes: [UInt8], dataCount: Int) throws(HeaderScanner.Problem) {
    do {
      var scanner = HeaderScanner(bytes)
      guard bytes.first == UInt8(ascii: "{") else { throw scanner.problem("expected '{'") }
      var entries: [Entry] = []
      var metadata: [String: String] = [:]
      try scanner.object { scanner, name in
        if name == "__metadata__" {
          try scanner.object { scanner, key in metadata[key] = try scanner.string() }
        } else {
          entries.append(try Self.entry(name, &scanner))
        }
      }
      try scanner.finish()
      entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
      try Self.check(entries, fill: dataCount)
      self.entries = entries
      self.metadata = metadata
    } catch let problem as HeaderScanner.Problem {
      throw problem
    } catch {
      throw HeaderScanner.Problem(reason: "\(error)")
    }
  }

  private static func entry(_ name: String, _ scanner: inout HeaderScanner) throws -> Entry {
    var type: StoredType?
    var shape: [Int]?
    var offsets: [Int]?
    try scanner.object { scanner, key in
      switch key {
      case "dtype":
        let text = try scanner.string()
        guard let known = StoredType(rawValue: text) else {
          throw HeaderScanner.Problem(reason: "tensor \(name) has the unknown dtype \"\(text)\"")
        }
        type = known
      case "shape": shape = try scanner.numbers()
      case "data_offsets": offsets = try scanner.numbers()
      default: throw HeaderScanner.Problem(reason: "tensor \(name) has the unknown field \"\(key)\"")
      }
    }
    guard let type, let shape, let offsets else {
      throw HeaderScanner.Problem(reason: "tensor \(name) lacks one of dtype, shape and data_offsets")
    }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw HeaderScanner.Problem(reason: "tensor \(name) has data_offsets \(offsets), expected [begin, end]")
    }
    var byteCount: Int? = type.byteCount
    for size in shape {
      let (product, overflow) = (byteCount ?? 0).multipliedReportingOverflow(by: size)
      byteCount = overflow || byteCount == nil ? nil : product
    }
    guard byteCount == offsets[1] - offsets[0] else {
      let expected = byteCount.map { "\($0)" } ?? "more than 2^63"
      throw HeaderScanner.Problem(
        reason:
          "tensor \(name) has \(offsets[1] - offsets[0]) bytes, expected \(expected) for \(type.rawValue) \(shape)")
    }
    return Entry(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
  }

  private static func check(_ entries: [Entry], fill dataCount: Int) throws {
    var end = 0
    for entry in entries {
      guard entry.range.lowerBound == end else {
        let what = entry.range.lowerBound < end ? "overlaps the tensor before it" : "leaves a hole before it"
        throw HeaderScanner.Problem(
          reason: "tensor \(entry.name) \(what): it begins at byte \(entry.range.lowerBound), expected \(end)")
      }
      end = entry.range.upperBound
    }
    guard end == dataCount else {
      let what = end > dataCount ? "it was cut short" : "something was appended"
      throw HeaderScanner.Problem(reason: "the tensors fill \(end) bytes, found \(dataCount) bytes of data: \(what)")
    }
  }

  /// Reads the header of a file, whose problems are a `FileError`.
  ///
  /// - Parameters:
  ///   - path: the file, for errors.
  ///   - count: its length.
  ///   - first: its first so many bytes; never asked for more than there are.
  /// - Returns: the header, and where the data begin.
  static func read(
    of path: String, count: Int, first: (Int) throws -> [UInt8]
  ) throws -> (header: SafetensorsHeader, begin: Int) {
    guard count >= 8 else {
      throw FileError(path, "has \(count) bytes, expected a safetensors file: at least 8")
    }
    let length = try first(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= mostBytes, Int(length) <= count - 8 else {
      throw FileError(path, "is not a whole safetensors file: its header has \(length) bytes, the file \(count)")
    }
    let begin = 8 + Int(length)
    let bytes = Array(try first(begin).dropFirst(8))
    do throws(HeaderScanner.Problem) {
      return (try SafetensorsHeader(bytes, dataCount: count - begin), begin)
    } catch {
      throw FileError(path, "is not a valid safetensors file: \(error.reason)")
    }
  }
}
