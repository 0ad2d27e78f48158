import Checkpoints
import Collectives
import Evaluation
import Files
import Foundation
import Tensors
import Testing

@Suite struct ProbeTests {
  let scratch = try? Scratch()

  /// Writes a file of features; a sample of class k lies near the k-th axis.
  private func write(
    _ labels: [Int], to name: String, columns: Int = 8, classes: [String]? = nil, seed: UInt64 = 1
  ) throws -> LabelledFeatures {
    var generator = CounterGenerator(seed: seed)
    let values = labels.flatMap { label in
      (0..<columns).map { ($0 == label ? 1 : 0) + 0.8 * (generator.uniform() - 0.5) }
    }
    let path = "\(try #require(scratch).path)/\(name).safetensors"
    var metadata = ["format": "pt"]
    metadata["classes"] = classes.map { names in
      "[" + names.map { #"{"label":"\#($0)","names":["\#($0)"],"has_own_label":false}"# }.joined(separator: ",") + "]"
    }
    try SafetensorsWriter.write(
      [
        TensorSource("features", shape: [labels.count, columns], values: values),
        TensorSource("labels", shape: [labels.count], values: labels.map { Float($0) }),
      ], to: path, metadata: metadata)
    return try LabelledFeatures(contentsOf: path)
  }

  private func expectError(_ parts: String..., from body: () throws -> Void) {
    let error = #expect(throws: FileError.self, performing: body)
    for part in parts { #expect(error?.description.contains(part) == true, "\(error?.description ?? "none")") }
  }

  private static func labels(_ count: Int, _ classes: Int) -> [Int] { (0..<count).map { $0 % classes } }

  @Test func featuresComeBackAsTheyWent() throws {
    let first = try write([0, 2, 1, 2], to: "a", classes: ["x", "y", "z"])
    try first.write(to: "\(try #require(scratch).path)/b.safetensors")
    let second = try LabelledFeatures(contentsOf: "\(try #require(scratch).path)/b.safetensors")
    #expect(second.features.values == first.features.values && second.labels == [0, 2, 1, 2])
    #expect(second.classes.classes.map(\.label) == ["x", "y", "z"])
    #expect(try write([0, 3], to: "c").classes.classes.map(\.label) == ["0", "1", "2", "3"])
  }

  /// Classes are matched by what they are called, not by their numbers.
  @Test func classesAreMatchedByTheirLabels() throws {
    let train = try write(Self.labels(40, 3), to: "train", classes: ["x", "y", "z"])
    let test = try write([0, 0, 1], to: "test", classes: ["z", "y"])
    let splits = try ProbeSplits(train: train, validation: nil, test: test)
    #expect(splits.test.labels == [2, 2, 1])
  }

  @Test func whatCannotBeMeasuredIsRefused() throws {
    let train = try write(Self.labels(30, 3), to: "train", classes: ["x", "y", "z", "never"])
    for name in ["other", "never"] {
      let test = try write([0, 1], to: "test", classes: ["x", name])
      expectError("test.safetensors: has pictures of the class \"\(name)\"", "train.safetensors has none to train on") {
        _ = try ProbeSplits(train: train, validation: nil, test: test)
      }
    }
    let narrow = try write([0, 1], to: "narrow", columns: 5, classes: ["x", "y"])
    expectError("narrow.safetensors: has features of 5 numbers", "of 8") {
      _ = try ProbeSplits(train: train, validation: nil, test: narrow)
    }
    let one = try write([1, 1], to: "one", classes: ["x", "y"])
    expectError("one.safetensors: has pictures of one class only, \"y\"") {
      _ = try ProbeSplits(train: one, validation: nil, test: one)
    }
    let single = try write([0, 1, 2], to: "single", classes: ["x", "y", "z"])
    let splits = try ProbeSplits(train: single, validation: nil, test: train)
    expectError("single.safetensors: has one picture of each class", "--validation, or --c") {
      _ = try LinearProbe(splits, .init(), in: SoloCommunicator())
    }
    var settings = LinearProbe.Settings()
    settings.c = 1
    #expect(try LinearProbe(splits, settings, in: SoloCommunicator()).report.score > 0.8)
    settings.metric = .rocAUC
    expectError("train.safetensors: cannot be judged by roc-auc", "exactly two classes") {
      _ = try LinearProbe(splits, settings, in: SoloCommunicator())
    }
  }

  @Test func theSearchSetsAPartAside() throws {
    let train = try write(Self.labels(63, 3), to: "train"), test = try write(Self.labels(90, 3), to: "test", seed: 2)
    let found = try LinearProbe(
      ProbeSplits(train: train, validation: nil, test: test), .init(), in: SoloCommunicator())
    #expect(found.report.search.count >= 11 && found.report.search.count <= 15 && found.report.validation == nil)
    // Four of 21 pictures of each class: accuracies are twelfths.
    #expect(found.report.search.allSatisfy { abs($0.score * 12 - ($0.score * 12).rounded()) < 1e-9 })
    #expect(found.report.score > 0.9 && found.report.train.samples == 63)
    let best = try #require(found.report.search.map(\.score).max())
    #expect(found.report.search.last { $0.score == best }?.c == found.report.c)
  }

  @Test func shotsAreDrawnOfEachClass() throws {
    let train = try write(Self.labels(15, 3) + [0, 0], to: "train")
    let test = try write(Self.labels(90, 3), to: "test", seed: 2)
    let splits = try ProbeSplits(train: train, validation: nil, test: test)
    var settings = FewShot.Settings()
    settings.shots = [5, 1]
    settings.seeds = 4
    let report = try FewShot(splits, settings, zeroShot: nil, in: SoloCommunicator()).report
    #expect(report.shots.map(\.shots) == [1, 5] && report.shots.allSatisfy { $0.scores.count == 4 })
    #expect(report.shots[0].mean < report.shots[1].mean && Set(report.shots[0].scores).count > 1)
    #expect(report.shots.allSatisfy { $0.cs.allSatisfy { $0 == FewShot.usualC } })
    settings.shots = [6]
    expectError("train.safetensors: has 5 pictures of the class \"1\", but --shots asks for 6") {
      _ = try FewShot(splits, settings, zeroShot: nil, in: SoloCommunicator())
    }
  }

  /// Each of ten is drawn about as often as the others, in every place, and a smaller draw is part of a larger one.
  @Test func drawsAreFairAndNested() {
    var counts = [[Int]](repeating: [Int](repeating: 0, count: 10), count: 10)
    for seed in 0..<2000 {
      let order = CountedDraw.shuffled(Array(0..<10), seed: UInt64(seed), .shots, position: 3)
      #expect(order.sorted() == Array(0..<10))
      for (place, item) in order.enumerated() { counts[place][item] += 1 }
    }
    // 200 expected, deviation 13.
    #expect(counts.allSatisfy { $0.allSatisfy { (130...270).contains($0) } }, "\(counts)")
    let draws = CountedDraw.numbers(30_000, below: 3, seed: 1, .bootstrap, position: 0)
    for number in 0..<3 { #expect(abs(draws.count { $0 == number } - 10_000) < 500) }
    #expect(
      CountedDraw.shuffled([1, 2, 3, 4, 5, 6, 7], seed: 1, .shots, position: 0)
        != CountedDraw.shuffled([1, 2, 3, 4, 5, 6, 7], seed: 1, .validation, position: 0))
  }

  @Test(
    arguments: [
      ([Float](repeating: 0.5, count: 2), "labels that are no numbers of classes"), ([-1, 0], "labels that are no"),
      ([.nan, 0], "labels that are no"), ([0], "features of shape [2, 3] and labels of shape [1]"),
      ([0, 5], "has the label 5, but only 2 classes"),
    ] as [([Float], String)]) func badFilesAreRefused(labels: [Float], reason: String) throws
  {
    let path = "\(try #require(scratch).path)/bad.safetensors"
    try SafetensorsWriter.write(
      [
        TensorSource("features", shape: [2, 3], values: [1, 2, 3, 4, 5, 6]),
        TensorSource("labels", shape: [labels.count], values: labels),
      ], to: path,
      metadata: [
        "classes":
          #"[{"label":"a","names":["a"],"has_own_label":false},{"label":"b","names":["b"],"has_own_label":false}]"#
      ])
    expectError("bad.safetensors: ", reason) { _ = try LabelledFeatures(contentsOf: path) }
  }
}
