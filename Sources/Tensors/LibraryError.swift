import COneDNN
import Glibc

/// What oneDNN could not do.
package struct LibraryError: Error, CustomStringConvertible {
  /// The call that failed.
  let call: String
  /// The library's own name of the reason.
  let reason: String
  /// What it was asked to do, if it was for that.
  let shape: String?

  init(_ call: String, _ status: dnnl_status_t, for shape: String?) {
    self.call = call
    self.reason = String(cString: dnnl_status2str(status))
    self.shape = shape
  }

  /// The library does whatever is asked for here, so this is a lack of memory: says what failed and stops.
  func stop() -> Never {
    let message = "clip: \(self)\n"
    _ = message.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(1)
  }

  package var description: String {
    "oneDNN: \(call) returns \(reason)\(shape.map { " for \($0)" } ?? "")"
  }
}
