package import Files
import Foundation
import SystemPackage

/// TensorBoard's event file of a run, which says what the journal says.
///
/// The journal is the truth, and this file follows it: whatever lines it has got are written as events, a step each. A run
/// that resumes begins a new file with the steps the journal still has and removes the old one, so that no step is there
/// twice, whatever was lost. (It gets a later name, and says that it starts anew: a TensorBoard that is looking goes over
/// to it and forgets the rest.) Where the disk has no room, nothing is kept in memory: the lines stay in the journal, and
/// are tried again with the next.
package final class EventFile {
  private let directory: String
  private let journal: String
  private var file: (path: String, descriptor: FileDescriptor)?
  /// Bytes of the journal that are in the file, and bytes of whole records in it.
  private var followed = 0
  private var written = 0
  private var isFailing = false

  private static let prefix = "events.out.tfevents."
  private static let suffix = ".swift-clip"

  /// The event file of the run in `directory`; nothing is written before ``follow()``.
  package init(in directory: String, following journal: String) {
    self.directory = directory
    self.journal = journal
  }

  deinit { try? file?.descriptor.close() }

  /// Writes what the journal has got since.
  ///
  /// - Returns: why it could not be written, unless that was so the last time.
  package func follow() -> FileError? {
    do {
      let file = try self.file ?? begin()
      self.file = file
      let reader = try JournalReader(journal, from: followed)
      while let lines = try reader.next() {
        let now = Date.now.timeIntervalSince1970
        try append(lines.flatMap { Self.event($0, else: now).record }, to: file)
        followed = reader.offset
      }
      isFailing = false
      return nil
    } catch {
      defer { isFailing = true }
      return isFailing ? nil : (error as? FileError) ?? FileError(directory, "has no event file: \(error)")
    }
  }

  /// Removes the files of earlier commands and begins one with a later name.
  private func begin() throws -> (path: String, descriptor: FileDescriptor) {
    let old = try Directory.names(in: directory).filter { $0.hasPrefix(Self.prefix) && $0.hasSuffix(Self.suffix) }
    let now = Date.now.timeIntervalSince1970
    let newest = old.compactMap { Int($0.dropFirst(Self.prefix.count).dropLast(Self.suffix.count)) }.max()
    for name in old { try Directory.remove("\(directory)/\(name)") }
    let path = "\(directory)/\(Self.prefix)\(max(Int(now), (newest ?? 0) + 1))\(Self.suffix)"
    let descriptor: FileDescriptor
    do {
      descriptor = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .truncate, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
    } catch let error as Errno {
      throw FileError(path, cannot: "create", error)
    }
    written = 0
    do {
      try append(Event.version(time: now).record + Event.restart(time: now).record, to: (path, descriptor))
    } catch {
      try? descriptor.close()
      throw error
    }
    return (path, descriptor)
  }

  private func append(_ bytes: [UInt8], to file: (path: String, descriptor: FileDescriptor)) throws {
    do {
      try file.descriptor.writeAll(toAbsoluteOffset: Int64(written), bytes)
      written += bytes.count
    } catch let error as Errno {
      // No part of a record stays.
      ftruncate(file.descriptor.rawValue, off_t(written))
      throw FileError(file.path, cannot: "write", error)
    }
  }

  /// A line of the journal under the tags TensorBoard groups by: what has no group of its own is in `train`.
  private static func event(_ line: JournalNumbers, else now: Double) -> Event {
    let numbers = line.values.map { (tag: $0.name.contains("/") ? $0.name : "train/\($0.name)", value: $0.value) }
    // Journals of earlier versions do not tell the time.
    return Event.scalars(numbers, step: line.step, time: line.time ?? now)
  }
}
