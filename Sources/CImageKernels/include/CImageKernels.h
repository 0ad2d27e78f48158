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

/// What the stride of taps that `CImageKernels_bicubicTaps` makes is a multiple of.
enum { CImageKernels_strideUnit = 8 };

/// One axis of a bicubic scaling: what its outputs are made of.
typedef struct {
  ptrdiff_t firstOutput, outputs;
  /// Input pixels to an output pixel, and where the first output pixel of all begins, in input pixels.
  double scale, offset;
  /// How many input pixels there are, and the number of the first.
  int32_t inputs, origin;
} CImageKernels_Axis;

/// The taps of an axis: Keys' cubic with a = -0.5, as wide as the scale asks for, in Pillow's order of operations.
///
/// - firsts, counts: for each output
/// - weights: `stride` for each output, no fewer than any has taps; those beyond an output's count are 0
/// - raw: room for `stride` numbers
void CImageKernels_bicubicTaps(CImageKernels_Axis axis, ptrdiff_t stride, int32_t *restrict firsts,
                               int32_t *restrict counts, int32_t *restrict weights, double *restrict raw);

/// Filters along rows of 8-bit RGB.
///
/// - source: `rows` rows of `width` pixels, `sourceStride` bytes apart
/// - into: `rows` rows of `taps.outputs` pixels, without gaps
/// - scratch: `CImageKernels_rowScratch(width, taps)` bytes
void CImageKernels_filterRows(const uint8_t *source, ptrdiff_t sourceStride, ptrdiff_t rows, ptrdiff_t width,
                              CImageKernels_Taps taps, uint8_t *into, uint8_t *scratch);

/// Bytes of scratch `CImageKernels_filterRows` needs.
ptrdiff_t CImageKernels_rowScratch(ptrdiff_t width, CImageKernels_Taps taps);

/// Filters along columns.
///
/// - source: rows of `rowBytes` bytes, `sourceStride` bytes apart, as many as the taps reach
/// - into: `taps.outputs` rows of `rowBytes` bytes, without gaps
void CImageKernels_filterColumns(const uint8_t *source, ptrdiff_t sourceStride, ptrdiff_t rowBytes,
                                 CImageKernels_Taps taps, uint8_t *into);

/// The same by loops that every processor has, for the tests: the bytes must not depend on the processor.
void CImageKernels_filterRowsPlainly(const uint8_t *source, ptrdiff_t sourceStride, ptrdiff_t rows, ptrdiff_t width,
                                     CImageKernels_Taps taps, uint8_t *into, uint8_t *scratch);

/// The same by loops that every processor has, for the tests.
void CImageKernels_filterColumnsPlainly(const uint8_t *source, ptrdiff_t sourceStride, ptrdiff_t rowBytes,
                                        CImageKernels_Taps taps, uint8_t *into);

/// Whether this processor takes another way than the plain one: AVX-512 with VNNI and VBMI.
int CImageKernels_hasDotProducts(void);
