import Files

/// Turns candidates into samples: reads what lies in files, checks the caption, has the picture prepared.
struct CandidatePreparer: Sendable {
  /// What becomes of a candidate.
  struct Outcome: Sendable {
    /// The candidate's name at its source.
    let name: String
    /// ``Candidate/mark``.
    let mark: Digest
    let result: Result<Sample, UnusableSample>
    let hasPicture: Bool
    let hasCaption: Bool
    /// What tells the picture from others, where that was asked for.
    let fingerprint: Fingerprint?
    /// The number of the candidate's input, and how much of all inputs was passed.
    let input: Int
    let fraction: Double
  }

  /// Checks a picture by decoding it, and perhaps makes it smaller.
  let prepare: @Sendable ([UInt8]) throws -> PreparedPicture
  /// The field of the JSON that holds the captions; nil: the text, or else the JSON's `caption` or `captions`.
  let captionField: String?
  /// Whether pictures that were seen before are to be told.
  let takesFingerprints: Bool

  func callAsFunction(_ candidate: Candidate) throws -> Outcome {
    do {
      let (sample, fingerprint) = try sample(of: candidate)
      return outcome(candidate, .success(sample), fingerprint)
    } catch let unusable as UnusableSample {
      return outcome(candidate, .failure(unusable), nil)
    }
  }

  private func outcome(
    _ candidate: Candidate, _ result: Result<Sample, UnusableSample>, _ fingerprint: Fingerprint?
  ) -> Outcome {
    Outcome(
      name: candidate.name, mark: candidate.mark, result: result, hasPicture: candidate.picture != nil,
      hasCaption: candidate.hasCaption, fingerprint: fingerprint, input: candidate.input, fraction: candidate.fraction)
  }

  private func sample(of candidate: Candidate) throws -> (Sample, Fingerprint?) {
    if let flaw = candidate.flaw { throw flaw }
    guard let picture = try candidate.picture?.load() else { throw UnusableSample.noImage }
    guard candidate.hasCaption else { throw UnusableSample.noText }
    var json = try candidate.json?.load()
    let caption: String
    if let captionField {
      let captions = CaptionFields.captions(in: json ?? [], field: captionField)
      guard let first = captions.first else {
        throw json.map(CaptionFields.isObject) ?? true ? UnusableSample.noText : .badJSON
      }
      caption = first
      json = json.map { CaptionFields.stating(captions, in: $0) }
    } else {
      caption = try self.caption(text: try candidate.caption?.load(), json: json)
    }
    guard !picture.isEmpty else { throw UnusableSample.emptyImage }
    let stored = candidate.storedFormat.map { PreparedPicture(bytes: picture, format: $0) }
    let prepared = try stored ?? prepare(picture)
    let sample = Sample(
      key: SampleKeys.clean(candidate.name), picture: prepared.bytes, format: prepared.format, caption: caption,
      json: json)
    guard sample.tarCount <= ShardLimits.sampleCount else { throw UnusableSample.tooLarge }
    return (
      sample, takesFingerprints ? Fingerprint(content: Digest(of: picture).value, look: prepared.look) : nil
    )
  }

  /// The caption: the text if there is one, otherwise the field `caption` of the JSON or the first of `captions`.
  private func caption(text: [UInt8]?, json: [UInt8]?) throws -> String {
    let caption: String
    if let text {
      guard let valid = String(validating: text, as: UTF8.self) else { throw UnusableSample.notUTF8 }
      // Windows' editors put a byte order mark first; it is no part of the text.
      caption = valid.unicodeScalars.first == "\u{FEFF}" ? String(valid.unicodeScalars.dropFirst()) : valid
    } else {
      let bytes = json ?? []
      guard String(validating: bytes, as: UTF8.self) != nil else { throw UnusableSample.notUTF8 }
      let fields = CaptionFields(bytes)
      guard let found = fields?.caption ?? fields?.captions?.first else {
        throw CaptionFields.isObject(bytes) ? UnusableSample.noText : .badJSON
      }
      caption = found
    }
    guard caption.contains(where: { !$0.isWhitespace }) else { throw UnusableSample.emptyText }
    return caption
  }
}
