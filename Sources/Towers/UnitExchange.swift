public import Tensors

/// How ranks that share the parameters of a model bring those of a unit together.
///
/// A unit is a row of numbers, of which every rank keeps one slice. All ranks call the same functions in the same order.
public protocol UnitExchange {
  /// The slice this rank keeps of a unit of `count` elements.
  func slice(of count: Int) -> Range<Int>
  /// Fills a unit (1, count), in which every rank has put its own slice, with the slices of the others.
  func gather(_ values: Tensor) throws
  /// Sums a unit (1, count) over the ranks: this rank's slice holds sums afterwards, the rest anything.
  func sum(_ gradients: Tensor) throws
}
