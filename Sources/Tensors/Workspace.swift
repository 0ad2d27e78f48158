/// Memory for the activations of a step, handed out in the order of the program and taken back in the reverse order.
///
/// After the first step has shown how much is needed, a step reserves nothing from the system.
public final class Workspace {
  /// A state of a workspace to go back to.
  struct Mark {
    fileprivate let block: Int
    fileprivate let used: Int
  }

  private var blocks: [Storage] = []
  private var block = 0
  private var used = 0
  private static let smallestBlock = 1 << 24

  /// How activations that feed products are stored.
  public let activationType: ElementType

  /// An empty workspace.
  public init(activations: ElementType = .float32) {
    activationType = activations
  }

  /// Bytes reserved from the system.
  public var reserved: Int { blocks.reduce(0) { $0 + $1.count } }

  /// A tensor whose numbers are whatever the memory held before.
  public func tensor(rows: Int, columns: Int, _ type: ElementType = .float32) -> Tensor {
    let mask = Storage.alignment - 1
    let bytes = (rows * columns * type.size + mask) & ~mask
    while block < blocks.count, used + bytes > blocks[block].count {
      block += 1
      used = 0
    }
    if block == blocks.count {
      // Doubling keeps the blocks few.
      blocks.append(Storage(count: max(bytes, Self.smallestBlock, reserved)))
      used = 0
    }
    defer { used += bytes }
    return Tensor(blocks[block], offset: used, rows: rows, columns: columns, type)
  }

  /// A tensor for activations that feed a product; its numbers are whatever the memory held before.
  public func activations(rows: Int, columns: Int) -> Tensor {
    tensor(rows: rows, columns: columns, activationType)
  }

  /// A single-precision tensor as an operand of a product: itself, or a copy in the type of activations.
  public func operand(_ x: Tensor) -> Tensor {
    guard activationType == .bfloat16 else { return x }
    let y = activations(rows: x.rows, columns: x.columns)
    narrow(x, into: y)
    return y
  }

  /// Takes back every tensor handed out.
  public func reset() {
    block = 0
    used = 0
  }

  /// Runs `body` and takes back every tensor it was handed.
  public func scope<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    let mark = Mark(block: block, used: used)
    defer {
      block = mark.block
      used = mark.used
    }
    return try body()
  }
}
