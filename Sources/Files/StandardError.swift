import Glibc

/// Where people are told how things go. That nobody listens any more is no reason to stop a training.
public enum StandardError {
  /// Whether it is a terminal.
  public static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  /// Writes text as far as it can be written; what is not overwritten afterwards, into this rank's log as well.
  public static func write(_ text: String) {
    if text.hasSuffix("\n") { RankLog.write(String(text.dropLast())) }
    var text = text
    text.withUTF8 { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let written = Glibc.write(
          STDERR_FILENO, UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: rest)).baseAddress, rest.count)
        guard written > 0 else { return }
        rest = rest.dropFirst(written)
      }
    }
  }
}
