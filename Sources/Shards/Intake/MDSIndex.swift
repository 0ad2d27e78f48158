import Files
import Foundation

/// `index.json` of a directory of MosaicML streaming's MDS shards, version 2.
struct MDSIndex: Decodable {
  /// A file of a shard.
  struct File: Decodable {
    let basename: String
    let bytes: Int
    /// Digests of the file by their names, such as `xxh64`, in hexadecimal digits.
    let hashes: [String: String]
  }

  /// One shard: the same columns in all.
  struct Shard: Decodable {
    let samples: Int
    let columnNames: [String]
    let columnEncodings: [String]
    /// Bytes of a value in each column; nil where each value says its own.
    let columnSizes: [Int?]
    let compression: String?
    let rawData: File
    let zipData: File?

    enum CodingKeys: String, CodingKey {
      case samples, compression
      case columnNames = "column_names"
      case columnEncodings = "column_encodings"
      case columnSizes = "column_sizes"
      case rawData = "raw_data"
      case zipData = "zip_data"
    }
  }

  /// The shards in order.
  let shards: [Shard]

  private static let fileName = "index.json"

  /// Where a directory has it.
  static func path(in directory: String) -> String { "\(directory)/\(fileName)" }

  /// Whether a file is named as streaming names shards, as in `shard.00000.mds.zstd`.
  private static func isShard(_ name: String) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return (3...4).contains(parts.count) && parts[0] == "shard" && parts[1].allSatisfy(\.isNumber) && parts[2] == "mds"
  }

  /// Whether a directory is meant to have such an index: it has one, sound or not, or files that only it explains.
  static func isPresent(in directory: String) -> Bool {
    let names = (try? Directory.names(in: directory)) ?? []
    guard !names.contains(where: isShard) else { return true }
    struct Peek: Decodable {
      struct Shard: Decodable {
        let format: String
      }
      let shards: [Shard]
    }
    let bytes = try? FileReader.contents(of: "\(directory)/\(fileName)")
    let peek = bytes.flatMap { try? JSONDecoder().decode(Peek.self, from: Data($0)) }
    return peek?.shards.first?.format == "mds"
  }

  /// Reads and checks the index of a directory.
  static func read(from directory: String) throws -> MDSIndex {
    let path = path(in: directory)
    guard Directory.exists(path) else {
      throw FileError(path, "is missing, which says what the MDS shards beside it hold: fetch or make it again")
    }
    do {
      let index = try JSONDecoder().decode(MDSIndex.self, from: Data(try FileReader.contents(of: path)))
      for (number, shard) in index.shards.enumerated() {
        let columns = shard.columnNames.count
        guard shard.columnEncodings.count == columns, shard.columnSizes.count == columns,
          shard.columnSizes.allSatisfy({ $0 ?? 0 >= 0 }), shard.samples >= 0
        else { throw FileError(path, "shard \(number) does not agree with itself: fetch or make it again") }
        for file in [shard.rawData, shard.zipData].compactMap({ $0 }) {
          // Where several processes wrote, the index of all names folders.
          let parts = file.basename.split(separator: "/", omittingEmptySubsequences: false)
          guard parts.allSatisfy({ !["", ".", ".."].contains($0) }) else {
            throw FileError(path, "names the file \"\(file.basename)\", expected one below its own directory")
          }
        }
      }
      let known = Set(index.shards.flatMap { [$0.rawData.basename, $0.zipData?.basename].compactMap { $0 } })
      if let other = try Directory.names(in: directory).first(where: { isShard($0) && !known.contains($0) }) {
        throw FileError(path, "does not name \(other), which lies beside it: fetch or make it again, or move that away")
      }
      guard !index.shards.isEmpty else { throw FileError(path, "names no shard: fetch or make it again") }
      return index
    } catch let error as DecodingError {
      throw FileError(path, "cannot be understood: \(error.summary): fetch or make it again")
    }
  }
}
