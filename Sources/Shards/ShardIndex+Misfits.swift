import Files
import Foundation

extension ShardIndex {
  /// The shard files that are missing, unknown or of the wrong size, with their numbers; unknown ones have none.
  func misfits(in directory: String) throws -> [(key: Int?, value: FileError)] {
    var misfits: [(key: Int?, value: FileError)] = []
    let present = Set(try Directory.names(in: directory).filter { $0.hasPrefix("shard-") })
    for (number, shard) in shards.enumerated() {
      let path = "\(directory)/\(shard.name)"
      guard present.contains(shard.name) else {
        misfits.append((number, FileError(path, "is missing, index.json names it: fetch or pack it again")))
        continue
      }
      let count = try FileReader(path).count
      if count != shard.bytes { misfits.append((number, Shard.sizeError(path, found: count, shard))) }
    }
    for name in present.subtracting(shards.map(\.name)).sorted() {
      misfits.append((nil, FileError("\(directory)/\(name)", "is not in index.json: it belongs to another packing")))
    }
    return misfits
  }

  /// What is wrong with the counts written for open_clip; nothing, where there are none.
  func countsMisfit(in directory: String) throws -> FileError? {
    let path = "\(directory)/\(Self.countsFileName)"
    guard Directory.exists(path) else { return nil }
    let bytes = try FileReader.contents(of: path)
    let found = try? JSONDecoder().decode([String: Int].self, from: Data(bytes))
    return found == counts && bytes.last == UInt8(ascii: "\n")
      ? nil : FileError(path, "does not say what index.json says: it was changed; pack it again")
  }
}
