import ArgumentParser
import Benchmarks

/// Measures matrix products.
struct GEMMBenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gemm", abstract: "Measure the matrix products of ViT-B/32's layers, and a large one.",
    discussion: """
      Products of bf16 stand beside those of oneDNN, on the same threads and in turn; those of fp32 are OpenBLAS's.

      Example: clip benchmark gemm --precision bf16 --threads 1
      """)

  @OptionGroup var precision: PrecisionOption
  @OptionGroup var options: BenchmarkOptions

  func run() throws {
    try options.run { try GEMMBenchmark(precision: precision.value).run(in: $0) }
  }
}
