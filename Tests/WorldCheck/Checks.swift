import Collectives
import Foundation

/// Counts checks; one that fails on any rank has failed.
struct Checks {
  private let world: any Communicator
  private var passed = 0
  private var failed = 0

  init(_ world: any Communicator) {
    self.world = world
  }

  /// Records a check whose verdict ranks may differ in; the first rank prints it.
  mutating func expect(_ name: String, _ holds: Bool, _ why: String = "") throws {
    let failures = try world.sum(holds ? 0 : 1)
    if failures == 0 { passed += 1 } else { failed += 1 }
    if !holds { FileHandle.standardError.write(Data("rank \(world.rank): \(name): \(why)\n".utf8)) }
    if world.isFirst { print(failures == 0 ? "ok \(name)" : "FAILED \(name): on \(Int(failures)) ranks") }
  }

  /// Prints the count; a failure ends the program with 1.
  func finish() throws {
    if world.isFirst { print("\(passed) passed, \(failed) failed") }
    struct Failed: Error {}
    if failed > 0 { throw Failed() }
  }
}
