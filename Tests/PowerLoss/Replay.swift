import Foundation

/// Does to a ``Disk`` what the calls of a ``Trace`` did to files below a directory.
struct Replay {
  private(set) var disk = Disk()
  private let directory: String
  private var open: [Key: (node: Disk.Node, position: Int)] = [:]

  private struct Key: Hashable {
    let process: Int
    let descriptor: Int
  }

  /// A disk that holds what lies in a directory, under its name in the root.
  ///
  /// - Parameters:
  ///   - initial: a copy of the directory as it was before the calls.
  ///   - directory: its absolute path in the calls.
  init(_ initial: String, as directory: String) throws {
    self.directory = directory
    try copy(initial, to: [Self.name])
    for node in nodes(disk.root) { disk.sync(node) }
  }

  /// The name of the directory on the disk.
  static let name = "run"

  private mutating func copy(_ source: String, to path: [String]) throws {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: source, isDirectory: &isDirectory) else { return }
    guard let node = disk.create(path, isDirectory: isDirectory.boolValue) else { return }
    if isDirectory.boolValue {
      for name in try FileManager.default.contentsOfDirectory(atPath: source) {
        try copy("\(source)/\(name)", to: path + [name])
      }
    } else {
      disk.write(node, at: 0, Array(try Data(contentsOf: URL(fileURLWithPath: source))))
    }
  }

  private func nodes(_ node: Disk.Node) -> [Disk.Node] { [node] + node.seenEntries.values.flatMap(nodes) }

  /// Does a call.
  ///
  /// - Returns: whether it changed anything, or made a change durable.
  mutating func perform(_ call: Trace.Call) -> Bool {
    let arguments = call.arguments
    func path(_ index: Int) -> [String]? {
      guard index < arguments.count, let text = arguments[index].text else { return nil }
      let full = String(decoding: text, as: UTF8.self)
      guard full == directory || full.hasPrefix(directory + "/") else { return nil }
      return [Self.name] + full.dropFirst(directory.count).split(separator: "/").map(String.init)
    }
    func key(_ index: Int) -> Key { Key(process: call.process, descriptor: arguments[index].number ?? -1) }
    switch call.name {
    case "openat":
      guard let path = path(1), let flags = arguments[2].word else { return false }
      let opened = Key(process: call.process, descriptor: call.result)
      open[opened] = nil
      if let node = disk.node(path) {
        open[opened] = (node, 0)
        guard flags.contains("O_TRUNC"), !node.seenBytes.isEmpty else { return false }
        disk.setLength(node, 0)
        return true
      }
      guard flags.contains("O_CREAT"), let node = disk.create(path, isDirectory: false) else { return false }
      open[opened] = (node, 0)
      return true
    case "close":
      open[key(0)] = nil
      return false
    case "write":
      guard let file = open[key(0)], let bytes = arguments[1].text else { return false }
      disk.write(file.node, at: file.position, Array(bytes.prefix(call.result)))
      open[key(0)]?.position += call.result
      return true
    case "pwrite64":
      guard let file = open[key(0)], let bytes = arguments[1].text, let offset = arguments[3].number else {
        return false
      }
      disk.write(file.node, at: offset, Array(bytes.prefix(call.result)))
      return true
    case "ftruncate":
      guard let file = open[key(0)], let count = arguments[1].number else { return false }
      disk.setLength(file.node, count)
      return true
    case "fsync", "fdatasync":
      guard let file = open[key(0)] else { return false }
      disk.sync(file.node)
      return true
    case "mkdir":
      guard let path = path(0) else { return false }
      return disk.create(path, isDirectory: true) != nil
    case "rename":
      guard let old = path(0), let new = path(1) else { return false }
      disk.rename(old, new)
      return true
    case "unlink", "rmdir":
      guard let path = path(0) else { return false }
      disk.remove(path)
      return true
    default: return false
    }
  }
}
