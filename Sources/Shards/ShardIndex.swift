public import Files
import Foundation

/// `index.json` of a dataset: written last, so its presence says that the dataset is complete.
public struct ShardIndex: Codable, Equatable, Sendable {
  /// One shard.
  public struct Entry: Codable, Equatable, Sendable {
    /// The file's name: `shard-000000.tar.zst` and so on, without gaps.
    public let name: String
    /// The file's size.
    public let bytes: Int
    /// The size of the tar in it.
    public let rawBytes: Int
    /// Pictures with captions.
    public let samples: Int
    /// Independent zstd frames, of ``ShardIndex/samplesPerFrame`` samples each, save the last.
    public let frames: Int
    /// The digest of the whole file.
    public let digest: Digest
    /// The digest of the seek table at its end.
    public let tailDigest: Digest

    enum CodingKeys: String, CodingKey, CaseIterable {
      case name, bytes, samples, frames, digest
      case rawBytes = "raw_bytes"
      case tailDigest = "tail_digest"
    }
  }

  /// Always `swift-clip-shards`.
  public let format: String
  /// Always 1.
  public let version: Int
  /// Samples of all shards.
  public let samples: Int
  /// Always 8.
  public let samplesPerFrame: Int
  /// The identity of the dataset: see ``digest(of:)``.
  public let digest: Digest
  /// Samples by the format of their picture.
  public let pictures: [String: Int]
  /// Samples the packer left out, by reason.
  public let dropped: [String: Int]
  /// The shards in order.
  public let shards: [Entry]
  /// The digest of everything the index says: see ``checksum(of:)``. Nil where another program wrote it without.
  public let checksum: Digest?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case format, version, samples, digest, pictures, dropped, shards, checksum
    case samplesPerFrame = "samples_per_frame"
  }

  static let fileName = "index.json"
  /// Where open_clip looks for the number of samples of each shard.
  static let countsFileName = "sizes.json"
  static let formatName = "swift-clip-shards"
  static let currentVersion = 1

  init(shards: [Entry], pictures: [String: Int], dropped: [String: Int]) {
    format = Self.formatName
    version = Self.currentVersion
    samples = shards.reduce(0) { $0 + $1.samples }
    samplesPerFrame = ShardLimits.samplesPerFrame
    digest = Self.digest(of: shards)
    self.pictures = pictures
    self.dropped = dropped
    self.shards = shards
    checksum = Self.checksum(of: digest, pictures: pictures, dropped: dropped)
  }

  /// The name of the shard with a number.
  static func shardName(_ number: Int) -> String {
    let digits = String(number)
    return "shard-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits + ".tar.zst"
  }

  /// The digest of a line for each shard: its fields as `index.json` has them, separated by spaces, in the order
  /// name, bytes, raw bytes, samples, frames, digest, tail digest.
  public static func digest(of shards: [Entry]) -> Digest {
    let lines = shards.map {
      "\($0.name) \($0.bytes) \($0.rawBytes) \($0.samples) \($0.frames) \($0.digest) \($0.tailDigest)\n"
    }
    return Digest(of: Array(lines.joined().utf8))
  }

  /// The digest of a line with the dataset's digest, then a line for each format of pictures and each reason of
  /// dropping, sorted, such as `dropped no_text 3`.
  ///
  /// What else the index says follows from the shards, which ``digest`` covers.
  private static func checksum(of digest: Digest, pictures: [String: Int], dropped: [String: Int]) -> Digest {
    let counts = [("pictures", pictures), ("dropped", dropped)].flatMap { name, counts in
      counts.sorted { $0.key < $1.key }.map { "\(name) \($0.key) \($0.value)\n" }
    }
    return Digest(of: Array(("\(digest)\n" + counts.joined()).utf8))
  }

  /// Reads the index of the dataset in `directory`, and checks that it agrees with itself.
  static func read(from directory: String) throws -> ShardIndex {
    let path = "\(directory)/\(fileName)"
    guard Directory.exists(directory) else { throw FileError(directory, "is not there: expected a dataset") }
    guard Directory.exists(path) else {
      guard !Directory.exists("\(directory)/\(PackJournal.fileName)") else {
        throw FileError(
          directory, "holds no \(fileName): packing it has not finished; the `clip pack` command that began it goes on")
      }
      throw FileError(directory, "holds no \(fileName), so it is not a dataset")
    }
    let index: ShardIndex
    do {
      let bytes = try FileReader.contents(of: path)
      index = try JSONDecoder().decode(ShardIndex.self, from: Data(bytes))
      guard index.checksum == nil || bytes.last == UInt8(ascii: "\n") else {
        throw FileError(path, "does not end with a line break: it was cut short; fetch or pack it again")
      }
    } catch let error as DecodingError {
      throw FileError(path, "cannot be understood: \(error.summary): fetch or pack it again")
    }
    if let flaw = index.flaw { throw FileError(path, flaw) }
    return index
  }

  /// The samples of each shard.
  var counts: [String: Int] { Dictionary(uniqueKeysWithValues: shards.map { ($0.name, $0.samples) }) }

  /// Writes the index, and beside it the sample counts open_clip looks for.
  func write(to directory: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try FileWriter.write(Array(try encoder.encode(counts)) + [0x0A], to: "\(directory)/\(Self.countsFileName)")
    try FileWriter.write(Array(try encoder.encode(self)) + [0x0A], to: "\(directory)/\(Self.fileName)")
  }

  /// The first thing that is not as a packer writes it.
  private var flaw: String? {
    if format != Self.formatName { return "format is \"\(format)\", expected \"\(Self.formatName)\"" }
    if version != Self.currentVersion {
      return "version is \(version), this program reads \(Self.currentVersion): use the program that wrote it"
    }
    if samplesPerFrame != ShardLimits.samplesPerFrame {
      return "samples_per_frame is \(samplesPerFrame), expected \(ShardLimits.samplesPerFrame)"
    }
    if shards.isEmpty { return "names no shards" }
    var total = 0
    for (number, shard) in shards.enumerated() {
      guard shard.name == Self.shardName(number) else {
        return "shard number \(number) is named \"\(shard.name)\", expected \"\(Self.shardName(number))\""
      }
      // So bounded, no sum below overflows.
      guard (1...1 << 32).contains(shard.samples), (1...1 << 40).contains(shard.bytes) else {
        return "\(shard.name): \(shard.samples) samples in \(shard.bytes) bytes cannot be"
      }
      let frames = (shard.samples + samplesPerFrame - 1) / samplesPerFrame
      guard shard.frames == frames else {
        return "\(shard.name): \(shard.frames) frames, expected \(frames) for \(shard.samples) samples"
      }
      total += shard.samples
    }
    if samples != total { return "samples is \(samples), but its shards have \(total)" }
    let computed = Self.digest(of: shards)
    if digest != computed { return "digest is \(digest), but its shards make \(computed): the file was changed" }
    let sum = Self.checksum(of: digest, pictures: pictures, dropped: dropped)
    if let checksum, checksum != sum { return "checksum is \(checksum), but it should be \(sum): the file was changed" }
    return nil
  }
}

extension DecodingError {
  /// The field, and what is wrong with it.
  var summary: String {
    let context: Context? =
      switch self {
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
        .dataCorrupted(let context):
        context
      @unknown default: nil
      }
    guard let context else { return "\(self)" }
    let field = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    // Where the JSON itself is broken, only the error beneath says in which line.
    let beneath = (context.underlyingError as NSError?)?.userInfo["NSDebugDescription"] as? String
    return (field.isEmpty ? "" : "\(field): ") + (beneath ?? context.debugDescription)
  }
}
