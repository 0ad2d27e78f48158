/// Reads the JSON of a safetensors header, token by token, and nothing more general.
///
/// A general JSON reader would let duplicate keys pass and nest as deep as a file asks it to. This one goes one level
/// at a time, where its caller expects one, and its memory is bounded by the header's own bytes.
struct HeaderScanner {
  /// What is wrong, and at which byte of the header.
  struct Problem: Error {
    let reason: String
  }

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  func problem(_ reason: String) -> Problem { Problem(reason: "header byte \(position): \(reason)") }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
  }

  private func describe(_ byte: UInt8?) -> String {
    guard let byte else { return "the end" }
    return (0x20..<0x7F).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
  }

  private mutating func expect(_ character: Unicode.Scalar) throws {
    skipSpace()
    guard next == UInt8(ascii: character) else {
      throw problem("found \(describe(next)), expected '\(character)'")
    }
    position += 1
  }

  /// Whether the next token is `character`, which is then consumed.
  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  /// Reads an object; `member` reads each value. A key that comes twice is a problem.
  mutating func object(_ member: (inout HeaderScanner, String) throws -> Void) throws {
    try expect("{")
    var keys: Set<String> = []
    if take("}") { return }
    repeat {
      let key = try string()
      guard keys.insert(key).inserted else { throw problem("\"\(key)\" occurs twice") }
      try expect(":")
      try member(&self, key)
    } while take(",")
    try expect("}")
  }

  /// Reads a list of whole numbers from 0 to 2^63 - 1.
  mutating func numbers() throws -> [Int] {
    try expect("[")
    var numbers: [Int] = []
    if take("]") { return numbers }
    repeat { numbers.append(try number()) } while take(",")
    try expect("]")
    return numbers
  }

  private mutating func number() throws -> Int {
    skipSpace()
    let start = position
    var value = 0
    while let byte = next, (0x30...0x39).contains(byte) {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflowToo) = tens.addingReportingOverflow(Int(byte - 0x30))
      guard !overflow, !overflowToo else { throw problem("the number is larger than 2^63 - 1") }
      value = sum
      position += 1
    }
    guard position > start, position == start + 1 || bytes[start] != 0x30 else {
      throw problem("found \(describe(next)), expected a whole number")
    }
    return value
  }

  /// Reads a text.
  mutating func string() throws -> String {
    try expect("\"")
    var text: [UInt8] = []
    while let byte = next, byte != 0x22 {
      guard byte >= 0x20 else { throw problem("found \(describe(byte)) inside a text") }
      position += 1
      if byte == 0x5C {
        text += try escape().utf8
      } else {
        text.append(byte)
      }
    }
    try expect("\"")
    guard let string = String(validating: text, as: UTF8.self) else { throw problem("the text is not UTF-8") }
    return string
  }

  private mutating func escape() throws -> String {
    let escapes: [UInt8: String] = [
      0x22: "\"", 0x5C: "\\", 0x2F: "/", 0x62: "\u{8}", 0x66: "\u{C}", 0x6E: "\n", 0x72: "\r", 0x74: "\t",
    ]
    guard let byte = next else { throw problem("found the end inside a text") }
    position += 1
    if let plain = escapes[byte] { return plain }
    guard byte == 0x75 else { throw problem("found \(describe(byte)) after a backslash") }
    let high = try codeUnit()
    var units = [high]
    if (0xD800..<0xDC00).contains(high) {
      guard next == 0x5C, position + 1 < bytes.count, bytes[position + 1] == 0x75 else {
        throw problem("half of a surrogate pair")
      }
      position += 2
      units.append(try codeUnit())
    }
    guard let text = String(validating: units, as: UTF16.self) else { throw problem("half of a surrogate pair") }
    return text
  }

  private mutating func codeUnit() throws -> UInt16 {
    guard position + 4 <= bytes.count else { throw problem("found the end inside a text") }
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue, bytes[position] < 0x80 else {
        throw problem("found \(describe(next)), expected four hexadecimal digits")
      }
      unit = unit << 4 | UInt16(digit)
      position += 1
    }
    return unit
  }

  /// Ends the reading: only the padding may follow.
  mutating func finish() throws {
    skipSpace()
    guard next == nil else { throw problem("found \(describe(next)), expected the end") }
  }
}
