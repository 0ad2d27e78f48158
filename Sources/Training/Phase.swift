/// Where a rank is in the life of a run, in the order of a step.
enum Phase: String, CaseIterable, Comparable {
  case starting, data, embed, contrast, backward, reduce, optimize, agree, validate, checkpoint

  /// Whether it may take much longer than a step.
  var isLong: Bool { [.starting, .validate, .checkpoint].contains(self) }

  static func < (left: Phase, right: Phase) -> Bool { left.order < right.order }

  private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
