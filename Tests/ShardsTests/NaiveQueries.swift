/// Queries searched for one by one, from the definition.
struct NaiveQueries {
  /// The queries between spaces, each once, in the order of their bytes.
  let texts: [[UInt8]]

  init(_ lines: [String]) {
    let spaced = lines.map { line -> [UInt8] in
      var bytes = Self.spaced(line)
      while bytes.first == 0x20 { bytes.removeFirst() }
      while bytes.last == 0x20 { bytes.removeLast() }
      return bytes.isEmpty ? [] : [0x20] + bytes + [0x20]
    }
    texts = Set(spaced.filter { !$0.isEmpty }).sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// The numbers of the queries that any of some captions holds.
  func found(in captions: [String]) -> [Int] {
    let spaced = captions.map { Self.spaced($0) }
    return texts.indices.filter { number in
      spaced.contains { caption in
        caption.indices.contains { caption[$0...].starts(with: texts[number]) }
      }
    }
  }

  private static func spaced(_ text: String) -> [UInt8] {
    let bytes = text.lowercased().utf8.flatMap { byte -> [UInt8] in
      if [0x09, 0x0A, 0x0D].contains(byte) { return [0x20] }
      return Array(",.;:?!`".utf8).contains(byte) ? [0x20, byte, 0x20] : [byte]
    }
    return [0x20] + bytes + [0x20]
  }
}
