import Files
import Foundation
import Glibc
import Testing

extension RankTests {
  /// Embeddings of datasets where something is wrong: with the file, its parts, the data or the disk.
  @Suite struct EmbedFaultTests {
    let scratch: Scratch
    static let parts = "out.safetensors.parts"

    /// A scratch with two models and a dataset, and what a run on it left that was killed before its last part.
    struct Interrupted: Sendable {
      static let shared = Result { try Interrupted() }
      let scratch: Scratch

      init() throws {
        scratch = try Scratch.untilExit()
        let trained = try Trained.shared.get().scratch
        for name in ["run", "vocabulary.txt", "shards"] { try scratch.copy(trained(name), to: name) }
        try scratch.succeed(Trained.command(into: "other", steps: 1), ranks: 2)
        try scratch.succeed(EmbedFaultTests.command("expected.safetensors"))
        // The last shard is damaged at the end of the work and put back afterwards.
        let shard = "shards/shard-000002.tar.zst"
        let sound = try scratch.read(shard)
        try scratch.change(shard) { $0[$0.count / 2] ^= 0x10 }
        try scratch.fail(
          EmbedFaultTests.command("out.safetensors"), with: 74, "shard-000002.tar.zst: frame ",
          "what was embedded so far is kept in ", "out.safetensors.parts: the same command goes on")
        try scratch.write(sound, to: shard)
      }
    }

    init() throws {
      let source = try Interrupted.shared.get().scratch
      scratch = try Scratch()
      for name in ["run", "other", "vocabulary.txt", "shards", Self.parts, "expected.safetensors"] {
        try scratch.copy(source(name), to: name)
      }
    }

    private static func command(_ file: String, weights: String = "run", _ more: String...) -> [String] {
      ["embed", "--weights", weights, "--data", "shards", "--into", file, "--part-samples", "64"] + more
    }

    private var first: String { "\(Self.parts)/part-000000.safetensors" }

    /// Goes on and must end as if nothing had happened.
    private func goesOn(kept: Int, ranks: Int?) throws -> ClipProgram.Result {
      let result = try scratch.succeed(Self.command("out.safetensors", "--json"), ranks: ranks)
      #expect(result.output.contains("\"kept_parts\" : \(kept),"), "\(result.output)")
      #expect(try scratch.read("out.safetensors") == scratch.read("expected.safetensors"))
      #expect(!scratch.exists(Self.parts))
      return result
    }

    @Test func whatWasDoneIsKept() throws {
      #expect(try scratch.names(Self.parts) == ["part-000000.safetensors"])
      #expect(try goesOn(kept: 1, ranks: 2).errors.isEmpty)
    }

    @Test(arguments: [nil, 2]) func partsOfAnotherModelAreRefused(ranks: Int?) throws {
      let before = try scratch.read(first)
      try scratch.fail(
        Self.command("out.safetensors", weights: "other"), ranks: ranks, with: 74, "part-000000.safetensors",
        "is of another model (xxh64:", "remove ", "\(Self.parts) to begin anew")
      try scratch.writeShapes(144, to: "pictures", from: 300)
      try scratch.succeed(["pack", "pictures", "--into", "others"])
      try scratch.fail(
        ["embed", "--weights", "run", "--data", "others", "--into", "out.safetensors"], ranks: ranks, with: 74,
        "is of other data (xxh64:")
      try scratch.fail(
        Self.command("out.safetensors", "--captions"), ranks: ranks, with: 74, "is without the embeddings of captions")
      try scratch.fail(
        ["embed", "--weights", "run", "--data", "shards", "--into", "out.safetensors", "--part-samples", "128"],
        ranks: ranks, with: 74, "is of parts of 64 samples, not of 128")
      #expect(try scratch.read(first) == before && !scratch.exists("out.safetensors"))
      _ = try goesOn(kept: 1, ranks: ranks)
    }

    @Test(arguments: [100, 900, 40_000, -1, -1_000]) func aDamagedPartIsMadeAgain(place: Int) throws {
      try scratch.change(first) { bytes in
        if place < 0 { bytes.removeLast(-place) } else { bytes[place] ^= 1 }
      }
      let result = try goesOn(kept: 0, ranks: 2)
      #expect(result.errors.contains("part-000000.safetensors is damaged and made again: "), "\(result.errors)")
    }

    @Test func aPartUnderAnotherNameIsMadeAgain() throws {
      try scratch.copy(scratch(first), to: "\(Self.parts)/part-000001.safetensors")
      try scratch.write("half", to: "\(Self.parts)/part-000002.safetensors.tmp-4711")
      #expect(try goesOn(kept: 1, ranks: 3).errors.contains("part-000001.safetensors is damaged and made again"))
    }

    /// The directory is removed in the end, so nothing else may lie in it.
    @Test func whatIsNoPartIsRefused() throws {
      try scratch.write("mine", to: "\(Self.parts)/notes.txt")
      try scratch.fail(
        Self.command("out.safetensors"), ranks: 2, with: 74, "\(Self.parts): holds notes.txt, which is no part")
      #expect(try scratch.text("\(Self.parts)/notes.txt") == "mine" && scratch.exists(first))
    }

    @Test func twoCommandsDoNotWriteOneFile() throws {
      let lock = FileLock(scratch("\(Self.parts)/.lock"))
      try lock.acquire(as: "process 1 on here")
      try scratch.fail(Self.command("out.safetensors"), ranks: 2, with: 74, "is in use by process 1 on here: wait")
      lock.release()
      _ = try goesOn(kept: 1, ranks: nil)
    }

    @Test(arguments: [nil, 2]) func placesThatCannotBeWrittenAreNamed(ranks: Int?) throws {
      try Directory.create(scratch("folder.safetensors"))
      #expect(mkfifo(scratch("pipe.npy"), 0o644) == 0)
      for file in ["folder.safetensors", "pipe.npy"] {
        try scratch.fail(Self.command(file), ranks: ranks, with: 74, "\(file): is no file")
      }
      try scratch.fail(Self.command("gone/x.npy"), ranks: ranks, with: 74, "gone/x.npy: cannot create: No such file")
      try scratch.write("mine", to: "x.npy.parts")
      try scratch.fail(Self.command("x.npy"), ranks: ranks, with: 74, "x.npy.parts: cannot create directory")
      try scratch.fail(
        ["embed", "--weights", "run", "--data", "nowhere", "--into", "y.npy"], ranks: ranks, with: 74, "nowhere")
      try scratch.fail(
        ["embed", "--weights", "nowhere", "--data", "shards", "--into", "y.npy"], ranks: ranks, with: 74, "nowhere")
      #expect(try scratch.text("x.npy.parts") == "mine" && scratch.names("").allSatisfy { !$0.hasPrefix("y.npy") })
    }

    @Test func aLinkIsFollowed() throws {
      try Directory.create(scratch("far"))
      try scratch.write("old", to: "far/index.safetensors")
      #expect(symlink("far/index.safetensors", scratch("near.safetensors")) == 0)
      try scratch.succeed(Self.command("near.safetensors"), ranks: 2)
      #expect(try scratch.read("far/index.safetensors") == scratch.read("expected.safetensors"))
      #expect(try scratch.names("far") == ["index.safetensors"])
    }

    @Test(.enabled(if: geteuid() != 0, "root may write everywhere")) func aProtectedFolderIsNamed() throws {
      try Directory.create(scratch("locked"))
      try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: scratch("locked"))
      try scratch.fail(Self.command("locked/x.npy"), ranks: 2, with: 74, "locked/x.npy: cannot create: Permission")
    }

    @Test(.enabled(if: SmallDisk.canBeMade, "needs the right to mount")) func aFullDiskKeepsWhatIsDone() throws {
      let disk = try SmallDisk(scratch("disk"), kilobytes: 170)
      defer { disk.unmount() }
      // Room for two parts of three; then for all of them, but not for the whole as well.
      for kilobytes in [170, 260] {
        try disk.resize(kilobytes: kilobytes)
        try scratch.fail(
          Self.command("disk/x.safetensors"), with: 74, "disk/x.safetensors.parts/", "No space",
          "disk/x.safetensors.parts: the same command goes on")
        #expect(!scratch.exists("disk/x.safetensors"))
        #expect(try scratch.names("disk/x.safetensors.parts").allSatisfy { !$0.contains("tmp-") && $0 != "whole" })
      }
      try disk.resize(kilobytes: 2000)
      #expect(try scratch.succeed(Self.command("disk/x.safetensors", "--json")).output.contains("\"kept_parts\" : 3,"))
      #expect(try scratch.read("disk/x.safetensors") == scratch.read("expected.safetensors"))
      try disk.makeReadOnly()
      try scratch.fail(Self.command("disk/y.npy"), ranks: 2, with: 74, "disk/y.npy", "Read-only file system")
    }
  }
}
