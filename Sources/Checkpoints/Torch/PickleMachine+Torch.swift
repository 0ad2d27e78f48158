/// What the names of ``TorchGlobal`` do.
extension PickleMachine {
  /// The elements of a tuple or list.
  func items(of value: PickleValue, _ role: String) throws -> [PickleValue] {
    if case .cell(let number) = value {
      switch cells[number].kind {
      case .tuple, .list: return cells[number].items
      default: break
      }
    }
    throw TorchFlaw("it has \(value.kind) for \(role), expected a tuple")
  }

  /// What Python would have called a function for.
  mutating func result(of function: PickleValue, _ arguments: [PickleValue]) throws -> PickleValue {
    guard case .global(let global) = function else { throw TorchFlaw("it calls \(function.kind): refused") }
    switch (global, arguments.count) {
    case (.orderedDictionary, 0):
      cells.append(PickleCell(kind: .dictionary, items: []))
      return .cell(cells.count - 1)
    case (.tensor, 6...): return try tensor(arguments, as: nil)
    case (.typedTensor, 7...):
      guard case .global(.type(let type)) = arguments[6] else {
        throw TorchFlaw("it has a tensor of \(arguments[6].kind), expected a type")
      }
      return try tensor(arguments, as: type)
    case (.parameter, 3):
      guard case .tensor = arguments[0] else {
        throw TorchFlaw("it makes a parameter of \(arguments[0].kind), expected a tensor")
      }
      return arguments[0]
    case (.size, 1), (.list, 1), (.typeTag, 2): return arguments[0]
    default: throw TorchFlaw("it calls \(global.name) with \(arguments.count) arguments: refused")
    }
  }

  /// A tensor from its storage, offset, size and strides; what follows them is for PyTorch's own books.
  private mutating func tensor(_ arguments: [PickleValue], as type: StoredType?) throws -> PickleValue {
    guard case (.storage(let number), .integer(let offset)) = (arguments[0], arguments[1]) else {
      throw TorchFlaw("it makes a tensor of \(arguments[0].kind) and \(arguments[1].kind), expected storage and offset")
    }
    let storage = storages[number]
    tensors.append(
      try TorchTensor(
        storage, as: type ?? storage.type, offset: offset, shape: integers(arguments[2], "a size"),
        strides: integers(arguments[3], "strides")))
    return .tensor(tensors.count - 1)
  }

  private func integers(_ value: PickleValue, _ role: String) throws -> [Int] {
    try items(of: value, role).map { item in
      guard case .integer(let integer) = item else {
        throw TorchFlaw("it has \(item.kind) in \(role), expected an integer")
      }
      return integer
    }
  }

  private static let mostKeyBytes = 1000

  /// The storage a persistent id names: `("storage", type, key, device, count)`.
  mutating func storage(_ id: PickleValue) throws -> PickleValue {
    let parts = try items(of: id, "a storage")
    guard parts.count >= 5, case .text("storage") = parts[0], case .global(.storage(let type)) = parts[1],
      case .text(let key) = parts[2], case .integer(let count) = parts[4], count >= 0,
      key.utf8.count <= Self.mostKeyBytes
    else { throw TorchFlaw("it names a storage as none is named, expected its type, key, device and count") }
    storages.append(TorchStorage(key: key, type: type, count: count))
    return .storage(storages.count - 1)
  }
}
