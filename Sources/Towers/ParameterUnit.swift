/// Parameters, or a part of one, that come and go at once: those of a residual block, which ranks may share, or some rows of
/// a table. Their gradients may be handed on as soon as they are made.
struct ParameterUnit {
  /// Where they lie in the flat order of all parameters.
  let elements: Range<Int>
  /// Of these, what is not overwritten by a product that is a gradient: biases, gains, and the gaps behind parameters.
  let summed: [Range<Int>]
  let memory: ParameterMemory

  /// Computes with the values.
  ///
  /// - Throws: what went wrong between the ranks.
  func withValues<Result>(_ body: () -> Result) throws -> Result {
    defer { memory.release() }
    try memory.gather(elements)
    return body()
  }

  /// Computes with the values, and adds to the gradients.
  ///
  /// - Throws: what went wrong between the ranks.
  func withGradients(_ body: () -> Void) throws {
    defer { memory.release() }
    try memory.gather(elements)
    memory.beginGradients(elements, adding: summed)
    body()
    try memory.endGradients(elements)
  }
}
