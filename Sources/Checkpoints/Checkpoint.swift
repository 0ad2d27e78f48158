import Files

/// A directory `step-000001000` that holds a run as it was after so many steps.
///
/// ```
/// model.safetensors                weights, single precision, open_clip's names
/// optimizer-000.safetensors …      whatever the optimizer keeps, in files of about 1 GiB
/// state.json                       where the run stands
/// MANIFEST.json                    length and digest of every file; written last
/// ```
public struct Checkpoint: Sendable, Equatable {
  /// The run's directory with the name of the checkpoint.
  public let directory: String

  static let modelFile = "model.safetensors"
  static let stateFile = "state.json"

  /// The checkpoint at `directory`, which may be damaged or not exist; ``problems(contents:of:)`` tells.
  public init(_ directory: String) {
    self.directory = directory.count > 1 && directory.hasSuffix("/") ? String(directory.dropLast()) : directory
  }

  init(step: Int, in run: String) {
    let digits = String(step)
    directory = "\(run)/step-" + String(repeating: "0", count: max(0, 9 - digits.count)) + digits
  }

  /// Steps done when it was written, by its name; nil for a name that is not exactly `step-` and nine digits.
  public var step: Int? {
    let name = directory.split(separator: "/").last ?? ""
    guard name.hasPrefix("step-"), name.utf8.count == 14, name.utf8.dropFirst(5).allSatisfy({ 48...57 ~= $0 }) else {
      return nil
    }
    return Int(name.dropFirst(5))
  }

  /// Opens the weights.
  public func model() throws -> SafetensorsFile { try SafetensorsFile("\(directory)/\(Self.modelFile)") }

  /// The tensors of the optimizer, from all its files.
  public func optimizer() throws -> [WeightTensor] {
    try Directory.names(in: directory).filter { $0.hasPrefix("optimizer-") && $0.hasSuffix(".safetensors") }
      .flatMap { try SafetensorsFile("\(directory)/\($0)").tensors }
  }

  /// The bytes of `state.json`.
  public func state() throws -> [UInt8] { try FileReader.contents(of: "\(directory)/\(Self.stateFile)") }

  /// What is wrong with the checkpoint: one line each, naming the file; none for one that can be trusted.
  ///
  /// - Parameters:
  ///   - contents: whether to read every byte and compare digests, or to look at names and lengths only.
  ///   - only: the one file that matters; all where it is nil.
  public func problems(contents: Bool = true, of only: String? = nil) -> [String] {
    do {
      let manifest = try Manifest.read(from: directory)
      var problems: [String] = []
      if let step, manifest.step != step {
        problems.append("\(directory): is the checkpoint of step \(manifest.step) by its \(Manifest.name)")
      }
      for entry in manifest.files where only == nil || entry.file == only {
        if let problem = problem(with: entry, contents: contents) { problems.append(problem) }
      }
      let known = Set(manifest.files.map(\.file) + [Manifest.name])
      if only == nil {
        problems += try Directory.names(in: directory).filter { !known.contains($0) }
          .map { "\(directory)/\($0): is not named in \(Manifest.name)" }
      } else if let only, !known.contains(only) {
        problems.append("\(directory)/\(only): is not named in \(Manifest.name)")
      }
      return problems
    } catch {
      return ["\(error)"]
    }
  }

  private func problem(with entry: Manifest.Entry, contents: Bool) -> String? {
    let path = "\(directory)/\(entry.file)"
    do {
      let file = try FileReader(path)
      guard file.count == entry.bytes else {
        return "\(path): has \(file.count) bytes, expected \(entry.bytes)"
      }
      guard contents else { return nil }
      let digest = RunningDigest()
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(file.count, 4 << 20), alignment: 64)
      defer { buffer.deallocate() }
      var offset = 0
      while offset < file.count {
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, file.count - offset)])
        try file.read(into: part, at: offset)
        digest.append(UnsafeRawBufferPointer(part))
        offset += part.count
      }
      guard digest.digest == entry.digest else {
        return "\(path): has digest \(digest.digest), expected \(entry.digest): it is damaged"
      }
      return nil
    } catch {
      return "\(error)"
    }
  }
}
