import FlyingFox
import FlyingSocks
import Foundation
import Shards

/// Serves the page and what it asks for, by HTTP.
///
/// | request | answer |
/// |---|---|
/// | `GET /` | the page |
/// | `GET /api/about` | the model and how many pictures there are |
/// | `POST /api/search` | a JSON object with `text` or `like`, or a picture: what is most similar, `?top=` of it |
/// | `POST /api/classify?template=…&name=…&name=…` | a picture: how well the names fit it |
/// | `GET /picture/<n>` | picture n of the data |
///
/// Pictures are asked for by number, so that no path of the machine is in a request. A page of another origin cannot use
/// it: a browser sends the name it was reached by, and only the server's own are answered.
public struct PageServer: Sendable {
  private let session: ModelSession
  private let host: String
  private let port: UInt16

  /// Most bytes of a request.
  static let mostBytes = 32 << 20

  /// - Parameters:
  ///   - session: answers.
  ///   - host: an address of this machine; loopback, unless others may use it.
  ///   - port: 0: one that is free.
  public init(_ session: ModelSession, host: String, port: UInt16) {
    self.session = session
    self.host = host
    self.port = port
  }

  /// Serves until the task is cancelled.
  ///
  /// - Parameter whenListening: told where, as soon as there is somebody to answer.
  /// - Throws: `SocketError` where the address or the port cannot be had.
  public func run(_ whenListening: @Sendable @escaping (String) -> Void) async throws {
    let handler = ClosureHTTPHandler { await self.answer($0) }
    let server: HTTPServer
    if host.contains(":") {
      server = HTTPServer(
        address: try sockaddr_in6.inet6(ip6: host, port: port), timeout: 60, logger: .disabled, handler: handler)
    } else {
      server = HTTPServer(
        address: try sockaddr_in.inet(ip4: host, port: port), timeout: 60, logger: .disabled, handler: handler)
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      group.addTask {
        try await server.waitUntilListening()
        let place: String
        switch await server.listeningAddress {
        case .ip4(let address, let port): place = "\(address):\(port)"
        case .ip6(let address, let port): place = "[\(address)]:\(port)"
        case .unix, nil: place = "\(host):\(port)"
        }
        whenListening("http://\(place)/")
      }
      try await group.waitForAll()
    }
  }

  // MARK: - Requests

  private func answer(_ request: HTTPRequest) async -> HTTPResponse {
    do {
      try checkHost(request)
      return try await route(request)
    } catch let refusal as Refusal {
      return Self.json(["error": refusal.message], refusal.status)
    } catch {
      return Self.json(["error": "\(error)"], .internalServerError)
    }
  }

  private func route(_ request: HTTPRequest) async throws -> HTTPResponse {
    switch (request.method, request.path) {
    case (.GET, "/"): return Self.response(Array(Page.html.utf8), "text/html; charset=utf-8")
    case (.GET, "/api/about"): return Self.json(await session.about())
    case (.POST, "/api/search"): return try await search(request)
    case (.POST, "/api/classify"): return try await classify(request)
    case (.GET, let path) where path.hasPrefix("/picture/"):
      guard let index = Int(path.dropFirst("/picture/".count)) else {
        throw Refusal(.notFound, "pictures are asked for by number, as in /picture/0")
      }
      let sample = try await session.picture(index)
      return Self.response(sample.picture, sample.format.mediaType, ["Cache-Control": "private, max-age=3600"])
    case (_, "/"), (_, "/api/about"), (_, "/api/search"), (_, "/api/classify"):
      throw Refusal(.methodNotAllowed, "\(request.method.rawValue) is not answered here")
    default: throw Refusal(.notFound, "there is nothing here: the page is at /")
    }
  }

  private func search(_ request: HTTPRequest) async throws -> HTTPResponse {
    struct Question: Decodable {
      let text: String?
      let like: Int?
    }
    let bytes = try await body(of: request)
    let top = try Self.number("top", in: request) ?? 24
    guard request.headers[.contentType]?.hasPrefix("application/json") == true else {
      return Self.json(try await session.search(picture: bytes, top: top))
    }
    guard let question = try? JSONDecoder().decode(Question.self, from: Data(bytes)),
      (question.text == nil) != (question.like == nil)
    else {
      throw Refusal(.badRequest, "expected a JSON object with \"text\" or \"like\", the number of a picture")
    }
    if let like = question.like { return Self.json(try await session.search(like: like, top: top)) }
    return Self.json(try await session.search(text: question.text ?? "", top: top))
  }

  private func classify(_ request: HTTPRequest) async throws -> HTTPResponse {
    let names = request.query.filter { $0.name == "name" }.map(\.value)
    let template = request.query.first { $0.name == "template" }?.value ?? "a photo of a {}."
    let bytes = try await body(of: request)
    return Self.json(try await session.classify(bytes, as: names, template: template))
  }

  /// The bytes of a request. What is beyond the limit is read to its end and dropped, so that whoever sends it hears why,
  /// and the library does not take the rest for another request.
  private func body(of request: HTTPRequest) async throws -> [UInt8] {
    var bytes: [UInt8] = [], count = 0
    for try await part in request.bodySequence {
      count += part.count
      if count <= Self.mostBytes { bytes += part } else { bytes = [] }
    }
    guard count <= Self.mostBytes else {
      throw Refusal(.payloadTooLarge, "more than \(Self.mostBytes >> 20) MiB were sent, which is the most there may be")
    }
    guard count > 0 else { throw Refusal(.badRequest, "nothing was sent: expected a picture or a JSON object") }
    return bytes
  }

  /// Refuses what was sent to another name: a page elsewhere whose name was made to mean this machine.
  private func checkHost(_ request: HTTPRequest) throws {
    let named = request.headers[.host] ?? ""
    let name =
      named.hasPrefix("[") ? String(named.dropFirst().prefix { $0 != "]" }) : String(named.prefix { $0 != ":" })
    let isAny = host == "0.0.0.0" || host == "::"
    let isNumber = name.contains(":") || name.allSatisfy { $0.isNumber || $0 == "." }
    guard name == host || name == "localhost" || ((isAny || host.hasPrefix("127.")) && isNumber) else {
      throw Refusal(.misdirectedRequest, "this is \(host), not \"\(name)\"")
    }
  }

  private static func number(_ name: String, in request: HTTPRequest) throws -> Int? {
    guard let text = request.query.first(where: { $0.name == name })?.value else { return nil }
    guard let number = Int(text) else { throw Refusal(.badRequest, "\(name): found \"\(text)\", expected a number") }
    return number
  }

  // MARK: - Responses

  private static func json(_ value: some Encodable, _ status: HTTPStatusCode = .ok) -> HTTPResponse {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Embeddings are checked to be numbers, and texts always can be encoded.
    let bytes = (try? encoder.encode(value)) ?? Data("{}".utf8)
    return response(Array(bytes), "application/json", status: status)
  }

  private static func response(
    _ bytes: [UInt8], _ type: String, _ more: [String: String] = [:], status: HTTPStatusCode = .ok
  ) -> HTTPResponse {
    var headers: [HTTPHeader: String] = [
      .contentType: type, HTTPHeader("X-Content-Type-Options"): "nosniff", HTTPHeader("Referrer-Policy"): "no-referrer",
      HTTPHeader("Content-Security-Policy"):
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' blob: data:; "
        + "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ]
    for (name, value) in more { headers[HTTPHeader(name)] = value }
    return HTTPResponse(statusCode: status, headers: HTTPHeaders(headers), body: Data(bytes))
  }
}
