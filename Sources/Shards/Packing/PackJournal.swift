import Files
import Foundation

/// What was packed so far, so that a packing that was killed goes on: `packing.jsonl`, beside the shards until there is
/// an `index.json`.
///
/// The first line says what is packed and how; each other line stands for a shard that is complete.
final class PackJournal {
  /// An input as the journal knows it.
  struct Input: Codable, Equatable {
    let path: String
    /// The size of a file; nil for a folder.
    let bytes: Int?
    /// When the file was written, in nanoseconds since 1970; of MDS shards their index; nil for a folder.
    let modified: Int?

    /// Whether it needs not be read to know that it is what it was.
    func isKnown(from before: Input) -> Bool { modified != nil && self == before }
  }

  /// The first line.
  struct Plan: Codable, Equatable {
    var format = "swift-clip-packing"
    var version = 3
    let settings: PackSettings
    let inputs: [Input]
  }

  /// What a line holds, and the digest of that.
  private struct Sealed<Content: Codable>: Codable {
    let content: Content
    let digest: Digest

    init(_ content: Content) throws {
      self.content = content
      digest = Digest(of: try PackJournal.encode(content))
    }
  }

  /// The line of a shard.
  struct Line: Codable {
    let shard: ShardIndex.Entry
    /// What was counted, and how far the inputs were passed, when the shard ended.
    let tally: ShardCutter.Tally
    let position: PackPosition
    /// The ends of the inputs that were passed whole since the shard before.
    let finished: [PackPosition]
    /// The pictures in it, where duplicates are looked for.
    var fingerprints: [Fingerprint]?
  }

  static let fileName = "packing.jsonl"
  private static let advice = "give the command that began it to go on, or remove the directory to begin again"

  /// The lines of shards, those of earlier commands included.
  private(set) var lines: [Line] = []
  private let file: LineFile

  /// The journal of a packing into `directory`, which begins or goes on.
  ///
  /// - Parameter prove: reads an input again that was passed whole, to see that it is what it was: its place, and where it
  ///   ended then.
  /// - Throws: ``PackRefusal`` where `directory` holds an unfinished packing of other inputs, or with other settings.
  init(_ plan: Plan, in directory: String, proving prove: (Int, PackPosition) throws -> Void) throws {
    let path = "\(directory)/\(Self.fileName)"
    var kept = 0
    if Directory.exists(path) {
      let (written, count) = try LineFile.lines(of: path)
      kept = count
      if let first = written.first {
        let found: Plan = try Self.decode(first, of: path)
        guard found.format == plan.format, found.version == plan.version else {
          throw PackRefusal(
            directory, "holds an unfinished packing of another version of this program; \(Self.advice)")
        }
        lines = try written.dropFirst().map { try Self.decode($0, of: path) }
        guard lines.enumerated().allSatisfy({ $1.shard.name == ShardIndex.shardName($0) }) else {
          throw Self.refusal(path, "names other shards than the first \(lines.count)")
        }
        try Self.compare(found, plan, passed: lines.isEmpty ? -1 : lines[lines.count - 1].position.input, in: directory)
        if Directory.exists("\(directory)/\(ShardIndex.fileName)") {
          guard found.inputs.map(\.path) == plan.inputs.map(\.path) else {
            throw PackRefusal(
              directory, "holds a dataset, which is complete, of other inputs than this command's; name a new directory"
            )
          }
        } else {
          try Self.checkPassed(lines, found, plan, proving: prove)
        }
        if found.inputs != plan.inputs {
          // What is still to come was mended; from now on that is what the packing is of.
          let head = try Self.encode(Sealed(plan)) + [UInt8(ascii: "\n")]
          let rest = written.dropFirst().flatMap { $0 + [UInt8(ascii: "\n")] }
          try FileWriter.write(head + rest, to: path)
          kept = head.count + rest.count
        }
      }
    }
    file = try LineFile(path, keeping: kept)
    if kept == 0 {
      try file.append(Self.encode(Sealed(plan)))
      try Directory.sync(directory)
    }
  }

  /// Has every input read again that was passed whole and may not be what it was.
  private static func checkPassed(
    _ lines: [Line], _ found: Plan, _ plan: Plan, proving prove: (Int, PackPosition) throws -> Void
  ) throws {
    let ends = Dictionary(lines.flatMap(\.finished).map { ($0.input, $0) }) { $1 }
    for number in 0..<(lines.last?.position.input ?? 0) where !plan.inputs[number].isKnown(from: found.inputs[number]) {
      try prove(number, ends[number] ?? PackPosition(input: number))
    }
  }

  /// Notes a shard.
  func append(_ line: Line) throws {
    try file.append(Self.encode(Sealed(line)))
    lines.append(line)
    lines[lines.count - 1].fingerprints = nil
  }

  /// Hands out the pictures packed by earlier commands, once: they take memory.
  func takeFingerprints() -> [Fingerprint] {
    let taken = lines.flatMap { $0.fingerprints ?? [] }
    for index in lines.indices { lines[index].fingerprints = nil }
    return taken
  }

  /// The last line of the journal in a directory, where there is one.
  static func last(in directory: String) throws -> Line? {
    let path = "\(directory)/\(fileName)"
    guard let last = try LineFile.lines(of: path).lines.dropFirst().last else { return nil }
    return try decode(last, of: path)
  }

  private static func encode(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value))
  }

  private static func decode<Value: Codable>(_ line: ArraySlice<UInt8>, of path: String) throws -> Value {
    do {
      let sealed = try JSONDecoder().decode(Sealed<Value>.self, from: Data(line))
      let digest = Digest(of: try encode(sealed.content))
      guard digest == sealed.digest else {
        throw refusal(path, "is damaged: a line has the digest \(digest), expected \(sealed.digest)")
      }
      return sealed.content
    } catch let error as DecodingError {
      throw refusal(path, "cannot be understood: \(error.summary)")
    }
  }

  private static func refusal(_ path: String, _ reason: String) -> PackRefusal {
    PackRefusal(path, "\(reason); remove the unfinished dataset and pack again")
  }

  /// Refuses to go on with something else.
  private static func compare(_ found: Plan, _ plan: Plan, passed: Int, in directory: String) throws {
    if let (option, now, before) = plan.settings.difference(from: found.settings) {
      throw PackRefusal(
        directory, "holds an unfinished packing with \(option) \(before), this command says \(now); \(advice)")
    }
    // What comes behind the input that was being packed may have been mended meanwhile, or left out.
    for number in 0..<max(passed + 1, 0) {
      let before = found.inputs[number].path
      guard number < plan.inputs.count, plan.inputs[number].path == before else {
        let now = number < plan.inputs.count ? "names \(plan.inputs[number].path)" : "names nothing"
        throw PackRefusal(
          directory, "holds an unfinished packing of \(before), in whose place this command \(now); \(advice)")
      }
    }
    for (before, now) in zip(found.inputs, plan.inputs).prefix(max(passed, 0)) where before.bytes != now.bytes {
      throw PackRefusal(
        before.path,
        "has \(now.bytes ?? 0) bytes, it had \(before.bytes ?? 0) when it was packed into \(directory); "
          + "remove the unfinished dataset and pack again")
    }
  }
}
