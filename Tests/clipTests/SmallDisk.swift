import Files
import Foundation

/// A file system of a few kilobytes, which must be unmounted in the end.
struct SmallDisk {
  private let path: String

  /// Whether this process may mount; a container's root may not.
  static let canBeMade: Bool = {
    guard geteuid() == 0, let scratch = try? Scratch(), let disk = try? SmallDisk(scratch("disk"), kilobytes: 100)
    else { return false }
    disk.unmount()
    return true
  }()

  struct Failure: Error {
    let command: [String]
  }

  init(_ path: String, kilobytes: Int) throws {
    try Directory.create(path)
    try Self.run("mount", "-t", "tmpfs", "-o", "size=\(kilobytes)k", "tmpfs", path)
    self.path = path
  }

  func unmount() { try? Self.run("umount", path) }

  func resize(kilobytes: Int) throws { try Self.run("mount", "-o", "remount,size=\(kilobytes)k", path) }

  func makeReadOnly() throws { try Self.run("mount", "-o", "remount,ro", path) }

  private static func run(_ command: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(command: command) }
  }
}
