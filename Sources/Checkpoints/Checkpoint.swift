import Files
import Tensors

/// A directory `step-000001000` that holds a run as it was after so many steps.
///
/// ```
/// model.safetensors                    weights, single precision, open_clip's names
/// optimizer-000.safetensors.zst …      whatever the optimizer keeps, in files of about 1 GiB
/// state.json                           where the run stands
/// MANIFEST.json                        length and digests of every file; written last
/// ```
public struct Checkpoint: Sendable, Equatable {
  /// The run's directory with the name of the checkpoint.
  public let directory: String

  static let modelFile = "model.safetensors"
  static let optimizerPrefix = "optimizer-"
  static let compressedSuffix = ".zst"
  static let optimizerSuffix = ".safetensors" + compressedSuffix
  /// The name of the file that says where the run stands.
  public static let stateFile = "state.json"

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

  /// What of a checkpoint matters to somebody.
  public enum Part: Sendable {
    /// All of it: to a run that resumes.
    case everything
    /// The weights and what tells how to use them: neither moments nor where the run stands.
    case weights

    func holds(_ file: String) -> Bool {
      switch self {
      case .everything: true
      case .weights: file != Checkpoint.stateFile && !file.hasSuffix(Checkpoint.optimizerSuffix)
      }
    }
  }

  /// What is wrong with the checkpoint: one line each, naming the file; none for one that can be trusted.
  ///
  /// - Parameters:
  ///   - contents: whether to read every byte and compare digests, or to look at names and lengths only.
  ///   - part: what matters.
  public func problems(contents: Bool = true, of part: Part = .everything) -> [String] {
    do {
      let manifest = try Manifest.read(from: directory)
      var problems: [String] = []
      if let step, manifest.step != step {
        problems.append("\(directory): is the checkpoint of step \(manifest.step) by its \(Manifest.name)")
      }
      var files: [StoredFile] = []
      for entry in manifest.files where part.holds(entry.file) {
        do {
          files.append(try StoredFile(entry, in: directory))
        } catch {
          problems.append("\(error)")
        }
      }
      if contents { problems += Self.damage(of: files) }
      let known = Set(manifest.files.map(\.file) + [Manifest.name])
      let needed = [Self.modelFile] + (part == .everything ? [Self.stateFile] : [])
      problems += needed.filter { !known.contains($0) }.map { "\(directory)/\(Manifest.name): does not name \($0)" }
      problems += try Directory.names(in: directory).filter { !known.contains($0) }
        .map { "\(directory)/\($0): is not named in \(Manifest.name)" }
      return problems
    } catch {
      return ["\(error)"]
    }
  }

  /// Reads every byte of some files; a line for each that is not what it was, naming the first place.
  private static func damage(of files: [StoredFile]) -> [String] {
    let blocks = files.indices.flatMap { file in files[file].entry.blocks.indices.map { (file, $0) } }
    let found = Failures<Int>()
    Threads.forEachItem(of: blocks.count, keeping: { StoredFile.Buffers(for: files) }) { item, buffers in
      let (file, block) = blocks[item]
      found.note(file, at: item) { try files[file].check(block, buffers) }
    }
    return found.first.map { "\($0)" }
  }
}
