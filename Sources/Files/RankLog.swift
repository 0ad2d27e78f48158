import Foundation
import Synchronization
import SystemPackage

/// A file of this rank's own, for what it tells people and for what only matters when something has gone wrong.
///
/// No training ends because its log has no room.
public enum RankLog {
  private static let file = Mutex<FileDescriptor?>(nil)

  /// Begins to write, behind what earlier runs of this rank have left.
  public static func open(_ path: String) throws {
    do {
      let opened = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .append, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
      file.withLock { $0 = opened }
    } catch let error as Errno {
      throw FileError(path, cannot: "create", error)
    }
  }

  /// Writes a line, with the time before it, if there is a log.
  public static func write(_ line: String) {
    file.withLock { file in
      guard let file else { return }
      _ = try? file.writeAll("\(Date.now.formatted(.iso8601)) \(line)\n".utf8)
    }
  }
}
