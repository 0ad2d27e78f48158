/// A binary heap: the smallest element is always at hand.
struct Heap<Element: Comparable> {
  private var elements: [Element] = []

  /// The smallest element.
  var first: Element? { elements.first }

  /// Adds an element, in logarithmic time.
  mutating func insert(_ element: Element) {
    var child = elements.count
    elements.append(element)
    while child > 0 {
      let parent = (child - 1) / 2
      guard element < elements[parent] else { break }
      elements[child] = elements[parent]
      child = parent
    }
    elements[child] = element
  }

  /// Takes the smallest element out, in logarithmic time.
  mutating func popFirst() -> Element? {
    guard let smallest = elements.first, let moved = elements.popLast() else { return nil }
    guard !elements.isEmpty else { return smallest }
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < elements.count else { break }
      if child + 1 < elements.count, elements[child + 1] < elements[child] { child += 1 }
      guard elements[child] < moved else { break }
      elements[parent] = elements[child]
      parent = child
    }
    elements[parent] = moved
    return smallest
  }

  /// Forgets every element, keeping the memory.
  mutating func removeAll() {
    elements.removeAll(keepingCapacity: true)
  }
}
