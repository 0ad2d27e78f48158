/// Computes elements `start`, `start + 1`, … on its own threads, ahead of the one who takes them in order.
///
/// At most `ahead` elements exist at a time beyond those taken. Dropping the prefetcher stops its threads and waits for
/// what they are computing.
public final class Prefetcher<Element: Sendable>: Sendable {
  private let workers: OrderedWorkers<Int, Element>

  /// - Parameters:
  ///   - start: the number of the first element.
  ///   - end: the number behind the last, where there is a last.
  ///   - threads: how many elements are computed at once.
  ///   - ahead: how many elements may be ready or under way; at least `threads` to keep them all busy.
  ///   - element: computes the element with a number; called from several threads at once.
  public init(
    from start: Int, to end: Int = .max, threads: Int, ahead: Int, element: @escaping @Sendable (Int) throws -> Element
  ) {
    workers = OrderedWorkers(
      threads: threads, ahead: ahead, pull: { start + $0 < end ? start + $0 : nil }, work: element)
  }

  /// The next element, waiting for it; there must be one.
  ///
  /// - Throws: what computing this element threw. The next call goes on with the element behind it.
  public func next() throws -> Element {
    guard let element = try workers.next() else { preconditionFailure("more elements were taken than there are") }
    return element
  }
}
