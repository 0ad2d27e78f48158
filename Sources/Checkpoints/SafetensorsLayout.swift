/// Where everything is in a safetensors file, byte for byte as the reference library of Python lays it out.
struct SafetensorsLayout: Sendable {
  /// The length of the JSON, the JSON, and spaces to a multiple of eight.
  let header: [UInt8]
  /// The tensors in the order of their bytes, and where those are in the file. There are no gaps.
  let tensors: [(description: TensorDescription, bytes: Range<Int>)]

  /// A name that two tensors have, which a file cannot hold.
  struct DuplicateName: Error {
    let name: String
  }

  /// - Parameters:
  ///   - descriptions: of the tensors, in any order.
  ///   - metadata: free texts about the file; Transformers refuses a file that does not say which library it is for.
  init(of descriptions: [TensorDescription], metadata: [String: String] = ["format": "pt"]) throws(DuplicateName) {
    let ordered = descriptions.sorted {
      $0.type.rank != $1.type.rank ? $0.type.rank > $1.type.rank : $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
    }
    var names: Set<String> = []
    for tensor in ordered where !names.insert(tensor.name).inserted { throw DuplicateName(name: tensor.name) }
    header = Self.header(of: ordered, metadata: metadata)
    var end = header.count
    tensors = ordered.map { description in
      defer { end += description.byteCount }
      return (description, end..<end + description.byteCount)
    }
  }

  /// The length of the whole file.
  var byteCount: Int { tensors.last?.bytes.upperBound ?? header.count }

  private static func header(of tensors: [TensorDescription], metadata: [String: String]) -> [UInt8] {
    let texts = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
    var members = metadata.isEmpty ? [] : ["\"__metadata__\":{\(texts.joined(separator: ","))}"]
    var begin = 0
    for tensor in tensors {
      let end = begin + tensor.byteCount
      let shape = tensor.shape.map { "\($0)" }.joined(separator: ",")
      members.append(
        "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(begin),\(end)]}")
      begin = end
    }
    var json = Array("{\(members.joined(separator: ","))}".utf8)
    json += [UInt8](repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
    return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
  }

  /// A text as JSON, escaped as the reference library escapes.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{8}": result += "\\b"
      case "\u{C}": result += "\\f"
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
