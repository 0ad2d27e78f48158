import FlyingFox

/// Why a request gets no answer: what a person reads, and the status code a program reads.
struct Refusal: Error {
  let status: HTTPStatusCode
  let message: String

  init(_ status: HTTPStatusCode, _ message: String) {
    self.status = status
    self.message = message
  }
}
