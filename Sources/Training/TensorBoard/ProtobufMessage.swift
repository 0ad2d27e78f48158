/// A message in protocol buffers' wire format, as far as events have fields: each is its number and kind, then its value.
struct ProtobufMessage {
  private(set) var bytes: [UInt8] = []

  /// Appends a `double`.
  mutating func append(_ value: Double, as field: Int) {
    append(tag: field, kind: 1)
    append(littleEndian: value.bitPattern)
  }

  /// Appends a `float`.
  mutating func append(_ value: Float, as field: Int) {
    append(tag: field, kind: 5)
    append(littleEndian: value.bitPattern)
  }

  /// Appends an `int64`, or the number of an enumeration's case.
  mutating func append(_ value: Int, as field: Int) {
    append(tag: field, kind: 0)
    append(variable: UInt64(bitPattern: Int64(value)))
  }

  /// Appends a `string`.
  mutating func append(_ value: String, as field: Int) {
    append(Array(value.utf8), as: field)
  }

  /// Appends a message within this one.
  mutating func append(_ value: ProtobufMessage, as field: Int) {
    append(value.bytes, as: field)
  }

  private mutating func append(_ value: [UInt8], as field: Int) {
    append(tag: field, kind: 2)
    append(variable: UInt64(value.count))
    bytes += value
  }

  private mutating func append(tag field: Int, kind: Int) { append(variable: UInt64(field << 3 | kind)) }

  /// Seven bits a byte, the lowest first; the eighth says that more follow.
  private mutating func append(variable value: UInt64) {
    var rest = value
    while rest > 0x7F {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private mutating func append(littleEndian value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
  }
}
