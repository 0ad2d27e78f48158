/// Reading numbers out of bytes whose lengths and offsets a damaged file may have made up: nil past the end.
extension Span where Element == UInt8 {
  func integer(at offset: Int, bytes count: Int, littleEndian: Bool = false) -> Int? {
    guard offset >= 0, offset <= self.count - count else { return nil }
    var value = 0
    for index in 0..<count {
      value = value << 8 | Int(self[offset + (littleEndian ? count - 1 - index : index)])
    }
    return value
  }

  func starts(with prefix: [UInt8], at offset: Int) -> Bool {
    guard offset >= 0, offset <= count - prefix.count else { return false }
    return prefix.indices.allSatisfy { self[offset + $0] == prefix[$0] }
  }
}
