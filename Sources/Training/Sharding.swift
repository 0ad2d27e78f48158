/// What each rank keeps only its slice of, instead of all of it. It decides memory and speed, not results.
public enum Sharding: String, Codable, Sendable, CaseIterable {
  /// Every rank keeps everything, and takes the optimizer's whole step.
  case none
  /// The optimizer's moments exist once in the world: each rank updates its slice, and the values are gathered.
  case optimizer
  /// Besides, each rank keeps its slices of the residual blocks only, gradients included: a block is gathered when it is
  /// computed with.
  case parameters
}
