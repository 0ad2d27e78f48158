/// A value a pickle is made of. What can hold other values, or is large, is the number of something in the
/// ``PickleMachine``: values may then refer to each other in circles, and are let go of without following them.
enum PickleValue {
  case nothing
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case global(TorchGlobal)
  /// A number in ``PickleMachine/cells``.
  case cell(Int)
  /// A number in ``PickleMachine/storages``.
  case storage(Int)
  /// A number in ``PickleMachine/tensors``.
  case tensor(Int)

  /// What it is, for errors.
  var kind: String {
    switch self {
    case .nothing: "None"
    case .boolean: "a boolean"
    case .integer: "an integer"
    case .number: "a number"
    case .text: "a text"
    case .global(let global): global.name
    case .cell: "a container"
    case .storage: "a storage"
    case .tensor: "a tensor"
    }
  }
}
