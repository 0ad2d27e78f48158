import CImageKernels

/// A JPEG file of the usual kind: baseline, Y, Cb and Cr in one scan.
///
/// What is said here before the pixels is exactly what libjpeg makes of such a file; any other is nil, and the library's.
package struct BaselineJPEG {
  /// Columns and rows.
  package let size: PictureSize
  private var frame = CJPEG_Frame()
  /// Of each component, row by row.
  private var steps: [Int16] = []
  /// Where the scan begins.
  private let scan: Int

  /// What is kept from one file to the next.
  package final class Workspace {
    fileprivate let tables: OpaquePointer
    fileprivate let bytes = Scratch()
    fileprivate let planes = Scratch()
    fileprivate var ends: [Int] = []

    /// Nil where there is no memory.
    package init?() {
      guard let tables = CJPEG_makeTables() else { return nil }
      self.tables = tables
    }

    deinit { CJPEG_freeTables(tables) }
  }

  /// A component, as a file describes it.
  private struct Component {
    let name: Int
    let sampling: Int
    let quantization: Int
  }

  /// Reads what comes before the pixels, and sets the workspace's tables.
  package init?(_ bytes: Span<UInt8>, _ workspace: Workspace) {
    var quantization = [[Int16]?](repeating: nil, count: 4)
    var components: [Component] = []
    var size: PictureSize?
    var tables = TablesSet()
    var colors = Colors()
    var scan: Segment?
    for segment in Segment.ofJPEG(bytes) {
      let content = bytes.extracting(segment.content)
      switch segment.label {
      case 0xDB: guard Self.readSteps(content, into: &quantization) else { return nil }
      case 0xC4: guard tables.read(content, into: workspace.tables) else { return nil }
      case 0xC0, 0xC1:
        guard size == nil, content.count == 15, content[0] == 8, content[5] == 3 else { return nil }
        size = PictureSize(
          width: content.integer(at: 3, bytes: 2) ?? 0, height: content.integer(at: 1, bytes: 2) ?? 0)
        components = (0..<3).map {
          Component(
            name: Int(content[6 + 3 * $0]), sampling: Int(content[7 + 3 * $0]), quantization: Int(content[8 + 3 * $0]))
        }
      case 0xDD:
        guard content.count == 2, let interval = content.integer(at: 0, bytes: 2) else { return nil }
        frame.restartInterval = Int32(interval)
      case 0xDA: scan = segment
      case 0xE0...0xEF, 0xFE: colors.look(at: content, label: segment.label)
      default: return nil
      }
    }
    guard let size, let scan, colors.areYCbCr(named: components.map(\.name)),
      let steps = Self.steps(of: components, quantization)
    else { return nil }
    self.size = size
    self.steps = steps
    self.scan = scan.content.upperBound
    (frame.width, frame.height) = (Int32(size.width), Int32(size.height))
    (frame.across, frame.down) = (Int32(components[0].sampling >> 4), Int32(components[0].sampling & 15))
    let isUsual =
      [0x11, 0x21, 0x22].contains(components[0].sampling) && components[1...].allSatisfy { $0.sampling == 0x11 }
    // Where chroma is two samples wide or less, libjpeg takes another way.
    guard isUsual, size.width > 4, size.height > 0,
      selectTables(bytes.extracting(scan.content), components, tables)
    else { return nil }
  }

  /// The order of the coefficients in a file.
  private static let zigzag = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
  ]

  /// Reads tables of quantization with 8 bits.
  private static func readSteps(_ content: Span<UInt8>, into tables: inout [[Int16]?]) -> Bool {
    guard content.count % 65 == 0 else { return false }
    for start in stride(from: 0, to: content.count, by: 65) {
      guard content[start] < 4 else { return false }
      var steps = [Int16](repeating: 0, count: 64)
      for place in 0..<64 { steps[zigzag[place]] = Int16(content[start + 1 + place]) }
      tables[Int(content[start])] = steps
    }
    return true
  }

  private static func steps(of components: [Component], _ tables: [[Int16]?]) -> [Int16]? {
    var steps: [Int16] = []
    for component in components {
      guard component.quantization < 4, let table = tables[component.quantization] else { return nil }
      steps += table
    }
    return steps
  }

  /// Reads which tables the scan uses: those the file has set, not the ones of the file before.
  private mutating func selectTables(_ content: Span<UInt8>, _ components: [Component], _ tables: TablesSet) -> Bool {
    guard content.count == 10, content[0] == 3, content[7] == 0, content[8] == 63, content[9] == 0 else {
      return false
    }
    var numbers: [(dc: Int, ac: Int)] = []
    for (index, component) in components.enumerated() {
      let pair = Int(content[2 + 2 * index])
      guard Int(content[1 + 2 * index]) == component.name, tables.dc.contains(pair >> 4), tables.ac.contains(pair & 15)
      else { return false }
      numbers.append((pair >> 4, pair & 15))
    }
    frame.dc = (Int32(numbers[0].dc), Int32(numbers[1].dc), Int32(numbers[2].dc))
    frame.ac = (Int32(numbers[0].ac), Int32(numbers[1].ac), Int32(numbers[2].ac))
    return true
  }

  /// Decodes a part of the picture.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - into: room for the part's pixels, row by row without gaps.
  /// - Returns: whether there was nothing wrong; if there was, the library knows what.
  package func decode(
    _ bytes: Span<UInt8>, _ part: Region, into pixels: UnsafeMutablePointer<UInt8>, _ workspace: Workspace
  ) -> Bool {
    let groups = ((size.width + 7) / 8 + 1) * ((size.height + 7) / 8 + 1)
    let most = frame.restartInterval > 0 ? groups / Int(frame.restartInterval) + 2 : 1
    if workspace.ends.count < most { workspace.ends = [Int](repeating: 0, count: most) }
    return withUnsafePointer(to: frame) { frame in
      let stuffed = bytes.extracting(scan..<bytes.count)
      let plain = workspace.bytes.bytes(stuffed.count + CJPEG_padding)
      let planes = workspace.planes.bytes(CJPEG_scratch(frame))
      let parts = stuffed.withUnsafeBufferPointer {
        CJPEG_unstuff(
          $0.baseAddress, $0.count, frame.pointee.restartInterval > 0 ? 1 : 0, plain, &workspace.ends, most)
      }
      guard parts > 0 else { return false }
      return CJPEG_decode(
        workspace.tables, frame, steps, plain, workspace.ends, parts, Int32(part.columns.lowerBound),
        Int32(part.columns.upperBound), Int32(part.rows.lowerBound), Int32(part.rows.upperBound), pixels,
        planes) != 0
    }
  }
}

extension BaselineJPEG {
  /// The Huffman tables a file has set.
  private struct TablesSet {
    private(set) var dc: Set<Int> = []
    private(set) var ac: Set<Int> = []

    /// Reads tables: class and number, how many codes there are of each length, their symbols.
    mutating func read(_ content: Span<UInt8>, into tables: OpaquePointer) -> Bool {
      var position = 0
      while position < content.count {
        guard position + 17 <= content.count else { return false }
        let label = Int(content[position])
        let symbols = (1...16).reduce(0) { $0 + Int(content[position + $1]) }
        let end = position + 17 + symbols
        guard label & 0xEF < 4, end <= content.count else { return false }
        let isRight = content.extracting(position + 1..<end).withUnsafeBufferPointer { bytes in
          bytes.baseAddress.map { CJPEG_setTable(tables, label < 16 ? 1 : 0, CInt(label & 15), $0, $0 + 16) } ?? 0
        }
        guard isRight != 0 else { return false }
        if label < 16 { dc.insert(label) } else { ac.insert(label & 15) }
        position = end
      }
      return true
    }
  }

  /// What a file says about its colors, as libjpeg understands it.
  private struct Colors {
    private var isJFIF = false
    private var adobeTransform: UInt8?

    mutating func look(at content: Span<UInt8>, label: Int) {
      if label == 0xE0, content.count >= 14, content.starts(with: Array("JFIF\0".utf8), at: 0) { isJFIF = true }
      if label == 0xEE, content.count >= 12, content.starts(with: Array("Adobe".utf8), at: 0) {
        adobeTransform = content[11]
      }
    }

    /// Whether three components are Y, Cb and Cr beyond doubt.
    func areYCbCr(named names: [Int]) -> Bool {
      isJFIF || adobeTransform.map { $0 == 1 } ?? (names == [1, 2, 3])
    }
  }
}
