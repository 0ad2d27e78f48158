import CKernels

/// Cuts 8-bit RGB pictures into rows of normalised numbers, one a patch.
///
/// Concretely, for pictures of height × width pixels: row = (picture, patch row, patch column), column = (channel, y,
/// x) as in a convolution's weight, value = (byte / 255 − mean[channel]) / deviation[channel].
///
/// - Parameters:
///   - pixels: whole pictures, one behind the other, rows of interleaved RGB bytes.
///   - patch: side of a patch in pixels; divides height and width.
///   - seen: numbers of the patches of each picture to cut out, row by row from 0, equally many of each; nil: all.
///   - y: (pictures · patches, 3 · patch²).
public func patches(
  of pixels: UnsafeBufferPointer<UInt8>, height: Int, width: Int, patch: Int, seen: [Int32]? = nil,
  mean: SIMD3<Float>, deviation: SIMD3<Float>, into y: Tensor
) {
  let pictures = pixels.count / (height * width * 3)
  precondition(pictures * height * width * 3 == pixels.count, "\(pixels.count) bytes are no whole pictures")
  let all = (height / patch) * (width / patch)
  precondition(y.rows == seen?.count ?? (pictures * all) && y.columns == 3 * patch * patch, "shapes differ")
  precondition(
    seen.map { $0.count % max(pictures, 1) == 0 && $0.allSatisfy { $0 >= 0 && $0 < all } } ?? true,
    "a patch that is not there")
  let perPicture = y.rows / max(pictures, 1)
  let factor = (0..<3).map { 1 / (255 * deviation[$0]) }
  let offset = (0..<3).map { -mean[$0] / deviation[$0] }
  Threads.forEachBand(of: y.rows) { band in
    switch y.elementType {
    case .float32:
      CKernels_patches_f32(
        pixels.baseAddress, height, width, patch, seen, perPicture, factor, offset, y.floatPointer, band.lowerBound,
        band.upperBound)
    case .bfloat16:
      let cut = CKernels_picks_bytes() != 0 ? CKernels_patches_bf16_wide : CKernels_patches_bf16
      cut(
        pixels.baseAddress, height, width, patch, seen, perPicture, factor, offset, y.bfloat16Pointer, band.lowerBound,
        band.upperBound)
    }
  }
}
