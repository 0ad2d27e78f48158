#pragma once
#include <stddef.h>
#include <stdint.h>

/// One axis of a separable filter with 22-bit fixed-point weights. Output `o` is
/// `clip((2^21 + Σ_k weights[o * stride + k] * input[firsts[o] + k]) >> 22)`, k < counts[o].
typedef struct {
  const int32_t *firsts;
  const int32_t *counts;
  const int32_t *weights;
  ptrdiff_t stride;
  ptrdiff_t outputs;
} CImageKernels_Taps;

/// Filters along rows of 8-bit RGB.
///
/// - source: `rows` rows of `width` pixels, `sourceStride` bytes apart
/// - into: `rows` rows of `taps.outputs` pixels, without gaps
/// - scratch: `CImageKernels_rowScratch(width, taps.outputs)` bytes
void CImageKernels_filterRows(const uint8_t *source, ptrdiff_t sourceStride, ptrdiff_t rows, ptrdiff_t width,
                              CImageKernels_Taps taps, uint8_t *into, uint8_t *scratch);

/// Bytes of scratch `CImageKernels_filterRows` needs.
static inline ptrdiff_t CImageKernels_rowScratch(ptrdiff_t width, ptrdiff_t outputs) {
  return 16 * 3 * (width + outputs);
}

/// Filters along columns.
///
/// - source: rows of `rowBytes` bytes, `sourceStride` bytes apart, as many as the taps reach
/// - into: `taps.outputs` rows of `rowBytes` bytes, without gaps
void CImageKernels_filterColumns(const uint8_t *source, ptrdiff_t sourceStride, ptrdiff_t rowBytes,
                                 CImageKernels_Taps taps, uint8_t *into);
