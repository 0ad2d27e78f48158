import Checkpoints
import Files
import Foundation
import Glibc
import Images
import Shards
import Testing

extension RankTests {
  /// Embeddings of datasets: on any number of ranks, through deaths at any moment, as of the pictures one by one.
  @Suite struct EmbedTests {
    let scratch: Scratch

    init() throws {
      let trained = try Trained.shared.get().scratch
      scratch = try Scratch()
      for name in ["run", "vocabulary.txt", "shards"] { try scratch.copy(trained(name), to: name) }
    }

    /// The dataset so often that its parts take a while.
    private static let times = 20
    private static let many = [String](repeating: "shards", count: times)
    /// A batch a part.
    private static let partSamples = 64
    private static let parts = (times * Trained.samples + partSamples - 1) / partSamples

    private func command(_ file: String, data: [String] = ["shards"], _ more: String...) -> [String] {
      ["embed", "--weights", "run", "--data"] + data + ["--into", file] + more
    }

    private func object(_ json: String) throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    }

    private func values(_ file: String, _ name: String = "image_features") throws -> [Float] {
      try SafetensorsFile(scratch(file)).tensor(name).values()
    }

    @Test func ranksThreadsAndPartsChangeNothing() throws {
      try scratch.succeed(command("alone.safetensors", "--captions"))
      let alone = try scratch.read("alone.safetensors")
      for (number, (ranks, more)) in [
        (1, []), (2, ["--threads", "1"]), (3, ["--part-samples", "64"]), (nil, ["--threads", "3"]),
        (nil, ["--part-samples", "128"]), (2, ["--part-samples", "8192"]),
      ].enumerated() {
        let file = "\(number).safetensors"
        let result = try scratch.succeed(command(file, "--captions") + more, ranks: ranks)
        #expect(try scratch.read(file) == alone, "\(ranks ?? 0) ranks, \(more)")
        #expect(result.errors.isEmpty && !scratch.exists("\(file).parts"), "\(result.errors)")
        #expect(result.output == "\(file): image_features 144 × 256, text_features 144 × 256\n")
      }
      let images = try values("alone.safetensors")
      try scratch.succeed(command("one.safetensors"), ranks: 2)
      #expect(try values("one.safetensors") == images)
      #expect(try SafetensorsFile(scratch("one.safetensors")).tensors.map(\.name) == ["image_features"])

      try scratch.succeed(command("rows.npy"), ranks: 2)
      let rows = try scratch.read("rows.npy")
      let begin = rows.count - 4 * images.count
      #expect(begin % 64 == 0 && Array(rows[..<8]) == [0x93] + Array("NUMPY".utf8) + [1, 0])
      #expect(begin == 10 + Int(rows[8]) + 256 * Int(rows[9]))
      let header = String(decoding: rows[10..<begin], as: UTF8.self)
      #expect(header.hasPrefix("{'descr': '<f4', 'fortran_order': False, 'shape': (144, 256), }"))
      #expect(header.hasSuffix(" \n"))
      #expect(images.withUnsafeBytes { Array($0) } == Array(rows[begin...]))
    }

    @Test func rowsAreThoseOfThePicturesOneByOne() throws {
      let dataset = try ShardDataset(scratch("shards"))
      var pictures: [String] = [], captions: [String] = []
      for number in 0..<dataset.count {
        let sample = try dataset.sample(at: number)
        pictures.append("pictures/\(1000 + number).\(sample.format.rawValue)")
        try scratch.write(sample.picture, to: pictures[number])
        captions.append(sample.caption.split(separator: "\n")[0] + "\n")
      }
      try scratch.write(captions.joined(), to: "texts.txt")
      try scratch.succeed(
        ["embed", "--weights", "run", "--texts", "texts.txt", "--into", "single.safetensors", "--images"] + pictures)
      try scratch.succeed(command("all.safetensors", "--captions"))
      for name in ["image_features", "text_features"] {
        let single = try values("single.safetensors", name), all = try values("all.safetensors", name)
        let off = zip(single, all).map { abs($0 - $1) }.max() ?? .infinity
        #expect(single.count == all.count && off <= 1e-6, "\(name) off by \(off)")
      }
      let metadata = try SafetensorsFile(scratch("all.safetensors")).metadata
      #expect(metadata["samples"] == "144" && metadata["undecodable"] == "0" && metadata["format"] == "pt")
      #expect(metadata["dataset"] == "\(dataset.digest)")

      // Another form of the same model is the same model; another model is not.
      try scratch.succeed(["export", "--weights", "run", "--into", "exported", "--format", "open_clip"])
      let exported = ["embed", "--weights", "exported", "--data", "shards", "--into", "all.safetensors", "--captions"]
      let again = try object(scratch.succeed(exported + ["--json"]).output)
      #expect(again["model"] as? String == metadata["model"] && again["written"] as? Bool == false)
      try scratch.succeed(Trained.command(into: "other", steps: 1), ranks: 2)
      let other = ["embed", "--weights", "other", "--data", "shards", "--into", "all.safetensors"]
      let replaced = try object(scratch.succeed(other + ["--json"], ranks: 2).output)
      #expect(replaced["model"] as? String != metadata["model"] && replaced["written"] as? Bool == true)
    }

    /// Several datasets are one, in the order given.
    @Test func datasetsFollowOneAnother() throws {
      try scratch.writeShapes(70, to: "more", from: 500)
      try scratch.succeed(["pack", "more", "--into", "more-shards"])
      for (file, data) in [
        ("a", ["shards"]), ("b", ["more-shards"]), ("ab", ["shards", "more-shards"]),
        ("ba", ["more-shards", "shards"]),
      ] {
        try scratch.succeed(command("\(file).safetensors", data: data))
      }
      let (a, b) = (try values("a.safetensors"), try values("b.safetensors"))
      for (file, expected) in [("ab", a + b), ("ba", b + a)] {
        let found = try values("\(file).safetensors")
        #expect(found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-6 })
      }
    }

    /// What is waited for until all processes are killed: how many parts there are, or that the whole is put together.
    enum Moment: CustomTestStringConvertible {
      case parts(Int), assembling

      var testDescription: String {
        switch self {
        case .parts(let count): "\(count) parts"
        case .assembling: "assembling"
        }
      }
    }

    private func kill(_ program: ClipProgram, at moment: Moment, of file: String) {
      let deadline = ContinuousClock.now + .seconds(60)
      func hasCome() -> Bool {
        let names = (try? scratch.names("\(file).parts")) ?? []
        return switch moment {
        case .parts(let count): !names.isEmpty && names.count { $0.hasSuffix(".safetensors") } >= count
        case .assembling: names.contains { $0.hasPrefix("whole") }
        }
      }
      while program.isRunning, !hasCome(), ContinuousClock.now < deadline {}
      for process in program.processes { Glibc.kill(process, SIGKILL) }
      _ = program.wait()
    }

    @Test(arguments: [
      (Moment.parts(0), nil as Int?, 2 as Int?), (.parts(1), 2, 1), (.parts(5), 1, 3), (.parts(20), 3, 2),
      (.parts(40), 2, nil), (.parts(parts), nil, 2), (.assembling, 2, 1),
    ]) func aKilledRunGoesOn(moment: Moment, ranks: Int?, later: Int?) throws {
      let words = ["--captions", "--part-samples", "\(Self.partSamples)"]
      let file = "out.safetensors"
      try scratch.succeed(command("whole.safetensors", data: Self.many, "--captions"), ranks: 2)
      // What lies there stays until everything is done.
      try scratch.write("old", to: file)
      let program = try ClipProgram(command(file, data: Self.many) + words, ranks: ranks, in: scratch.path)
      kill(program, at: moment, of: file)
      let left = scratch.exists("\(file).parts") ? try scratch.names("\(file).parts") : []
      let done = left.count { $0.hasPrefix("part-") && $0.hasSuffix(".safetensors") }
      let isOld = try scratch.text(file) == "old"
      #expect(isOld ? left.contains(".lock") : try scratch.read(file) == scratch.read("whole.safetensors"))
      let result = try scratch.succeed(command(file, data: Self.many) + words + ["--json"], ranks: later)
      #expect(result.errors.isEmpty, "\(result.errors)")
      let report = try object(result.output)
      #expect(report["parts"] as? Int == Self.parts && report["written"] as? Bool == isOld)
      #expect(report["kept_parts"] as? Int == (isOld ? done : Self.parts))
      if case .parts(let count) = moment {
        #expect(done >= count || !isOld)
        // In the last moments it may have been faster than whoever killed it.
        #expect(isOld || count > Self.parts / 2, "nothing was left to go on with")
      }
      #expect(try scratch.read(file) == scratch.read("whole.safetensors"))
      #expect(try scratch.names("").filter { $0.hasPrefix("out") } == [file])
    }

    @Test func picturesThatCannotBeDecodedAreRowsOfZeros() throws {
      for number in 0..<150 {
        let jpeg = try Shapes.picture(number).encodedAsJPEG()
        let bytes = [7, 64, 149].contains(number) ? Array(jpeg[..<(jpeg.count / 2)]) : number == 40 ? [1, 2] : jpeg
        try scratch.write(bytes, to: "in/\(1000 + number).jpg")
        try scratch.write(Shapes.caption(number), to: "in/\(1000 + number).txt")
      }
      let packer = try Packer(threads: 1) { PreparedPicture(bytes: $0, format: .jpg) }
      _ = try packer.pack([try PackInput(scratch("in"))], into: scratch("broken"))
      for ranks in [nil, 2] {
        let file = "\(ranks ?? 0).safetensors"
        let result = try scratch.succeed(
          command(file, data: ["broken"], "--captions", "--json", "--part-samples", "64"), ranks: ranks)
        #expect(try object(result.output)["undecodable"] as? Int == 4)
        #expect(
          result.errors.contains("warning: 4 pictures cannot be decoded and are rows of zeros: sample 1007: ")
            && result.errors.contains("; sample 1064: ") && result.errors.hasSuffix("; …\n"), "\(result.errors)")
        #expect(try SafetensorsFile(scratch(file)).metadata["undecodable"] == "4")
        func lengths(_ name: String) throws -> [Float] {
          let values = try values(file, name)
          return stride(from: 0, to: values.count, by: 256).map { first in
            values[first..<first + 256].reduce(0) { $0 + $1 * $1 }
          }
        }
        let images = try lengths("image_features")
        #expect(images.indices.filter { images[$0] == 0 } == [7, 40, 64, 149])
        #expect(images.allSatisfy { $0 == 0 || abs($0 - 1) < 1e-5 })
        #expect(try lengths("text_features").allSatisfy { abs($0 - 1) < 1e-5 })
      }
      #expect(try scratch.read("0.safetensors") == scratch.read("2.safetensors"))
    }

    @Test func textsComeThroughAPipe() throws {
      try scratch.write("a red circle\na blue cross\n", to: "texts.txt")
      func embed(_ texts: String, _ file: String) throws -> [UInt8] {
        // Through a shell, which makes the pipes.
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = [
          "-c", "cat texts.txt | \"$0\" embed --weights run --texts \(texts) --into \(file)", ClipProgram.path,
        ]
        shell.currentDirectoryURL = URL(fileURLWithPath: scratch.path)
        shell.standardOutput = FileHandle.nullDevice
        try shell.run()
        shell.waitUntilExit()
        try #require(shell.terminationStatus == 0)
        return try scratch.read(file)
      }
      let expected = try embed("texts.txt", "file.safetensors")
      #expect(try embed("-", "input.safetensors") == expected)
      #expect(try embed("/dev/stdin", "device.safetensors") == expected)
      #expect(try embed("- < texts.txt", "redirected.safetensors") == expected)
      let texts = ["embed", "--weights", "run", "--into", "o.safetensors", "--texts"]
      try scratch.fail(texts + ["/dev/zero"], with: 74, "/dev/zero: is neither a regular file nor a pipe")
      try scratch.fail(texts + ["run"], with: 74, "run: is neither a regular file nor a pipe")
      try scratch.fail(texts + ["gone"], with: 74, "gone: cannot open: No such file")
    }
  }
}
