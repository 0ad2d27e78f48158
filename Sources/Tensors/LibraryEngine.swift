import COneDNN

/// oneDNN on this processor, and the code it has made for shapes of operations.
enum LibraryEngine {
  /// The processor oneDNN computes on; made once.
  nonisolated(unsafe) static let processor: Result<dnnl_engine_t, LibraryError> = {
    var engine: dnnl_engine_t?
    let status = COneDNN_processor(&engine)
    guard status == dnnl_success, let engine else {
      return .failure(LibraryError("dnnl_engine_create", status, for: nil))
    }
    return .success(engine)
  }()

  /// Lets the calling thread compute alone: bands are this program's own threads. OpenMP counts its threads for each of
  /// those anew.
  static func useOneThread() { omp_set_num_threads(1) }

  /// Calls the library, and tells in its own words what it could not do.
  ///
  /// - Parameters:
  ///   - shape: what it is asked to do, for the error.
  ///   - body: gives the library's answer, and has it name the call that failed.
  static func call(
    for shape: some CustomStringConvertible, _ body: (_ failed: inout UnsafePointer<CChar>?) -> dnnl_status_t
  ) throws(LibraryError) {
    useOneThread()
    var failed: UnsafePointer<CChar>?
    let status = body(&failed)
    guard status == dnnl_success else {
      throw LibraryError(failed.map { String(cString: $0) } ?? "", status, for: "\(shape)")
    }
  }
}
