import Checkpoints
import Files
import Foundation
import Testing

/// Files that are damaged, or made to do harm: an error each, in bounded memory.
@Suite struct TorchFaultTests {
  let directory: String

  init() throws { directory = try Scratch.directory() }

  /// Writes a file that need not outlive a loss of power: there are many thousands.
  func write(_ bytes: [UInt8], to path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

  /// What is said of a file all of whose values are read; nil if nothing is wrong with it.
  func complaint(_ bytes: [UInt8]) throws -> String? {
    let path = "\(directory)/weights.pt"
    try write(bytes, to: path)
    do {
      for tensor in try TorchFile(path).tensors { _ = try tensor.values() }
      return nil
    } catch let error as FileError {
      return error.path == path ? error.reason : "the wrong file: \(error)"
    }
  }

  func complaint(
    pickle: [UInt8], storages: [String: [UInt8]] = ["0": [UInt8](repeating: 0, count: 24)], isTorchScript: Bool = false
  ) throws -> String? {
    try complaint(TorchArchive(pickle: pickle, storages: storages, isTorchScript: isTorchScript).bytes)
  }

  /// A state dict of one tensor of two by three numbers.
  let good = Pickle.file(
    Pickle.dictionary(("a", Pickle.tensor(Pickle.storage(count: 6), shape: [2, 3], strides: [3, 1]))))

  @Test func whatIsPutTogetherHereIsRead() throws {
    #expect(try complaint(pickle: good) == nil)
  }

  // MARK: Damage

  @Test func everyCutIsFound() throws {
    let whole = try FileReader.contents(of: Scratch.fixture("torch/views.pt"))
    for count in whole.indices {
      #expect(try complaint(Array(whole[..<count])) != nil, "cut to \(count) bytes")
    }
    #expect(try complaint(whole + [0])?.contains("something was appended") == true)
  }

  @Test(arguments: [UInt8(1), 0x80, 0xFF]) func everyChangedByteIsFoundOrChangesNothing(mask: UInt8) throws {
    let whole = try FileReader.contents(of: Scratch.fixture("torch/views.pt"))
    let path = "\(directory)/weights.pt"
    func read(_ path: String) throws -> [String: [Float]] {
      let tensors = try TorchFile(path).tensors.filter { $0.name != "counts" }
      return try Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, try $0.values()) })
    }
    let expected = try read(Scratch.fixture("torch/views.pt"))
    var found = 0
    for place in whole.indices {
      var bytes = whole
      bytes[place] ^= mask
      try write(bytes, to: path)
      do {
        #expect(try read(path) == expected, "byte \(place)")
      } catch is FileError {
        found += 1
      }
    }
    // The rest is padding, times, versions, and what names the writer.
    #expect(found > 1500, "\(found) of \(whole.count)")
  }

  @Test(arguments: ["views.pt", "protocol-5.pt", "openai.pt"])
  func aPickleThatWasMadeUpIsReadOrRefused(file: String) throws {
    var archive = try TorchArchive(contentsOf: Scratch.fixture("torch/\(file)"))
    // The code of TorchScript is compressed; nobody reads it.
    archive.entries.removeAll { $0.name.contains("/code/") }
    let index = try #require(archive.entries.firstIndex { $0.name.hasSuffix("/data.pkl") })
    let pickle = archive.entries[index].bytes
    #expect(try complaint(archive.bytes) == nil || file == "views.pt")
    var refused = 0
    for (place, mask) in pickle.indices.flatMap({ place in [UInt8(1), 0x20, 0xFF].map { (place, $0) } })
    where pickle.count < 2000 || place % 7 == 0 {
      archive.entries[index].bytes[place] ^= mask
      // Its check sum is right: what matters is that it ends, and well.
      if try complaint(archive.bytes) != nil { refused += 1 }
      archive.entries[index].bytes[place] = pickle[place]
    }
    #expect(refused > 100)
  }

  // MARK: Names

  @Test(arguments: [
    ("os", "system"), ("posix", "system"), ("builtins", "eval"), ("__builtin__", "exec"), ("builtins", "getattr"),
    ("subprocess", "Popen"), ("torch", "load"), ("torch.hub", "load"), ("torch._utils", "_rebuild_tensor"),
    ("torch", "FloatStorage.from_file"), ("numpy.core.multiarray", "_reconstruct"), ("collections", "OrderedDict.x"),
    ("__torch__", "Part"), ("", ""), ("argparse", "Namespace"),
  ])
  func everyOtherNameIsRefused(module: String, name: String) throws {
    let asked = "it asks for \(module).\(name): refused; expected tensors only"
    let call = Pickle.tuple(Pickle.text("true")) + [0x52]
    let ways = [
      Pickle.global(module, name) + call,
      Pickle.text(module) + Pickle.text(name) + [0x93] + call,
      [0x28] + Pickle.text("true") + Array("i\(module)\n\(name)\n".utf8),
      Pickle.global(module, name) + [0x29, 0x81],
    ]
    for way in ways {
      #expect(try complaint(pickle: Pickle.file(Pickle.dictionary(("a", way))))?.contains(asked) == true)
    }
  }

  @Test func namesThatAreKnownDoOnlyWhatTheyAreFor() throws {
    let dictionary = Pickle.global("collections", "OrderedDict")
    let cases: [(operations: [UInt8], complaint: String)] = [
      (dictionary + Pickle.tuple(Pickle.text("x")) + [0x52], "it calls collections.OrderedDict with 1 arguments"),
      (dictionary + [0x29, 0x81], "it makes an object of collections.OrderedDict: refused"),
      (Pickle.global("torch", "FloatStorage") + Pickle.tuple([1 << 40]) + [0x52], "it calls torch.FloatStorage"),
      (Pickle.text("eval") + [0x29, 0x52], "it calls a text: refused"),
      (Pickle.integer(1) + [0x29, 0x81], "it makes an object of an integer: refused"),
      (Pickle.text("x") + Pickle.dictionary() + [0x62], "it changes a text: refused"),
      (Pickle.text("storage") + [0x51], "it has a text for a storage, expected a tuple"),
      (Pickle.tuple(Pickle.text("module"), [0x4E, 0x4E, 0x4E, 0x4E]) + [0x51], "it names a storage as none is named"),
      (Pickle.storage(count: -1), "it names a storage as none is named"),
      (Array("P0\n".utf8), "it has the operation 0x50, which tensors do not need: refused"),
      ([0x82, 1], "it has the operation 0x82"),
    ]
    for (operations, expected) in cases {
      let complaint = try complaint(pickle: Pickle.file(Pickle.dictionary(("a", operations))))
      #expect(complaint?.contains(expected) == true, "\(complaint ?? "accepted"), expected \(expected)")
    }
  }

  // MARK: The machine

  @Test func everyOperationAloneIsRefused() throws {
    for operation in UInt8.min...UInt8.max {
      for rest in [[], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [UInt8](repeating: 0, count: 40)] {
        #expect(try complaint(pickle: [0x80, 2, operation] + rest + [0x2E]) != nil)
        #expect(try complaint(pickle: [0x80, 2, 0x28, operation] + rest + [0x2E]) != nil)
        #expect(try complaint(pickle: [0x80, 2, 0x5D, operation] + rest + [0x2E]) != nil)
      }
    }
  }

  @Test func whatHoldsItselfEnds() throws {
    // A list in itself, beside a tensor, harms nobody.
    let tensor = Pickle.tensor(Pickle.storage(count: 6), shape: [6], strides: [1])
    let list = [0x5D] + Pickle.put(9) + Pickle.get(9) + [0x61]
    #expect(try complaint(pickle: Pickle.file(Pickle.dictionary(("a", tensor), ("b", list)))) == nil)
    let state = [0x7D] + Pickle.put(9) + Pickle.text("state_dict") + Pickle.get(9) + [0x73]
    #expect(try complaint(pickle: Pickle.file(state))?.contains("it has no tensors by name") == true)
    // A module in itself.
    let module =
      Pickle.global("__torch__", "Part") + [0x29, 0x81] + Pickle.put(9)
      + Pickle.dictionary(("a", Pickle.get(9))) + [0x62]
    #expect(
      try complaint(pickle: Pickle.file(module), isTorchScript: true)?.contains("nest deeper than 32 levels") == true)
    // Modules that hold the next one twice.
    var shared = Pickle.object(Pickle.dictionary(("t", tensor)))
    for number in UInt8(0)..<28 {
      shared += Pickle.put(number) + Array("0".utf8)
      shared += Pickle.object(Pickle.dictionary(("x", Pickle.get(number)), ("y", Pickle.get(number))))
    }
    #expect(
      try complaint(pickle: Pickle.file(shared), isTorchScript: true)?.contains("are shared so often") == true)
  }

  @Test func lookingForTensorsEnds() throws {
    // A large dictionary without names, in as many objects as there are.
    let numbers: [UInt8] =
      [0x7D, 0x28] + [[UInt8]](repeating: [0x4B, 1, 0x4E], count: 100_000).flatMap(\.self) + [0x75]
    let large = Pickle.global("__torch__", "Part") + [0x29, 0x81] + numbers + [0x62] + Pickle.put(0) + [0x30]
    let members = (0..<100_000).flatMap { [0x8C, 6] + Array("\(100_000 + $0)".utf8) + Pickle.get(0) }
    let root: [UInt8] = Pickle.global("__torch__", "Part") + [0x29, 0x81, 0x7D, 0x28] + members + [0x75, 0x62]
    #expect(
      try complaint(pickle: Pickle.file(large, root), isTorchScript: true)?.contains("are shared so often") == true)
    let name = String(repeating: "a", count: 2000)
    #expect(
      try complaint(pickle: Pickle.file(Pickle.dictionary((name, [0x4E]))))?.contains("a name of more than 1000 b")
        == true)
  }

  @Test func nestingDeeplyTakesNoStack() throws {
    let deep = 1_000_000
    for (open, close) in [(UInt8(0x28), UInt8(0x74)), (0x29, 0x85), (0x5D, 0x61)] {
      let value = [UInt8](repeating: open, count: deep) + [UInt8](repeating: close, count: deep - 1)
      let list = open == 0x29 ? [open] + [UInt8](repeating: close, count: deep) : value
      #expect(try complaint(pickle: Pickle.file(list)) != nil)
    }
    // Modules in modules: all are opened, then all are given their attributes.
    let open: [UInt8] = Pickle.global("__torch__", "Part") + [0x29, 0x81, 0x7D] + Pickle.text("a")
    let opened = [[UInt8]](repeating: open, count: 10_000).flatMap(\.self)
    let closed = [[UInt8]](repeating: [0x73, 0x62], count: 9999).flatMap(\.self)
    let modules = Pickle.file(opened, Pickle.integer(1), [0x73, 0x62], closed)
    #expect(try complaint(pickle: modules, isTorchScript: true)?.contains("nest deeper than 32 levels") == true)
    // More operations than any model needs.
    let many = [UInt8](repeating: 0x4E, count: 5_000_000)
    #expect(try complaint(pickle: Pickle.file(many))?.contains("more than 4194304 operations") == true)
  }

  // MARK: Tensors

  @Test(arguments: [
    (0, [2, 3], [-3, 1]), (-1, [2, 3], [3, 1]), (1, [2, 3], [3, 1]), (7, [0], [1]), (0, [-2, 3], [3, 1]),
    (0, [7], [1]), (0, [2, 3], [4, 1]), (0, [1 << 62, 4], [0, 0]), (0, [7], [0]), (.max, [1], [1]),
    (0, [2, 2], [.max, .max]), (0, [.max, .max, .max], [1, 1, 1]), (.max - 5, [6], [1]), (0, [2, 3], [3]),
    (0, [Int](repeating: 1, count: 65), [Int](repeating: 1, count: 65)), (.min, [2], [.max]),
  ])
  func tensorsThatDoNotLieInTheirStoragesAreRefused(offset: Int, shape: [Int], strides: [Int]) throws {
    let tensor = Pickle.tensor(Pickle.storage(count: 6), offset: offset, shape: shape, strides: strides)
    let complaint = try complaint(pickle: Pickle.file(Pickle.dictionary(("a", tensor))))
    #expect(complaint?.contains("it has a tensor of shape") == true, "\(complaint ?? "accepted")")
  }

  @Test func storagesWithoutATypeGetOne() throws {
    let untyped = Pickle.tuple(
      Pickle.text("storage"), Pickle.global("torch.storage", "UntypedStorage"), Pickle.text("0"), Pickle.text("cpu"),
      Pickle.integer(24))
    func complaint(_ type: String, shape: [Int]) throws -> String? {
      let tensor =
        Pickle.global("torch._utils", "_rebuild_tensor_v3")
        + Pickle.tuple(
          untyped + [0x51], Pickle.integer(0), Pickle.tuple(shape), Pickle.tuple([1]), [0x89], [0x7D],
          Pickle.global("torch", type)) + [0x52]
      return try self.complaint(pickle: Pickle.file(Pickle.dictionary(("a", tensor))))
    }
    #expect(try complaint("float32", shape: [6]) == nil && complaint("bfloat16", shape: [12]) == nil)
    #expect(try complaint("float32", shape: [7])?.contains("does not fit its storage of 6 numbers") == true)
    #expect(try complaint("float8_e4m3fn", shape: [1])?.contains("it asks for torch.float8_e4m3fn: refused") == true)
    #expect(try complaint("FloatStorage", shape: [1])?.contains("expected a type") == true)
  }

  @Test func storagesAreWhatTheArchiveHas() throws {
    func complaint(_ storage: [UInt8]) throws -> String? {
      let tensor = Pickle.tensor(storage, shape: [1], strides: [1])
      return try self.complaint(pickle: Pickle.file(Pickle.dictionary(("a", tensor))))
    }
    #expect(try complaint(Pickle.storage(count: 6)) == nil)
    #expect(try complaint(Pickle.storage(count: 7))?.contains("has 24 bytes, expected 7 numbers of 4 bytes") == true)
    #expect(
      try complaint(Pickle.storage(count: 1 << 60))?.contains("has 24 bytes, expected 1152921504606846976") == true)
    #expect(
      try complaint(Pickle.storage("1", count: 6))?.contains("it has no entry a/data/1, where the values") == true)
    #expect(try complaint(Pickle.storage("../data.pkl", count: 6))?.contains("it has no entry") == true)
    #expect(try complaint(Pickle.storage(type: "LongStorage", count: 3))?.contains("tensor a holds I64") == true)
    #expect(try complaint(Pickle.storage(type: "QInt8Storage", count: 3))?.contains("torch.QInt8Storage: ref") == true)
  }
}
