import Collectives
import Files
import Foundation
import Glibc
import Training

/// The directory beside a file of embeddings in which its parts are gathered until all are there.
final class EmbeddedParts {
  /// Where they lie.
  let path: String
  /// What they are parts of.
  let plan: EmbeddingPlan
  private let lock: FileLock

  private static let lockName = ".lock"
  /// What the whole is called until it gets its name.
  private static let wholeName = "whole"
  private static let prefix = "part-"
  private static let suffix = ".safetensors"

  /// Where the parts of a file lie, which may not be there yet.
  static func path(for file: String) -> String { "\(file).parts" }

  /// Makes the directory, or takes over the one an earlier run left.
  ///
  /// Only the first rank may do so: call ``checkIsShared(in:)`` on all afterwards.
  ///
  /// - Throws: `FileError` where another process works in it, and where something else is in it.
  init(_ plan: EmbeddingPlan, at path: String, in world: any Communicator) throws {
    self.plan = plan
    self.path = path
    lock = FileLock("\(path)/\(Self.lockName)")
    guard world.isFirst else { return }
    try Directory.create(path)
    do {
      try lock.acquire(as: "process \(getpid()) on \(ProcessInfo.processInfo.hostName)")
    } catch let held as FileLock.Held {
      throw FileError(path, "is in use by \(held.holder): wait for its end, or name another file with --into")
    }
    // They are removed in the end, and nothing else may be.
    if let stranger = try Directory.names(in: path).first(where: { !Self.isOwn($0) }) {
      throw FileError(
        path, "holds \(stranger), which is no part of embeddings: move it away, or name another file with --into")
    }
    try FileWriter.removeLeftovers(in: path)
  }

  /// Throws where a rank does not see the first one's directory: all of them write into it.
  func checkIsShared(in world: any Communicator) throws {
    try world.checkIsShared(path, by: "\(path)/\(Self.lockName)", for: "parts of the embeddings")
  }

  /// Where a part lies.
  func path(of number: Int) -> String {
    let digits = String(number)
    return "\(path)/\(Self.prefix)\(String(repeating: "0", count: max(0, 6 - digits.count)))\(digits)\(Self.suffix)"
  }

  /// Where the whole is put together.
  var wholePath: String { "\(path)/\(Self.wholeName)" }

  /// Whether any part is there.
  var holdsParts: Bool { !((try? numbers()) ?? []).isEmpty }

  /// Opens a part, which must be there.
  func part(_ number: Int) throws -> EmbeddedPart {
    do {
      return try EmbeddedPart(number, of: plan, at: path(of: number))
    } catch let error as FileError where !error.isPassing {
      throw FileError(
        error.path,
        "\(error.reason): give the command it was begun with, or another --into, or remove \(path) to begin anew")
    }
  }

  /// Which parts are there and sound. The ranks share the work, and all return the same.
  ///
  /// - Parameter warn: told of those that are damaged, on the rank that found it.
  func survey(in world: any Communicator, warn: (String) -> Void) throws -> [Bool] {
    var sound = [Double](repeating: 0, count: plan.parts)
    // Those with higher numbers than this plan has are of another one.
    for number in try numbers() where number % world.size == world.rank {
      do {
        let part = try part(number)
        for tensor in plan.tensors { try part.lend(tensor) { _ in } }
        if number < plan.parts { sound[number] = 1 }
      } catch let damage as EmbeddedPart.Damage {
        warn("\(path(of: number)) is damaged and made again: \(damage.reason)")
      }
    }
    try sound.withUnsafeMutableBufferPointer { try world.sum($0) }
    return sound.map { $0 > 0 }
  }

  /// Removes all parts, and the directory where nothing else has come into it.
  func remove() throws {
    for name in try Directory.names(in: path) where Self.isOwn(name) && name != Self.lockName {
      try Directory.remove("\(path)/\(name)")
    }
    lock.release()
    if try Directory.names(in: path).isEmpty { try Directory.remove(path) }
  }

  /// The numbers of the parts that are there, sound or not.
  private func numbers() throws -> [Int] { try Directory.names(in: path).compactMap { Self.number(of: $0) } }

  private static func number(of name: String) -> Int? {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
    let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
    return digits.count >= 6 && digits.allSatisfy { ("0"..."9").contains($0) } ? Int(digits) : nil
  }

  /// Whether a file's name is of those that are written here, or of what a killed writer left of one.
  private static func isOwn(_ name: String) -> Bool {
    let whole = name.split(separator: ".tmp-", maxSplits: 1)[0]
    return whole == lockName || whole == wholeName || number(of: String(whole)) != nil
  }
}
