/// What stands before the numbers of a `.npy` file, version 1.0
/// (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).
enum NumPyHeader {
  /// What such a file begins with.
  static let magic: [UInt8] = [0x93] + "NUMPY".utf8
  /// The numbers begin at a multiple of this, so that they can be mapped into memory.
  private static let alignment = 64

  /// Of single-precision numbers, little-endian, row by row.
  static func bytes(rows: Int, columns: Int) -> [UInt8] {
    var text = Array("{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(columns)), }".utf8)
    // The magic, two bytes of version, two of the text's length, and a line break that ends the text.
    let fixed = magic.count + 2 + 2 + 1
    text += [UInt8](repeating: UInt8(ascii: " "), count: (alignment - (fixed + text.count) % alignment) % alignment)
    text.append(UInt8(ascii: "\n"))
    return magic + [1, 0, UInt8(text.count & 0xFF), UInt8(text.count >> 8)] + text
  }
}
