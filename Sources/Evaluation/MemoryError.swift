import Foundation

/// A result would not fit into this machine's memory.
public struct MemoryError: Error, CustomStringConvertible, Sendable {
  /// What was asked for, how much that is and what there is, and what to do about it.
  public let description: String

  init(_ what: String, bytes: Int, available: Int) {
    func gigabytes(_ bytes: Int) -> String { String(format: "%.1f GB", Double(bytes) / 1e9) }
    description =
      "\(what) would take \(gigabytes(bytes)) of memory, and \(gigabytes(available)) are available: embed fewer at a "
      + "time, into several files"
  }
}
