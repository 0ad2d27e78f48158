import Files

extension Vocabulary {
  /// Writes the merges as a text that ``load(_:)`` reads: a header, then a merge a line.
  public func write(to path: String) throws {
    try FileWriter.write(Array(mergesText.utf8), to: path)
  }

  /// Writes into a directory what Transformers' `CLIPTokenizer` and `CLIPTokenizerFast` and open_clip's `HFTokenizer`
  /// load: `vocab.json`, `merges.txt`, `tokenizer.json`, `tokenizer_config.json` and `special_tokens_map.json`.
  ///
  /// open_clip, which cleans captions itself first, then gives the ids ``Tokenizer`` gives, but where a `<` and something
  /// escaped three times or a reference to a curly quote meet. So does Transformers for ordinary captions. Of what is wrong
  /// with others, `CLIPTokenizerFast` repairs what ``TransformersNormalizer`` tells it to, `CLIPTokenizer` no HTML.
  ///
  /// - Parameters:
  ///   - directory: an existing directory.
  ///   - contextLength: the most ids of a caption, markers included.
  public func writeTransformersFiles(into directory: String, contextLength: Int) throws {
    let files = [
      ("vocab.json", vocabularyJSON), ("merges.txt", mergesText), ("tokenizer.json", fastTokenizerJSON),
      ("tokenizer_config.json", configurationJSON(contextLength: contextLength)),
      ("special_tokens_map.json", "{\n\(Self.specialTokensJSON)\n}\n"),
    ]
    for (name, text) in files { try FileWriter.write(Array(text.utf8), to: "\(directory)/\(name)") }
  }

  private var mergesText: String {
    var text = "#version: 0.2\n"
    for merge in merges { text += "\(self.text(of: merge.left)) \(self.text(of: merge.right))\n" }
    return text
  }

  private var vocabularyJSON: String {
    let entries = (0..<Int32(size)).map { "\(Self.quoted(text(of: $0))): \($0)" }
    return "{\(entries.joined(separator: ", "))}\n"
  }

  private func configurationJSON(contextLength: Int) -> String {
    """
    {
      "tokenizer_class": "CLIPTokenizer",
    \(Self.specialTokensJSON),
      "model_max_length": \(contextLength),
      "do_lower_case": true,
      "errors": "replace",
      "clean_up_tokenization_spaces": false
    }

    """
  }

  private static let specialTokensJSON = """
      "bos_token": "\(startMarker)",
      "eos_token": "\(endMarker)",
      "unk_token": "\(endMarker)",
      "pad_token": "\(endMarker)"
    """

  /// The tokenizer in the terms of Hugging Face's `tokenizers`. What Transformers would make of the other files lacks
  /// the repairs, the sigma at the end of a word and the long s of contractions.
  private var fastTokenizerJSON: String {
    let addedTokens = [startToken, endToken].map { id in
      """
      {"id": \(id), "content": \(Self.quoted(text(of: id))), "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true}
      """
    }
    let pairs = merges.map { Self.quoted("\(text(of: $0.left)) \(text(of: $0.right))") }
    return """
      {
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [\(addedTokens.joined(separator: ", "))],
        "normalizer": \(TransformersNormalizer.json),
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
          {"type": "Split", "behavior": "Removed", "invert": true,
            "pattern": {"Regex": "'[sſ]|'t|'re|'ve|'m|'ll|'d|\\\\p{L}+|\\\\p{N}|[^\\\\s\\\\p{L}\\\\p{N}\\\\x{345}]+"}},
          {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}
        ]},
        "post_processor": {"type": "RobertaProcessing", "trim_offsets": false, "add_prefix_space": false,
          "cls": ["\(Self.startMarker)", \(startToken)], "sep": ["\(Self.endMarker)", \(endToken)]},
        "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
        "model": {"type": "BPE", "dropout": null, "unk_token": "\(Self.endMarker)", "continuing_subword_prefix": "",
          "end_of_word_suffix": "\(ByteAlphabet.endOfWord)", "fuse_unk": false, "byte_fallback": false,
          "vocab": \(vocabularyJSON),
          "merges": [\(pairs.joined(separator: ", "))]}
      }

      """
  }

  /// A JSON string of text without control characters.
  static func quoted(_ text: String) -> String {
    "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
  }
}
