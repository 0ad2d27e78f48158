package import Collectives
import Files
import Foundation

extension Communicator {
  /// Throws where a rank does not see the first one's directory, into which all of them are to write.
  ///
  /// - Parameters:
  ///   - directory: the directory.
  ///   - file: a file in it that the first rank has written, and nobody else just so.
  ///   - what: what all ranks write there, as in "checkpoints".
  package func checkIsShared(_ directory: String, by file: String, for what: String) throws {
    let expected = try broadcast(isFirst ? try FileReader.contents(of: file) : [])
    // A network's file system may show old times for a while.
    let end = ContinuousClock.now + .seconds(30)
    while (try? FileReader.contents(of: file)) != expected {
      guard ContinuousClock.now < end else {
        throw FileError(
          directory,
          "is not the first rank's directory of that name on \(ProcessInfo.processInfo.hostName), where rank "
            + "\(rank) runs: all ranks write \(what), so it must be on a file system they share")
      }
      Thread.sleep(forTimeInterval: 0.2)
    }
    // The first rank may have nothing to do, and leave.
    try barrier()
  }
}
