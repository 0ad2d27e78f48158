import Checkpoints
import Evaluation
import Files
import Tensors
import Testing

@Suite struct ClassListTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func expectError(_ text: String, file: String = "classes.txt", _ reason: String) throws {
    let path = try scratch.write(text, to: file)
    let error = #expect(throws: FileError.self) { try ClassList(contentsOf: path) }
    #expect(error?.description.hasPrefix("\(path): ") == true)
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
  }

  @Test func namesAreReadOneClassALine() throws {
    let text = "\u{FEFF}dog\r\nhappy | smiling\r\nn02\t tench , Tinca|  fish\r\n\r\n"
    let list = try ClassList(contentsOf: try scratch.write(text, to: "classes.txt"))
    #expect(list.classes.map(\.label) == ["dog", "happy", "n02"])
    #expect(list.classes.map(\.names) == [["dog"], ["happy", "smiling"], ["tench , Tinca", "fish"]])
    #expect(list.number(of: "n02") == 2 && list.number(of: "Smiling") == 1 && list.number(of: "FISH") == 2)
    #expect(list.number(of: "1") == 1 && list.number(named: "1") == nil)
    #expect(list.number(of: "3") == nil && list.number(of: "cat") == nil && list.number(of: "N02") == nil)
  }

  @Test func jsonIsAListOrAnObject() throws {
    let list = try ClassList(contentsOf: try scratch.write(#"["dog", ["cat", "kitten"]]"#, to: "a.json"))
    #expect(list.classes.map(\.names) == [["dog"], ["cat", "kitten"]] && list.number(of: "kitten") == 1)
    let object = try ClassList(contentsOf: try scratch.write(#"{"n2": "dog", "n1": ["cat", "kitten"]}"#, to: "b.json"))
    #expect(object.classes.map(\.label) == ["n1", "n2"] && object.number(of: "dog") == 1)
    try expectError(#"{"a": 3}"#, file: "c.json", "class \"a\": expected a name, or a list of names")
    try expectError(#"["a", []]"#, file: "d.json", "class 2: expected a name")
    try expectError("a, b", file: "e.json", "is no JSON of classes")
    try expectError("[]", file: "f.json", "holds no class")
  }

  @Test func flawsAreNamedWithTheirLine() throws {
    try expectError("", "holds no class: expected the name of one on every line")
    try expectError("\n\n", "holds no class")
    try expectError("dog\n\ncat\n", "line 2 is blank")
    try expectError("dog\ncat||kitten\n", "line 2 has an empty name or label")
    try expectError("dog\n\tcat\n", "line 2 has an empty name or label")
    try expectError("a\u{0}b\ncat\nA\u{0}B", "classes 1 and 3 are both named")
    let path = "\(scratch.path)/latin.txt"
    try FileWriter.write([0x63, 0x61, 0x66, 0xE9], to: path)
    let error = #expect(throws: FileError.self) { try ClassList(contentsOf: path) }
    #expect(error?.description == "\(path): is not UTF-8")
  }

  /// CLIP's tokenizer sees no capitals and no white space, so such names are equal.
  @Test func equalNamesNeedLabels() throws {
    try expectError("crane\nmissile\nMissile \n", #"classes 2 and 3 are both named "missile""#)
    try expectError("a\tmissile\nb\tcrane\na\tdog\n", #"classes 1 and 3 have the same label, "a""#)
    try expectError("cat|feline\ndog|Feline\n", #"both named "feline""#)
    let list = try ClassList(contentsOf: try scratch.write("a\tmissile\nb\tcrane\nc\tMissile\n", to: "l.txt"))
    // What stands for two classes stands for neither.
    #expect(list.number(of: "missile") == nil && list.number(of: "crane") == 1 && list.number(of: "c") == 2)
    #expect(list.indistinguishable == ["a", "c"])
    #expect(throws: FileError.self) { try ClassList(labels: ["big_dog", "Big dog"], of: "pictures") }
  }

  @Test func captionsStandForClasses() throws {
    let list = try ClassList(contentsOf: try scratch.write("dog\nhot dog\ncat|kitten\nhot cat\n", to: "c.txt"))
    let captions = CaptionedClasses(
      list, [PromptTemplate("a hot {} on a mat"), PromptTemplate("a {}!"), PromptTemplate("hot {}")].compactMap(\.self))
    for (caption, number) in [
      ("a photo of a dog", 0), ("A photo  of a DOG.", 0), ("dog", 0), ("kitten\n", 2), ("a kitten!", 2),
      ("a hot dog!", 1), ("a hot dog on a mat", 0), ("a hot hot dog on a mat", 1),
      // "hot {}" of dog and the name of the other.
      ("hot dog", nil), ("a dog barks", nil), ("", nil),
    ] {
      #expect(captions.number(of: [caption]) == number, "\(caption)")
    }
    #expect(captions.number(of: ["a dog barks", "dog"]) == 0 && captions.number(of: ["dog", "cat"]) == nil)
  }

  @Test func templatesAreSetsOrFiles() throws {
    let sets = PromptTemplates.builtIn.map { Set($0.templates.map(\.text)) }
    #expect(PromptTemplates.builtIn.map(\.name) == ["bare", "photo", "imagenet7", "imagenet"])
    #expect(sets.map(\.count) == [1, 1, 7, 80] && sets[2].isSubset(of: sets[3]))
    #expect(sets[1] == ["a photo of a {}."])
    let path = try scratch.write("a {}\r\n\r\n  the {} and a {}\n", to: "templates.txt")
    let templates = try PromptTemplates(path).templates
    #expect(templates.map(\.text) == ["a {}", "the {} and a {}"] && templates[1].filled(with: "x") == "the x and a x")
    for (text, reason) in [("a {}\na photo\n", "line 2: \"a photo\" has no {}"), ("\n", "holds no template")] {
      let path = try scratch.write(text, to: "flawed.txt")
      let error = #expect(throws: FileError.self) { try PromptTemplates(path) }
      #expect(error?.description.contains(reason) == true)
    }
    let error = #expect(throws: FileError.self) { try PromptTemplates("imagnet") }
    #expect(error?.description.contains("one of bare, photo, imagenet7, imagenet") == true)
  }

  @Test func aClassifierIsReadAsItWasWritten() throws {
    let list = try ClassList(contentsOf: try scratch.write("n1\tdog|hund\nn2\t\"cat\"\n", to: "c.txt"))
    let path = "\(scratch.path)/classifier.safetensors"
    try ZeroShotClassifier(list, features: Tensor([1, 0, 0, 0, 0.6, 0.8], columns: 3), templates: ["a {}"])
      .write(to: path, model: Digest(of: [1]))
    let read = try ZeroShotClassifier(contentsOf: path, dimension: 3, model: Digest(of: [1]))
    #expect(read.classes.classes == list.classes && read.templates == ["a {}"])
    #expect(read.features.values == [1, 0, 0, 0, 0.6, 0.8])
    let other = #expect(throws: FileError.self) {
      try ZeroShotClassifier(contentsOf: path, dimension: 4, model: Digest(of: [1]))
    }
    #expect(other?.description.contains("has embeddings of 3 numbers, expected 4 as the model's") == true)
    let stranger = #expect(throws: FileError.self) {
      try ZeroShotClassifier(contentsOf: path, dimension: 3, model: Digest(of: [2]))
    }
    #expect(stranger?.description.contains("was made with another model") == true)
    try SafetensorsWriter.write([TensorSource("class_features", shape: [2, 3], values: [1, 0, 0, 0, 1, 0])], to: path)
    let bare = #expect(throws: FileError.self) {
      try ZeroShotClassifier(contentsOf: path, dimension: 3, model: Digest(of: [1]))
    }
    #expect(bare?.description.contains("is no classifier") == true)
    try SafetensorsWriter.write(
      [TensorSource("class_features", shape: [2, 3], values: [1, 0, 0, 0, 1, 0])], to: path,
      metadata: ["classes": #"[{"label":"a","names":["a"],"has_own_label":false}]"#, "templates": "[]"])
    let short = #expect(throws: FileError.self) {
      try ZeroShotClassifier(contentsOf: path, dimension: 3, model: Digest(of: [1]))
    }
    #expect(short?.description.contains("shape [2, 3], expected a row for each of 1 classes") == true)
  }

  @Test func theConfusionMatrixCountsAndQuotes() throws {
    let matrix = ConfusionMatrix(
      labels: ["a,b", "say \"c\"", "d"], truths: [0, 0, 0, 1, 1], predictions: [0, 2, 2, 1, 0])
    let path = "\(scratch.path)/confusion.csv"
    try matrix.write(to: path)
    let expected = """
      class,"a,b","say ""c\""",d
      "a,b",1,0,2
      "say ""c\""",1,1,0
      d,0,0,0

      """
    #expect(String(decoding: try FileReader.contents(of: path), as: UTF8.self) == expected)
    for count in [1, 3, 30, 200] {
      let labels = (0..<count).map { "class \($0)" }
      let png = "\(scratch.path)/\(count).png"
      try ConfusionMatrix(labels: labels, truths: Array(0..<count), predictions: (0..<count).map { $0 / 2 }).write(
        to: png)
      #expect(try FileReader.contents(of: png).prefix(4) == [0x89, 0x50, 0x4E, 0x47])
    }
  }
}
