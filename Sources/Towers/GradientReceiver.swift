public import Tensors

/// Who takes the gradients of a unit on the way back, as soon as they are made.
public protocol GradientReceiver: AnyObject {
  /// Takes the gradients of a unit (1, count), which nobody needs on the way back any more, and neither its values; the
  /// memory goes to the next unit afterwards.
  ///
  /// - Parameter unit: one of the ``ParameterStore/stretches``. Ranks that take the same step get the same units in the same
  ///   order.
  func receive(_ gradients: Tensor, of unit: Range<Int>) throws
}
