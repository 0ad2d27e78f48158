public import Tensors

/// All parameters of a model, in one flat block for each kind of memory.
///
/// Layers declare what they need; the store then reserves values and gradients as one block each, so that reducing,
/// clipping, updating and saving are single operations on ranges of a block. What an optimizer keeps besides is its own.
public final class ParameterStore {
  /// The parameters in the order they were declared.
  public private(set) var parameters: [Parameter] = []
  /// Elements of each block. Parameters begin at multiples of 16, so some elements belong to none; they stay zero.
  public private(set) var count = 0
  private let blocks = ParameterBlocks()

  /// A store without parameters.
  public init() {}

  /// Adds a parameter.
  ///
  /// - Parameter isFactor: whether it enters products only, so that its gradient is one product a micro-batch.
  func declare(
    _ name: String, _ shape: [Int], _ initializer: Initializer, isFactor: Bool = false
  ) -> Parameter {
    // The rule of the paper (neither gains nor biases) in the form open_clip first gave it: one dimension, no decay.
    let parameter = Parameter(
      name: name, shape: shape, decays: shape.count > 1, isFactor: isFactor, offset: count, initializer: initializer,
      blocks: blocks)
    parameters.append(parameter)
    count += (parameter.count + 15) / 16 * 16
    return parameter
  }

  /// Reserves the memory: values alone, or gradients as well.
  func allocate(forTraining: Bool) {
    blocks.values = Storage(count: count * 4)
    guard forTraining else { return }
    blocks.gradients = Storage(count: count * 4)
  }

  /// Draws the first values: a function of the seed alone.
  public func initialize(seed: UInt64) {
    for (index, parameter) in parameters.enumerated() {
      var generator = CounterGenerator(seed: seed, stream: UInt64(index))
      parameter.values.withMutableFloats { parameter.initializer.fill($0, &generator) }
    }
  }

  /// Forgets the gradients of the step before: the first micro-batch overwrites or adds to nothing.
  ///
  /// Only what is added to needs zeros; a product can as well overwrite, which spares a pass over all gradients.
  public func beginGradients() {
    for parameter in parameters where !parameter.isFactor { zero(parameter.gradient) }
    blocks.accumulates = false
  }

  /// From now on gradients are added to: a micro-batch has left its own.
  func continueGradients() { blocks.accumulates = true }

  /// The block of values, as one row.
  public var values: Tensor { Tensor(blocks.values, rows: 1, columns: count) }

  /// The block of gradients, as one row.
  public var gradients: Tensor { Tensor(blocks.gradients, rows: 1, columns: count) }

  /// Runs of neighbouring parameters that decay alike, as ranges of elements.
  public var runs: [(range: Range<Int>, decays: Bool)] {
    var runs: [(range: Range<Int>, decays: Bool)] = []
    for (index, parameter) in parameters.enumerated() {
      let end = index + 1 < parameters.count ? parameters[index + 1].offset : count
      if let last = runs.last, last.decays == parameter.decays {
        runs[runs.count - 1].range = last.range.lowerBound..<end
      } else {
        runs.append((parameter.offset..<end, parameter.decays))
      }
    }
    return runs
  }
}
