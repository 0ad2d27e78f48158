extension String {
  /// A name as a file system or an archive holds it: UTF-8.
  ///
  /// Of a name that is none each byte beyond ASCII becomes U+FFFD and its two hexadecimal digits, so that different names
  /// stay different; such a text opens no file.
  public init(nameOf bytes: some Collection<UInt8>) {
    if let valid = String(validating: bytes, as: UTF8.self) {
      self = valid
      return
    }
    self = bytes.reduce(into: "") { name, byte in
      name += byte < 0x80 ? String(UnicodeScalar(byte)) : "\u{FFFD}" + String(byte, radix: 16, uppercase: true)
    }
  }

  /// Whether ``init(nameOf:)`` made it of bytes that are no UTF-8, or might have.
  public var isNameOfOtherBytes: Bool { unicodeScalars.contains("\u{FFFD}") }
}
