import Files
import Foundation
import Shards
import Testing

/// Packing onto a file system too small for the dataset; needs the right to mount one.
@Suite struct DiskFullTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// Whether this process may mount; a container's root may not.
  static let canMount: Bool = {
    guard geteuid() == 0, let scratch = try? Scratch() else { return false }
    return run("mount", "-t", "tmpfs", "tmpfs", scratch.path) && run("umount", scratch.path)
  }()

  private static func run(_ command: String...) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  @Test(.enabled(if: canMount, "mounting a small file system takes root")) func onlyWholeShardsAreLeftOnAFullDisk()
    throws
  {
    try scratch.writePhotos(200, bytes: 4000)
    let small = "\(scratch.path)/small"
    try Directory.create(small)
    try #require(Self.run("mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", small))
    defer { _ = Self.run("umount", small) }
    // A shard of 400 would fill the disk before it is complete, one of 40 not.
    let large = try Packer(samplesPerShard: 400, threads: 2, prepare: prepare)
    #expect(throws: FileError.self) { try large.pack([PackInput("\(scratch.path)/photos")], into: "\(small)/dataset") }
    #expect(try Directory.names(in: small) == [])
    let packer = try Packer(samplesPerShard: 40, threads: 2, prepare: prepare)
    let input = try PackInput("\(scratch.path)/photos")
    let error = #expect(throws: FileError.self) { try packer.pack([input], into: "\(small)/dataset") }
    #expect(error?.description.contains("No space left") == true)
    #expect(error?.description.contains("the same command goes on") == true)
    let left = try Directory.names(in: "\(small)/dataset")
    #expect(left == ["packing.jsonl", "shard-000000.tar.zst", "shard-000001.tar.zst"])
  }
}
