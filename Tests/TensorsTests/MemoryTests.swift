import Tensors
import Testing

@Suite struct MemoryTests {
  @Test func aWorkspaceReservesNothingTheSecondTime() {
    let workspace = Workspace()
    func step() {
      _ = workspace.tensor(rows: 3000, columns: 1000)
      workspace.scope { _ = workspace.tensor(rows: 5000, columns: 1000) }
      _ = workspace.tensor(rows: 4000, columns: 1000)
      workspace.reset()
    }
    step()
    let reserved = workspace.reserved
    for _ in 0..<5 { step() }
    #expect(workspace.reserved == reserved)
  }

  @Test func tensorsOfAWorkspaceDoNotOverlap() {
    let workspace = Workspace()
    let tensors = (0..<50).map { workspace.tensor(rows: 100, columns: 1000 + $0 * 77) }
    for (index, tensor) in tensors.enumerated() {
      tensor.withMutableFloats { $0.update(repeating: Float(index)) }
    }
    for (index, tensor) in tensors.enumerated() {
      #expect(tensor.withFloats { $0.allSatisfy { $0 == Float(index) } })
    }
  }

  @Test func bfloat16RoundsToNearestTiesToEven() {
    // 1 + 2⁻⁸ lies halfway between 1 and 1 + 2⁻⁷; 1 + 3 · 2⁻⁸ halfway between 1 + 2⁻⁷ and 1 + 2⁻⁶.
    let x = Tensor([1 + 0x1p-8, 1 + 3 * 0x1p-8, 1 + 0x1.2p-8, -1 - 0x1p-8, .infinity], columns: 5)
    #expect(x.narrowed.values == [1, 1 + 0x1p-6, 1 + 0x1p-7, -1, .infinity])
  }
}
