/// The pictures packed so far, to tell those that come again.
///
/// Takes 8 bytes a picture, and with looks some 50 more.
struct SeenPictures {
  /// Bits in which the looks of two pictures that look the same may differ, of 64.
  static let nearDistance = 3
  /// Of two looks that differ in no more bits than there are bands but one, at least one band is the same.
  private static let bands = nearDistance + 1
  private static let bandBits = 64 / bands

  private let kind: Duplicates
  private var contents: Set<UInt64> = []
  /// For each band the looks by what they have in it.
  private var looks = [[UInt16: [UInt64]]](repeating: [:], count: bands)

  init(_ kind: Duplicates) {
    self.kind = kind
  }

  /// Why a picture is not to be packed; nil if it is, and then it counts as seen.
  mutating func reason(against fingerprint: Fingerprint) -> UnusableSample? {
    if contents.contains(fingerprint.content) { return .duplicate }
    if kind == .near, let look = fingerprint.look, isNear(look) { return .nearDuplicate }
    insert(fingerprint)
    return nil
  }

  /// Counts a picture as seen.
  mutating func insert(_ fingerprint: Fingerprint) {
    contents.insert(fingerprint.content)
    guard kind == .near, let look = fingerprint.look else { return }
    for band in 0..<Self.bands { looks[band][Self.part(band, of: look), default: []].append(look) }
  }

  private func isNear(_ look: UInt64) -> Bool {
    (0..<Self.bands).contains { band in
      looks[band][Self.part(band, of: look)]?.contains { ($0 ^ look).nonzeroBitCount <= Self.nearDistance } ?? false
    }
  }

  private static func part(_ band: Int, of look: UInt64) -> UInt16 {
    UInt16(truncatingIfNeeded: look >> UInt64(band * bandBits))
  }
}
