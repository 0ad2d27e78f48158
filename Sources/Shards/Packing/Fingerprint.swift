/// What tells a picture from others.
struct Fingerprint: Codable, Equatable, Sendable {
  /// The digest of the encoded picture.
  let content: UInt64
  /// What it looks like in 64 bits, of which similar pictures have most in common; nil for a picture without features.
  let look: UInt64?
}
