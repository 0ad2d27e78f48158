/// The content of one zstd frame of a shard: a run of tar members, in samples.
final class Frame: Sendable {
  /// Where the parts of a sample lie.
  private struct Layout {
    let key: String
    let picture: Range<Int>
    let format: StoredFormat
    let caption: String
    let json: Range<Int>?
  }

  /// What is wrong with a frame's content.
  struct Flaw: Error, CustomStringConvertible {
    let description: String
  }

  /// Bytes held.
  var count: Int { bytes.count }
  /// Number of samples.
  var samples: Int { layouts.count }

  private let bytes: [UInt8]
  private let layouts: [Layout]

  /// Finds the samples in a frame's content.
  ///
  /// - Parameters:
  ///   - bytes: whole tar members; in the last frame of a shard, the end of the tar too.
  ///   - samples: how many samples it must hold.
  ///   - isLast: whether it is the last frame of its shard.
  init(_ bytes: [UInt8], samples: Int, isLast: Bool) throws {
    var members: [(name: String, data: Range<Int>)] = []
    var offset = 0
    let end = bytes.count - (isLast ? TarHeader.end.count : 0)
    guard end >= 0, end % TarHeader.blockCount == 0 else {
      throw Flaw(description: "its \(bytes.count) bytes are not whole tar blocks")
    }
    while offset < end {
      let start = offset + TarHeader.blockCount
      guard let header = try TarHeader.read(bytes[offset..<start]), header.kind == .file,
        header.count <= end - start
      else { throw Flaw(description: "no whole file of a tar at byte \(offset) of its content") }
      members.append((header.name, start..<start + header.count))
      offset = start + TarHeader.padded(header.count)
    }
    guard offset == end, bytes[end...].allSatisfy({ $0 == 0 }) else {
      throw Flaw(description: "its content does not end with a whole file of a tar")
    }
    self.bytes = bytes
    layouts = try Self.group(members, bytes)
    guard layouts.count == samples else {
      throw Flaw(description: "holds \(layouts.count) samples, expected \(samples)")
    }
  }

  /// The encoded picture of a sample.
  func picture(_ index: Int) -> ArraySlice<UInt8> { bytes[layouts[index].picture] }

  /// All captions of a sample.
  func captions(_ index: Int) -> [String] {
    let layout = layouts[index]
    return Sample.captions(layout.caption, json: layout.json.map { Array(bytes[$0]) })
  }

  /// A sample of the frame.
  func sample(_ index: Int) -> Sample {
    var sample = sampleWithoutPicture(index)
    sample.picture = Array(bytes[layouts[index].picture])
    return sample
  }

  /// A sample whose picture is not looked at and not copied: its bytes are left empty.
  func sampleWithoutPicture(_ index: Int) -> Sample {
    let layout = layouts[index]
    return Sample(
      key: layout.key, picture: [], format: layout.format, caption: layout.caption,
      json: layout.json.map { Array(bytes[$0]) })
  }

  /// The format of a sample's picture.
  func format(_ index: Int) -> StoredFormat { layouts[index].format }

  /// Groups members into samples: picture, caption, and JSON if there is one, all with the same key.
  private static func group(_ members: [(name: String, data: Range<Int>)], _ bytes: [UInt8]) throws -> [Layout] {
    var layouts: [Layout] = []
    var index = 0
    while index < members.count {
      let picture = members[index]
      let name = MemberName(picture.name)
      guard let format = StoredFormat(rawValue: name.fileExtension), index + 1 < members.count else {
        throw Flaw(description: "\(picture.name), expected a picture with a caption")
      }
      let caption = members[index + 1]
      guard caption.name == "\(name.key).txt" else {
        throw Flaw(description: "\(caption.name) follows \(picture.name), expected \(name.key).txt")
      }
      guard let text = String(validating: bytes[caption.data], as: UTF8.self) else {
        throw Flaw(description: "\(caption.name) is not UTF-8")
      }
      index += 2
      var json: Range<Int>?
      if index < members.count, members[index].name == "\(name.key).json" {
        json = members[index].data
        index += 1
      }
      layouts.append(Layout(key: name.key, picture: picture.data, format: format, caption: text, json: json))
    }
    return layouts
  }
}
