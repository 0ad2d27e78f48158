import Files

/// The classes of a zero-shot evaluation, in order.
public struct ClassList: Sendable {
  /// At least one.
  public let classes: [ZeroShotClass]
  private let byLabel: [String: Int]
  private let byName: [String: Int]
  /// The file they are from; nil: the data themselves name them.
  let source: String?

  /// - Parameters:
  ///   - classes: at least one.
  ///   - source: the file they are from, for errors; nil: the data themselves name them.
  /// - Throws: `FileError` where two classes have the same label, or the same name and no labels to tell them apart.
  init(_ classes: [ZeroShotClass], source: String?, data: String) throws {
    precondition(!classes.isEmpty, "no classes")
    var byLabel: [String: Int] = [:], byName: [String: Int] = [:]
    let path = source ?? data
    for (number, each) in classes.enumerated() {
      if let other = byLabel.updateValue(number, forKey: each.label) {
        guard !each.hasOwnLabel else {
          throw FileError(path, "classes \(other + 1) and \(number + 1) have the same label, \"\(each.label)\"")
        }
        throw Self.duplicate(each.label, other, number, path)
      }
    }
    var ambiguous: Set<String> = []
    for (number, each) in classes.enumerated() {
      for name in Set(each.names.map(ZeroShotClass.key)) {
        guard let other = byName.updateValue(number, forKey: name) else { continue }
        guard each.hasOwnLabel, classes[other].hasOwnLabel else { throw Self.duplicate(name, other, number, path) }
        ambiguous.insert(name)
      }
    }
    for name in ambiguous { byName[name] = nil }
    self.classes = classes
    self.byLabel = byLabel
    self.byName = byName
    self.source = source
  }

  /// The classes that data name by labels, in the order of the labels' bytes.
  package init(labels: some Sequence<String>, of data: String) throws {
    let sorted = Set(labels).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    try self.init(sorted.map { ZeroShotClass(label: $0) }, source: nil, data: data)
  }

  /// Classes without a file.
  init(_ classes: [ZeroShotClass], source: String) throws { try self.init(classes, source: source, data: source) }

  private static func duplicate(_ name: String, _ first: Int, _ second: Int, _ path: String) -> FileError {
    FileError(
      path,
      "classes \(first + 1) and \(second + 1) are both named \"\(name)\": name one of them more exactly, or give both "
        + "labels that data know them by, each before a tab: LABEL<tab>NAME")
  }

  /// Classes whose names others have as well, so that texts cannot tell them apart.
  public var indistinguishable: [String] {
    let names = classes.map { Set($0.names.map(ZeroShotClass.key)) }
    let counts = Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
    return zip(classes, names).filter { counts[$0.1, default: 0] > 1 }.map(\.0.label)
  }

  /// The number of the class that data mean: by its label, by a name of it, or by its number from 0.
  package func number(of text: String) -> Int? {
    if let number = byLabel[text] ?? byName[ZeroShotClass.key(text)] { return number }
    return Int(text).flatMap { classes.indices.contains($0) ? $0 : nil }
  }

  /// The number of the class by its label or a name.
  package func number(named text: String) -> Int? { byLabel[text] ?? byName[ZeroShotClass.key(text)] }

  /// The same classes known by other labels, in order.
  func labelled(_ labels: [String], of data: String) throws -> ClassList {
    try ClassList(
      zip(classes, labels).map { ZeroShotClass(label: $1, names: $0.names, hasOwnLabel: true) }, source: source,
      data: data)
  }
}
