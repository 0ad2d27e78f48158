/// Reads the fields of one JSON object strictly: a key nobody asked for, and a value of the wrong kind, are errors
/// that name the field.
package struct ConfigurationReader {
  private let path: String
  private let members: [String: JSONValue]
  private var asked: Set<String> = []

  /// - Parameters:
  ///   - value: what must be an object.
  ///   - path: the keys that lead to it; empty for the outermost object.
  package init(_ value: JSONValue, at path: String) throws {
    guard case .object(let members) = value else {
      throw ConfigurationError(path.isEmpty ? "configuration" : path, "found \(value), expected an object")
    }
    self.members = members
    self.path = path
  }

  /// The path of one of this object's fields.
  package func field(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// The value at a key, if there is one and it is not null.
  package mutating func value(_ key: String) -> JSONValue? {
    asked.insert(key)
    let value = members[key]
    return value == .null ? nil : value
  }

  /// A whole number of at least 1; the default where the key is absent.
  package mutating func count(_ key: String, default absent: Int? = nil) throws -> Int {
    guard let value = value(key) else {
      guard let absent else { throw ConfigurationError(field(key), "is missing, expected a whole number") }
      return absent
    }
    return try Self.count(value, field: field(key))
  }

  /// A whole number of at least 1. The upper bound keeps products of several such numbers inside 64 bits.
  package static func count(_ value: JSONValue, field: String) throws -> Int {
    guard case .number(let number) = value, let count = Int(exactly: number), (1...1 << 20).contains(count) else {
      throw ConfigurationError(field, "found \(value), expected a whole number from 1 to \(1 << 20)")
    }
    return count
  }

  /// A list of whole numbers of at least 1, if it is a list.
  package mutating func counts(_ key: String, count: Int) throws -> [Int]? {
    guard case .array(let values) = value(key) else { return nil }
    guard values.count == count else {
      throw ConfigurationError(field(key), "found \(JSONValue.array(values)), expected \(count) numbers")
    }
    return try values.map { try Self.count($0, field: field(key)) }
  }

  /// A finite number greater than zero; the default where the key is absent.
  package mutating func positive(_ key: String, default absent: Double) throws -> Double {
    guard let value = value(key) else { return absent }
    guard case .number(let number) = value, number > 0, number.isFinite else {
      throw ConfigurationError(field(key), "found \(value), expected a number greater than 0")
    }
    return number
  }

  /// Checks that an MLP of `width * ratio` channels can be.
  package static func checkMLP(width: Int, ratio: Double, at path: String) throws {
    let channels = Double(width) * ratio
    guard channels >= 1, channels <= 0x1p24 else {
      throw ConfigurationError(
        "\(path).mlp_ratio", "\(ratio) makes an MLP of \(channels) channels, expected 1 to \(1 << 24)")
    }
  }

  /// True or false; false where the key is absent.
  package mutating func flag(_ key: String) throws -> Bool {
    guard let value = value(key) else { return false }
    guard case .boolean(let flag) = value else {
      throw ConfigurationError(field(key), "found \(value), expected true or false")
    }
    return flag
  }

  /// A text, if there is one.
  package mutating func text(_ key: String) throws -> String? {
    guard let value = value(key) else { return nil }
    guard case .string(let text) = value else {
      throw ConfigurationError(field(key), "found \(value), expected a text")
    }
    return text
  }

  /// A height and a width: one number for both, or a list of two.
  package mutating func pair(_ key: String, default absent: Int) throws -> (Int, Int) {
    guard case .array(let sides) = value(key) else {
      let side = try count(key, default: absent)
      return (side, side)
    }
    guard sides.count == 2 else {
      throw ConfigurationError(
        field(key), "found \(JSONValue.array(sides)), expected one number or [height, width]")
    }
    return (try Self.count(sides[0], field: field(key)), try Self.count(sides[1], field: field(key)))
  }

  /// Accepts a key at the values that leave the computation as it is, and refuses every other.
  ///
  /// Null and an absent key are always accepted.
  package mutating func accept(_ key: String, only harmless: JSONValue...) throws {
    guard let value = value(key), !harmless.contains(value) else { return }
    let choices = (harmless + [.null]).map(\.description).joined(separator: " or ")
    throw ConfigurationError(field(key), "\(value) is not supported, only \(choices)")
  }

  /// Accepts keys whatever their values, because nothing reads them.
  package mutating func ignore(_ keys: String...) {
    asked.formUnion(keys)
  }

  /// Accepts open_clip's switches for residual blocks that are not the plain one, as long as all are off.
  package mutating func acceptPlainBlocks() throws {
    try accept("block_type", only: .string("default"), .string("custom"))
    for key in ["qk_norm", "scaled_cosine_attn", "scale_heads", "scale_attn_inner", "scale_attn", "scale_fc"] {
      try accept(key, only: .boolean(false))
    }
    try accept("output_tokens", only: .boolean(false))
    try accept("act_kwargs", only: .object([:]))
    try accept("norm_kwargs", only: .object([:]), .object(["eps": .number(1e-5)]))
  }

  /// Ends the reading: a key nobody asked for is an error.
  package func finish() throws {
    guard let unknown = members.keys.filter({ !asked.contains($0) }).min() else { return }
    throw ConfigurationError(
      field(unknown), "is not a known key; known are \(asked.sorted().joined(separator: ", "))")
  }
}
