import Foundation
import Synchronization
import SystemPackage

/// The name of a thread, which tools such as `top -H` show; any other thread may change it.
final class ThreadLabel: Sendable {
  private let file = Mutex<FileDescriptor?>(nil)
  /// What the kernel keeps of a name.
  private static let most = 15

  /// Makes it the name of the thread that calls. Where there is no /proc nothing is shown.
  func adopt() {
    guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self") else { return }
    file.withLock { $0 = try? FileDescriptor.open("/proc/\(own)/comm", .writeOnly, options: .closeOnExec) }
  }

  deinit { file.withLock { try? $0?.close() } }

  /// Shows a name.
  func show(_ name: String) {
    let bytes = Array(name.utf8.prefix(Self.most))
    file.withLock { file in _ = try? file?.writeAll(bytes) }
  }
}
