import Foundation
import Tensors
import Testing

@Suite struct OptimizerTests {
  @Test(arguments: [Float(0), 0.2]) func adamWIsItsFormula(weightDecay: Float) {
    let count = 37
    var p = Reference.matrix(Reference.random(1, count, seed: 1))[0]
    var m = [Double](repeating: 0, count: count), v = m
    let values = Tensor(p.map { Float($0) }, columns: count)
    let first = Tensor(rows: 1, columns: count), second = Tensor(rows: 1, columns: count)
    let rule = AdamW(beta1: 0.9, beta2: 0.98, epsilon: 1e-6)
    for step in 1...20 {
      let gradient = Reference.random(1, count, seed: UInt64(step) + 100)
      let g = Reference.matrix(gradient)[0].map { 0.5 * $0 }
      for i in 0..<count {
        m[i] = 0.9 * m[i] + 0.1 * g[i]
        v[i] = 0.98 * v[i] + 0.02 * g[i] * g[i]
        let (mean, square) = (m[i] / (1 - pow(0.9, Double(step))), v[i] / (1 - pow(0.98, Double(step))))
        p[i] = p[i] * (1 - 0.01 * Double(weightDecay)) - 0.01 * mean / (square.squareRoot() + 1e-6)
      }
      rule.step(
        step, values: values, gradients: gradient, first: first, second: second, learningRate: 0.01,
        weightDecay: weightDecay, gradientScale: 0.5)
    }
    expectClose(values, [p], 1e-6)
    expectClose(first, [m], 1e-6)
    expectClose(second, [v], 1e-6)
  }
}
