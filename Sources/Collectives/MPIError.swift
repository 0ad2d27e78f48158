import COpenMPI

/// An MPI call failed.
public struct MPIError: Error, CustomStringConvertible, Sendable {
  /// The call, such as `MPI_Allreduce`.
  public let call: String
  /// What the library says of its error code.
  public let reason: String

  init(_ call: String, code: Int32) {
    self.call = call
    var text = [CChar](repeating: 0, count: Int(MPI_MAX_ERROR_STRING))
    var length: Int32 = 0
    MPI_Error_string(code, &text, &length)
    reason = String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  init(_ call: String, _ reason: String) {
    self.call = call
    self.reason = reason
  }

  /// Throws unless `code` says success.
  static func check(_ call: String, _ code: Int32) throws(MPIError) {
    guard code == MPI_SUCCESS else { throw MPIError(call, code: code) }
  }

  /// The call and the reason.
  public var description: String { "\(call): \(reason)" }
}
