import Files
import Foundation
import Synchronization
import Testing

/// A directory of its own for a test, removed when the test is over. Paths are relative to it, as the program sees them.
final class Scratch: Sendable {
  let path: String

  init() throws {
    // Links are resolved, so that processes can be found by the directory they run in.
    let parent = URL(fileURLWithPath: NSTemporaryDirectory()).resolvingSymlinksInPath().path
    path = "\(parent)/clip-\(UUID().uuidString)"
    try Directory.create(path)
  }

  deinit { try? Directory.remove(path) }

  /// One that tests share through a static, which nobody ever drops: it is removed when the process ends.
  static func untilExit() throws -> Scratch {
    let scratch = try Scratch()
    shared.withLock { paths in
      if paths.isEmpty { atexit { Scratch.shared.withLock { $0.forEach { try? Directory.remove($0) } } } }
      paths.append(scratch.path)
    }
    return scratch
  }
  private static let shared = Mutex<[String]>([])

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file, making the folders above it.
  func write(_ bytes: [UInt8], to name: String) throws {
    let path = self(name)
    try Directory.create(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
    // In place: what is tested here are the programs' own ways to write.
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

  func read(_ name: String) throws -> [UInt8] { try FileReader.contents(of: self(name)) }

  func text(_ name: String) throws -> String { String(decoding: try read(name), as: UTF8.self) }

  /// Changes the bytes of a file.
  func change(_ name: String, _ body: (inout [UInt8]) -> Void) throws {
    var bytes = try read(name)
    body(&bytes)
    try write(bytes, to: name)
  }

  /// Copies a file or directory from anywhere into the scratch.
  func copy(_ source: String, to name: String) throws {
    try FileManager.default.copyItem(atPath: source, toPath: self(name))
  }

  func remove(_ name: String) throws { try Directory.remove(self(name)) }

  func names(_ name: String) throws -> [String] { try Directory.names(in: self(name)) }

  func exists(_ name: String) -> Bool { Directory.exists(self(name)) }

  /// Runs the program and waits for it.
  @discardableResult
  func clip(
    _ arguments: String..., ranks: Int? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> ClipProgram.Result {
    try clip(arguments, ranks: ranks, sourceLocation: sourceLocation)
  }

  /// Runs the program and waits for it.
  @discardableResult
  func clip(
    _ arguments: [String], ranks: Int? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> ClipProgram.Result {
    let result = try ClipProgram(arguments, ranks: ranks, in: path).wait()
    #expect(result.orphans.isEmpty, "processes outlived \(arguments)", sourceLocation: sourceLocation)
    return result
  }

  /// Runs the program, which must succeed.
  @discardableResult
  func succeed(
    _ arguments: [String], ranks: Int? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> ClipProgram.Result {
    let result = try clip(arguments, ranks: ranks, sourceLocation: sourceLocation)
    try #require(result.status == 0, "\(arguments): \(result.errors)", sourceLocation: sourceLocation)
    return result
  }

  /// Runs the program, which must fail with an exit code and say why in one line, whatever the number of ranks.
  ///
  /// - Parameter reasons: what that line must contain.
  @discardableResult
  func fail(
    _ arguments: [String], ranks: Int? = nil, with status: Int32, _ reasons: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> ClipProgram.Result {
    let result = try clip(arguments, ranks: ranks, sourceLocation: sourceLocation)
    #expect(result.status == status, "\(arguments): \(result.errors)", sourceLocation: sourceLocation)
    #expect(result.complaints.count == 1, "\(arguments): \(result.errors)", sourceLocation: sourceLocation)
    for reason in reasons {
      #expect(result.complaints.first?.contains(reason) == true, "\(result.errors)", sourceLocation: sourceLocation)
    }
    return result
  }
}
