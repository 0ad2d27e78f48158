import COneDNN

/// What oneDNN could not do.
package struct LibraryError: Error, CustomStringConvertible {
  /// The call that failed.
  let call: String
  /// The library's own name of the reason.
  let reason: String
  /// The product it was for, if it was for one.
  let shape: LibraryProduct.Shape?

  init(_ call: String, _ status: dnnl_status_t, for shape: LibraryProduct.Shape?) {
    self.call = call
    self.reason = String(cString: dnnl_status2str(status))
    self.shape = shape
  }

  package var description: String {
    let product = shape.map { " for \($0.rows) × \($0.inner) times \($0.inner) × \($0.columns)" } ?? ""
    return "oneDNN: \(call) returns \(reason)\(product)"
  }
}
