/// The tensors of a pickle by name.
struct TorchStateDict {
  /// Names and tensors, in the order of the file.
  private(set) var tensors: [(name: String, tensor: TorchTensor)] = []
  /// The classes of a TorchScript archive's modules, without their modules' names.
  private(set) var classes: Set<String> = []

  private let machine: PickleMachine
  private var names: Set<String> = []
  /// Members of dictionaries that were looked at.
  private var visits = 0

  /// The deepest model has a handful of levels.
  private static let mostLevels = 32
  private static let mostNameBytes = 1000
  /// A module may have two names; but modules that share modules that share modules have names without end.
  private static let mostSharedVisits = 10_000

  /// Takes the tensors of a state dict, of the `state_dict` of a checkpoint, or of the modules of a TorchScript archive.
  init(_ root: PickleValue, of machine: PickleMachine) throws(TorchFlaw) {
    self.machine = machine
    let inner = Self.dictionary(root, of: machine).flatMap { items in
      items.first { $0.key == Self.checkpointKey }.flatMap { item in
        if case .cell = item.value { item.value } else { nil }
      }
    }
    try collect(inner ?? root, below: "", level: 0)
    guard tensors.isEmpty else { return }
    let keys = Self.dictionary(root, of: machine).map {
      $0.prefix(8).map { String($0.key.prefix(60)) }.joined(separator: ", ")
    }
    throw TorchFlaw(
      "it has no tensors by name, neither at its top nor under \(Self.checkpointKey)"
        + (keys.map { ", only \($0.isEmpty ? "an empty dictionary" : $0)" } ?? "")
        + "; save the state dict alone: torch.save(model.state_dict(), PATH)")
  }

  private static let checkpointKey = "state_dict"

  /// Adds the tensors of a dictionary, or of an object and the objects in it.
  private mutating func collect(_ value: PickleValue, below prefix: String, level: Int) throws(TorchFlaw) {
    guard level < Self.mostLevels else {
      throw TorchFlaw("its modules nest deeper than \(Self.mostLevels) levels, or hold each other in circles")
    }
    guard case .cell(let number) = value else { return }
    var members = value
    if case .object(let type) = machine.cells[number].kind {
      classes.insert(type.split(separator: ".").last.map(String.init) ?? type)
      guard let attributes = machine.cells[number].items.first else { return }
      members = attributes
    } else if level > 0 {
      // A dictionary in a state dict is not a part of the model.
      return
    }
    guard case .cell(let dictionary) = members else { return }
    visits += machine.cells[dictionary].items.count / 2 + 1
    guard visits <= machine.steps + Self.mostSharedVisits else {
      throw TorchFlaw("its modules are shared so often that their names need more than the file")
    }
    for (key, member) in Self.dictionary(members, of: machine) ?? [] {
      guard prefix.utf8.count + key.utf8.count <= Self.mostNameBytes else {
        throw TorchFlaw("it has a name of more than \(Self.mostNameBytes) bytes")
      }
      switch member {
      case .tensor(let number):
        guard names.insert(prefix + key).inserted else { throw TorchFlaw("it has two tensors \(prefix + key)") }
        tensors.append((prefix + key, machine.tensors[number]))
      case .cell: try collect(member, below: "\(prefix)\(key).", level: level + 1)
      default: break
      }
    }
  }

  /// The members of a dictionary whose keys are texts; nil for anything else.
  private static func dictionary(
    _ value: PickleValue, of machine: PickleMachine
  ) -> [(key: String, value: PickleValue)]? {
    guard case .cell(let number) = value, case .dictionary = machine.cells[number].kind else { return nil }
    let items = machine.cells[number].items
    return stride(from: 0, to: items.count, by: 2).compactMap { index in
      guard case .text(let key) = items[index] else { return nil }
      return (key, items[index + 1])
    }
  }
}
