/// How far balancing has come.
public enum BalanceProgress: Sendable {
  /// Pairs whose captions were looked through in this pass, before anything is written.
  case searching(pairs: Int)
  /// What was written.
  case packing(PackProgress)
}
