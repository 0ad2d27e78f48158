/// Reads a pickle of tensors: Python's stack machine without what makes it dangerous.
///
/// The machine knows no classes and calls nothing. Its operations are those of ``PickleOperation``, its names those of
/// ``TorchGlobal``. Every operation leaves at most one value, and there may be a few millions of them; so its memory is
/// bounded, whatever the pickle says, and values never hold each other, however deep they nest.
struct PickleMachine {
  /// The containers, in the order in which they were made.
  var cells: [PickleCell] = []
  /// The storages that were named.
  var storages: [TorchStorage] = []
  /// The tensors that were made.
  var tensors: [TorchTensor] = []
  /// Operations so far.
  private(set) var steps = 0

  private var cursor: ByteCursor
  private let isTorchScript: Bool
  private var stack: [PickleValue] = []
  /// Heights of the stack where marks were set.
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]

  /// The largest checkpoints of open_clip, with the optimizer's moments, need half a million operations.
  private static let mostSteps = 1 << 22

  /// - Parameters:
  ///   - bytes: the pickle.
  ///   - isTorchScript: whether it may have objects of classes the archive defines.
  init(_ bytes: [UInt8], isTorchScript: Bool) {
    cursor = ByteCursor(bytes)
    self.isTorchScript = isTorchScript
  }

  /// Reads all of it; the value it stands for.
  mutating func run() throws(TorchFlaw) -> PickleValue {
    var begin = 0
    do {
      guard try cursor.number(UInt8.self) == PickleOperation.proto.rawValue,
        (2...5).contains(try cursor.number(UInt8.self))
      else { throw TorchFlaw("it is not of protocol 2 to 5") }
      while true {
        begin = cursor.position
        steps += 1
        guard steps <= Self.mostSteps else { throw TorchFlaw("it has more than \(Self.mostSteps) operations") }
        let code = try cursor.number(UInt8.self)
        guard let operation = PickleOperation(rawValue: code) else {
          throw TorchFlaw("it has the operation 0x\(String(code, radix: 16)), which tensors do not need: refused")
        }
        if operation == .stop { break }
        try perform(operation)
      }
      guard stack.count == 1, marks.isEmpty, cursor.isAtEnd else {
        throw TorchFlaw("it ends with \(stack.count) values, or before its last byte; expected one value")
      }
      return stack[0]
    } catch let flaw as TorchFlaw {
      throw TorchFlaw("its pickle, at byte \(begin): \(flaw.reason)")
    } catch {
      throw TorchFlaw("its pickle, at byte \(begin): it was cut short")
    }
  }

  private mutating func perform(_ operation: PickleOperation) throws {
    if let constant = try constant(operation) {
      stack.append(constant)
      return
    }
    switch operation {
    case .frame:
      // A hint for readers of streams.
      _ = try cursor.take(8)
    case .mark: marks.append(stack.count)
    case .pop: _ = try pop()
    case .popMark: _ = try popToMark()
    case .emptyTuple: push(.tuple)
    case .tuple: push(.tuple, try popToMark())
    case .tuple1, .tuple2, .tuple3:
      let count = Int(operation.rawValue - PickleOperation.tuple1.rawValue) + 1
      push(.tuple, Array(try (0..<count).map { _ in try pop() }.reversed()))
    case .emptyList: push(.list)
    case .emptyDict: push(.dictionary)
    case .append: try add([try pop()], toList: true)
    case .appends: try add(try popToMark(), toList: true)
    case .setItem: try add(Array(try [pop(), pop()].reversed()), toList: false)
    case .setItems: try add(try popToMark(), toList: false)
    case .binGet: try recall(Int(cursor.number(UInt8.self)))
    case .longBinGet: try recall(Int(cursor.number(UInt32.self)))
    case .binPut: memo[Int(try cursor.number(UInt8.self))] = try top()
    case .longBinPut: memo[Int(try cursor.number(UInt32.self))] = try top()
    case .memoize: memo[memo.count] = try top()
    case .global, .inst:
      let (module, name) = try (Self.text(cursor.line()), Self.text(cursor.line()))
      stack.append(.global(try TorchGlobal(module: module, name: name, isTorchScript: isTorchScript)))
      guard operation == .global else { throw TorchFlaw("it makes an object of \(module).\(name): refused") }
    case .stackGlobal:
      guard case (.text(let name), .text(let module)) = try (pop(), pop()) else {
        throw TorchFlaw("it asks for something whose name is no text: refused")
      }
      stack.append(.global(try TorchGlobal(module: module, name: name, isTorchScript: isTorchScript)))
    case .reduce:
      let arguments = try items(of: pop(), "arguments")
      stack.append(try result(of: pop(), arguments))
    case .newObject:
      _ = try pop()
      let type = try pop()
      guard case .global(.module(let path)) = type else {
        throw TorchFlaw("it makes an object of \(type.kind): refused")
      }
      push(.object(type: path))
    case .build: try build()
    case .binPersistentID: stack.append(try storage(pop()))
    default: throw TorchFlaw("it has the operation \(operation) where none is expected")
    }
  }

  /// What a constant is; nil for every other operation.
  private mutating func constant(_ operation: PickleOperation) throws -> PickleValue? {
    switch operation {
    case .none: return .some(.nothing)
    case .newTrue: return .boolean(true)
    case .newFalse: return .boolean(false)
    case .binInt: return .integer(Int(Int32(bitPattern: try cursor.number(UInt32.self))))
    case .binInt1: return .integer(Int(try cursor.number(UInt8.self)))
    case .binInt2: return .integer(Int(try cursor.number(UInt16.self)))
    case .long1:
      let bytes = try cursor.take(Int(cursor.number(UInt8.self)))
      guard bytes.count <= 8 else { throw TorchFlaw("it has an integer of \(bytes.count) bytes, expected at most 8") }
      // The last byte has the sign.
      let sign: Int = (bytes.last ?? 0) >= 0x80 ? -1 : 0
      return .integer(bytes.reversed().reduce(sign) { $0 << 8 | Int($1) })
    case .binFloat:
      return .number(Double(bitPattern: try cursor.number(UInt64.self).byteSwapped))
    case .binUnicode: return .text(try Self.text(cursor.take(cursor.size(UInt32.self))))
    case .shortBinUnicode: return .text(try Self.text(cursor.take(cursor.size(UInt8.self))))
    case .binUnicode8: return .text(try Self.text(cursor.take(cursor.size(UInt64.self))))
    default: return nil
    }
  }

  private static func text(_ bytes: ArraySlice<UInt8>) throws -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw TorchFlaw("it has a text that is not UTF-8")
    }
    return text
  }

  // MARK: The stack

  private func top() throws -> PickleValue {
    guard let last = stack.last, stack.count > marks.last ?? 0 else {
      throw TorchFlaw("it needs a value where there is none")
    }
    return last
  }

  private mutating func pop() throws -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func popToMark() throws -> [PickleValue] {
    guard let mark = marks.popLast() else { throw TorchFlaw("it needs a mark where there is none") }
    defer { stack.removeLast(stack.count - mark) }
    return Array(stack[mark...])
  }

  /// Leaves a new container.
  private mutating func push(_ kind: PickleCell.Kind, _ items: [PickleValue] = []) {
    cells.append(PickleCell(kind: kind, items: items))
    stack.append(.cell(cells.count - 1))
  }

  private mutating func recall(_ key: Int) throws {
    guard let value = memo[key] else { throw TorchFlaw("it recalls number \(key), which it never kept") }
    stack.append(value)
  }

  /// Adds elements to the list, or keys and values to the dictionary, that lies on the stack.
  private mutating func add(_ items: [PickleValue], toList: Bool) throws {
    guard case .cell(let number) = try top() else { throw TorchFlaw("it adds to \(try top().kind)") }
    switch cells[number].kind {
    case .list where toList: cells[number].items += items
    case .dictionary where !toList && items.count.isMultiple(of: 2): cells[number].items += items
    default: throw TorchFlaw("it adds to a container of another kind")
    }
  }

  /// Gives an object its attributes.
  private mutating func build() throws {
    let (state, object) = try (pop(), top())
    guard case .cell(let number) = object else { throw TorchFlaw("it changes \(object.kind): refused") }
    switch cells[number].kind {
    case .object: cells[number].items = [state]
    // A state dict has the versions of its modules, which nobody needs.
    case .dictionary: break
    default: throw TorchFlaw("it changes a container that has no attributes: refused")
    }
  }
}
