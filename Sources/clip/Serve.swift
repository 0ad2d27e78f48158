import ArgumentParser
import Evaluation
import Files
import Foundation
import Server
import Shards
import Tensors

/// Serves a page to search pictures and to try class names.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve a page to search pictures, and to try your own class names on one.",
    discussion: """
      Type a sentence or drop a picture, and see what the model finds. Ctrl-C ends
      it. Only this machine is answered, unless --host names another address; then
      whoever reaches it can look at all pictures. With --index it answers at once:
      no picture has to be embedded first, and the file is read as it is searched.

      Example:
        clip serve --weights my-run --data my-shards
        clip embed --weights my-run --data my-shards --into my-index.safetensors
        clip serve --weights my-run --data my-shards --index my-index.safetensors
      """)

  @OptionGroup var weights: WeightsOption

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Datasets to search, taken together as one.", valueName: "dir"))
  var data: [String] = []

  @OptionGroup var index: IndexOption

  @Option(help: ArgumentHelp("The address to listen at.", valueName: "address"))
  var host = "127.0.0.1"

  @Option(help: ArgumentHelp("The port to listen at; 0: one that is free.", valueName: "port"))
  var port: UInt16 = 8080

  @OptionGroup var threads: ThreadOption

  func validate() throws {
    try index.check(data: data)
  }

  func run() throws {
    let model = try DatasetEncoder(weights, data, index, threads)
    let session = ModelSession(model.encoder, model.samples, try model.images(), name: weights.path)
    let server = PageServer(session, host: host == "localhost" ? "127.0.0.1" : host, port: port)
    // The main thread waits: whatever ends the server ends the program.
    let ended = DispatchSemaphore(value: 0)
    nonisolated(unsafe) var failure: (any Error)?
    Task.detached {
      do {
        try await server.run { place in
          print("serving at \(place) — Ctrl-C ends it"); fflush(nil)
        }
      } catch {
        failure = error
      }
      ended.signal()
    }
    ended.wait()
    if let failure {
      throw FileError(
        "\(host):\(port)",
        "cannot be listened at: \(failure); expected an address of this machine, such as 127.0.0.1 or ::1, and a port "
          + "nobody has")
    }
  }
}
