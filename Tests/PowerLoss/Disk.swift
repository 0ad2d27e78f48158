/// A disk as a machine sees it whose power may fail: what has been made durable, and what may or may not have been.
///
/// Between two calls of `fsync` a file system is free: any of the changes it was told of may be on the disk, in any
/// order. A file's length and bytes become durable when it is synced; a name does when its directory is. A change of
/// names is done or not done; a write may be done in part.
struct Disk {
  /// A file or directory, whatever its names are.
  final class Node {
    /// For files: what is on the disk for certain.
    var bytes: [UInt8] = []
    /// For directories, likewise; nil for files.
    var entries: [String: Node]?
    /// What a running program sees.
    var seenBytes: [UInt8] = []
    var seenEntries: [String: Node] = [:]

    init(isDirectory: Bool) { entries = isDirectory ? [:] : nil }

    var isDirectory: Bool { entries != nil }
  }

  /// Something that is not on the disk for certain.
  enum Change {
    case write(Node, at: Int, [UInt8])
    case setLength(Node, Int)
    /// Names of a directory and what they stand for from then on.
    case names(Node, [(name: String, node: Node?)])

    /// What must be synced to make it durable.
    var node: Node {
      switch self {
      case .write(let node, _, _), .setLength(let node, _), .names(let node, _): node
      }
    }
  }

  let root = Node(isDirectory: true)
  private(set) var pending: [Change] = []

  // MARK: - What the program does

  /// The node of a path, as the program sees it.
  func node(_ path: [String]) -> Node? {
    var node: Node? = root
    for name in path { node = node?.seenEntries[name] }
    return node
  }

  mutating func create(_ path: [String], isDirectory: Bool) -> Node? {
    let node = Node(isDirectory: isDirectory)
    return setNames(of: path.dropLast(), [(path.last ?? "", node)]) ? node : nil
  }

  mutating func remove(_ path: [String]) { _ = setNames(of: path.dropLast(), [(path.last ?? "", nil)]) }

  mutating func rename(_ old: [String], _ new: [String]) {
    guard let node = node(old) else { return }
    precondition(old.dropLast() == new.dropLast(), "renamed into another directory")
    _ = setNames(of: old.dropLast(), [(old.last ?? "", nil), (new.last ?? "", node)])
  }

  mutating func write(_ node: Node, at offset: Int, _ bytes: [UInt8]) {
    Self.put(bytes, at: offset, into: &node.seenBytes)
    pending.append(.write(node, at: offset, bytes))
  }

  mutating func setLength(_ node: Node, _ count: Int) {
    Self.resize(&node.seenBytes, to: count)
    pending.append(.setLength(node, count))
  }

  /// All changes of a file, or of a directory's names, are on the disk from now on.
  mutating func sync(_ node: Node) {
    for change in pending where change.node === node { Self.apply(change) }
    pending.removeAll { $0.node === node }
  }

  private mutating func setNames(of directory: ArraySlice<String>, _ names: [(name: String, node: Node?)]) -> Bool {
    guard let directory = node(Array(directory)), directory.isDirectory else { return false }
    for (name, node) in names { directory.seenEntries[name] = node }
    pending.append(.names(directory, names))
    return true
  }

  private static func apply(_ change: Change) {
    switch change {
    case .write(let node, let offset, let bytes): put(bytes, at: offset, into: &node.bytes)
    case .setLength(let node, let count): resize(&node.bytes, to: count)
    case .names(let node, let names): for (name, value) in names { node.entries?[name] = value }
    }
  }

  private static func put(_ bytes: [UInt8], at offset: Int, into all: inout [UInt8]) {
    if all.count < offset + bytes.count { resize(&all, to: offset + bytes.count) }
    all.replaceSubrange(offset..<offset + bytes.count, with: bytes)
  }

  private static func resize(_ bytes: inout [UInt8], to count: Int) {
    if bytes.count > count { bytes.removeLast(bytes.count - count) }
    bytes += [UInt8](repeating: 0, count: count - bytes.count)
  }

  // MARK: - What is found after a loss of power

  /// What became of a pending change.
  enum Fate: CaseIterable {
    case lost, done
    /// Of a write: its first half. Of anything else: done.
    case torn
  }

  /// A tree of names and bytes.
  indirect enum Found {
    case file([UInt8])
    case directory([String: Found])
  }

  /// What lies at a path if the power fails now; nil for nothing.
  ///
  /// - Parameter fates: of the pending changes, in their order.
  func found(_ path: [String], _ fates: [Fate]) -> Found? {
    var bytes: [ObjectIdentifier: [UInt8]] = [:], entries: [ObjectIdentifier: [String: Node]] = [:]
    for (change, fate) in zip(pending, fates) where fate != .lost {
      let id = ObjectIdentifier(change.node)
      switch change {
      case .write(let node, let offset, let new):
        let part = fate == .torn ? Array(new.prefix(new.count / 2)) : new
        Self.put(part, at: offset, into: &bytes[id, default: node.bytes])
      case .setLength(let node, let count): Self.resize(&bytes[id, default: node.bytes], to: count)
      case .names(let node, let names):
        for (name, value) in names { entries[id, default: node.entries ?? [:]][name] = value }
      }
    }
    func find(_ node: Node) -> Found {
      let id = ObjectIdentifier(node)
      guard let names = node.entries else { return .file(bytes[id] ?? node.bytes) }
      return .directory((entries[id] ?? names).mapValues(find))
    }
    var node: Node? = root
    for name in path { node = node.flatMap { (entries[ObjectIdentifier($0)] ?? $0.entries)?[name] } }
    return node.map(find)
  }
}
