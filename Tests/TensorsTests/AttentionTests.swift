import Tensors
import Testing

/// Attention over packed segments against its plain twin, for every kind of segment the towers have.
@Suite struct AttentionTests {
  struct Case: Sendable {
    let heads: Int
    let width: Int
    let queries: [Int]
    let keys: [Int]
    let isCausal: Bool
  }

  // Whole segments, shorter and longer than a tile of 64 queries; a single query; widths that fill no vector.
  static let cases = [
    Case(heads: 2, width: 16, queries: [1, 5, 17], keys: [1, 5, 17], isCausal: true),
    Case(heads: 1, width: 64, queries: [77, 3], keys: [77, 3], isCausal: true),
    Case(heads: 3, width: 10, queries: [9, 9], keys: [9, 9], isCausal: false),
    Case(heads: 1, width: 8, queries: [131], keys: [131], isCausal: false),
    Case(heads: 1, width: 40, queries: [200], keys: [200], isCausal: true),
    Case(heads: 2, width: 12, queries: [1, 1, 1], keys: [50, 2, 33], isCausal: false),
  ]

  static let ways =
    [(ElementType.float32, ProductUnit.widening)]
    // Without blocks of bfloat16, all units take the way of widening.
    + ProductTests.units.filter { $0 != .library && $0 != .floats && $0 != .integers }.map { (.bfloat16, $0) }

  @Test(arguments: cases, ways) func equalsItsPlainTwin(shape: Case, way: (ElementType, ProductUnit)) {
    let type = way.0
    var attend = Attend(
      heads: shape.heads, width: shape.width, queries: Segments(lengths: shape.queries),
      keys: Segments(lengths: shape.keys), isCausal: shape.isCausal)
    attend.unit = way.1
    let columns = shape.heads * shape.width, queries = attend.queries.rows, keys = attend.keys.rows
    func operand(_ rows: Int, _ columns: Int, _ seed: UInt64) -> Tensor {
      let x = Reference.random(rows, columns, seed: seed)
      return type == .float32 ? x : x.narrowed
    }
    let q = operand(queries, columns, 1), kv = operand(keys, 2 * columns, 2)
    let k = kv.columns(0..<columns), v = kv.columns(columns..<2 * columns)
    let out = Tensor(rows: queries, columns: columns, type), logSums = Tensor(rows: queries, columns: shape.heads)
    let workspace = Workspace()
    attend.forward(q: q, k: k, v: v, into: out, logSums: logSums, in: workspace)
    let (mq, mk, mv) = (Reference.matrix(q), Reference.matrix(k), Reference.matrix(v))
    let tolerance = type == .float32 ? 3e-6 : 5e-3
    expectClose(out, Reference.attention(mq, mk, mv, attend), tolerance)

    let direction = operand(queries, columns, 3), g = Reference.matrix(direction)
    let dq = Tensor(rows: queries, columns: columns, type), dkv = Tensor(rows: keys, columns: 2 * columns, type)
    let dk = dkv.columns(0..<columns), dv = dkv.columns(columns..<2 * columns)
    attend.backward(
      direction, out: out, q: q, k: k, v: v, logSums: logSums, dq: dq, dk: dk, dv: dv, in: workspace)
    // Finite differences of every element of the long segments would take minutes: a plane through them is enough.
    guard queries * keys * columns < 20_000 else { return }
    let slack = type == .float32 ? 1e-5 : 2e-2
    expectClose(dq, Reference.gradient(of: mq, along: g) { Reference.attention($0, mk, mv, attend) }, slack)
    expectClose(dk, Reference.gradient(of: mk, along: g) { Reference.attention(mq, $0, mv, attend) }, slack)
    expectClose(dv, Reference.gradient(of: mv, along: g) { Reference.attention(mq, mk, $0, attend) }, slack)
  }

  @Test func segmentsDoNotSeeEachOther() {
    let workspace = Workspace()
    func attended(_ lengths: [Int], _ qkv: Tensor) -> [Float] {
      let shape = Attend(
        heads: 1, width: 8, queries: Segments(lengths: lengths), keys: Segments(lengths: lengths), isCausal: true)
      let out = Tensor(rows: qkv.rows, columns: 8)
      shape.forward(
        q: qkv.columns(0..<8), k: qkv.columns(8..<16), v: qkv.columns(16..<24), into: out, logSums: nil, in: workspace)
      return out.values
    }
    let qkv = Reference.random(9, 24, seed: 5)
    #expect(attended([4, 5], qkv) == attended([4], qkv.rows(0..<4)) + attended([5], qkv.rows(4..<9)))
  }
}
