/// Pickles spelled out, operation by operation.
enum Pickle {
  static func file(_ operations: [UInt8]...) -> [UInt8] { [0x80, 0x02] + operations.joined() + [0x2E] }

  static func text(_ text: String) -> [UInt8] {
    [0x58] + TorchArchive.bytes(UInt32(text.utf8.count)) + text.utf8
  }

  static func integer(_ integer: Int) -> [UInt8] { [0x8A, 8] + TorchArchive.bytes(integer) }

  static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }

  static func tuple(_ items: [UInt8]...) -> [UInt8] { [0x28] + items.joined() + [0x74] }

  static func tuple(_ integers: [Int]) -> [UInt8] { [0x28] + integers.flatMap { integer($0) } + [0x74] }

  static func dictionary(_ items: (key: String, value: [UInt8])...) -> [UInt8] {
    [0x7D, 0x28] + items.flatMap { text($0.key) + $0.value } + [0x75]
  }

  /// An object of a TorchScript class with these attributes.
  static func object(_ attributes: [UInt8]) -> [UInt8] {
    global("__torch__", "Part") + [0x29, 0x81] + attributes + [0x62]
  }

  static func put(_ number: UInt8) -> [UInt8] { [0x71, number] }
  static func get(_ number: UInt8) -> [UInt8] { [0x68, number] }

  static func storage(_ key: String = "0", type: String = "FloatStorage", count: Int) -> [UInt8] {
    tuple(text("storage"), global("torch", type), text(key), text("cpu"), integer(count)) + [0x51]
  }

  static func tensor(_ storage: [UInt8], offset: Int = 0, shape: [Int], strides: [Int]) -> [UInt8] {
    global("torch._utils", "_rebuild_tensor_v2")
      + tuple(storage, integer(offset), tuple(shape), tuple(strides), [0x89], [0x7D]) + [0x52]
  }
}
