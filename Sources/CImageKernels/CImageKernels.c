#include "common.h"
#include "dot_products.h"

#include <string.h>

// The two passes of a separable filter over 8-bit pixels. Both keep sixteen sums in a vector of 32-bit lanes; the
// compiler makes one AVX-512, two AVX2 or four SSE registers of it, and the right version is chosen at run time.
// Integer sums are exact, so all versions give the same bytes.

typedef uint8_t Bytes __attribute__((vector_size(16)));
typedef int32_t Lanes __attribute__((vector_size(64)));

enum { band = 16 };

#define LOAD(address) ({ Bytes b_; memcpy(&b_, (address), sizeof b_); __builtin_convertvector(b_, Lanes); })

// Masks instead of branches; the sums stay below 2^31 because bicubic weights add up to at most 1.3 in absolute value.
#define STORE(address, sums) do { \
    Lanes s_ = (sums) >> precision; \
    s_ &= s_ >= 0; \
    Lanes over_ = s_ > 255; \
    Bytes b_ = __builtin_convertvector((s_ & ~over_) | (over_ & 255), Bytes); \
    memcpy((address), &b_, sizeof b_); \
  } while (0)

#define INTERLEAVE_LOW(a, b) \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define INTERLEAVE_HIGH(a, b) \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

/// Interleaving row i with row i + 8 rotates the eight bits of (row, column) by one.
INLINE void rotate(const Bytes from[16], Bytes to[16]) {
  _Pragma("clang loop unroll(full)") for (int i = 0; i < 8; i++) {
    to[2 * i] = INTERLEAVE_LOW(from[i], from[i + 8]);
    to[2 * i + 1] = INTERLEAVE_HIGH(from[i], from[i + 8]);
  }
}

/// Transposes sixteen rows of sixteen bytes: four rounds swap the halves of (row, column).
INLINE void transposeBlock(const uint8_t *from, ptrdiff_t fromStride, uint8_t *to, ptrdiff_t toStride) {
  Bytes rows[16], mixed[16];
  for (int r = 0; r < 16; r++) memcpy(&rows[r], from + r * fromStride, 16);
  rotate(rows, mixed), rotate(mixed, rows), rotate(rows, mixed), rotate(mixed, rows);
  for (int r = 0; r < 16; r++) memcpy(to + r * toStride, &rows[r], 16);
}

/// `to[c][r] = from[r][c]` for any numbers of rows and columns.
INLINE void transpose(const uint8_t *from, ptrdiff_t fromStride, ptrdiff_t rows, ptrdiff_t columns, uint8_t *to,
                      ptrdiff_t toStride) {
  for (ptrdiff_t r = 0; r < rows; r += 16) {
    for (ptrdiff_t c = 0; c < columns; c += 16) {
      const uint8_t *f = from + r * fromStride + c;
      uint8_t *t = to + c * toStride + r;
      if (r + 16 <= rows && c + 16 <= columns) {
        transposeBlock(f, fromStride, t, toStride);
      } else {
        for (ptrdiff_t i = 0; i < 16 && r + i < rows; i++) {
          for (ptrdiff_t j = 0; j < 16 && c + j < columns; j++) t[j * toStride + i] = f[i * fromStride + j];
        }
      }
    }
  }
}

// Sixteen rows at a time are transposed, so that the sixteen rows' samples of one column and channel lie together and
// a weight multiplies all of them at once; the results are transposed back.
CLONES void CImageKernels_filterRowsPlainly(const uint8_t *source, ptrdiff_t sourceStride, ptrdiff_t rows, ptrdiff_t width,
                                            CImageKernels_Taps taps, uint8_t *into, uint8_t *scratch) {
  uint8_t *columns = scratch;
  uint8_t *results = scratch + 16 * 3 * width;
  memset(columns, 0, 16 * 3 * width);
  for (ptrdiff_t row = 0; row < rows; row += band) {
    ptrdiff_t count = rows - row < band ? rows - row : band;
    transpose(source + row * sourceStride, sourceStride, count, 3 * width, columns, band);
    for (ptrdiff_t o = 0; o < taps.outputs; o++) {
      const uint8_t *column = columns + 48 * (ptrdiff_t)taps.firsts[o];
      const int32_t *weights = taps.weights + o * taps.stride;
      Lanes red = {0}, green = {0}, blue = {0};
      red += 1 << (precision - 1), green += 1 << (precision - 1), blue += 1 << (precision - 1);
      for (int32_t k = 0; k < taps.counts[o]; k++, column += 48) {
        red += LOAD(column) * weights[k];
        green += LOAD(column + 16) * weights[k];
        blue += LOAD(column + 32) * weights[k];
      }
      STORE(results + 48 * o, red);
      STORE(results + 48 * o + 16, green);
      STORE(results + 48 * o + 32, blue);
    }
    transpose(results, band, 3 * taps.outputs, count, into + row * 3 * taps.outputs, 3 * taps.outputs);
  }
}

CLONES void CImageKernels_filterColumnsPlainly(const uint8_t *source, ptrdiff_t sourceStride, ptrdiff_t rowBytes,
                                               CImageKernels_Taps taps, uint8_t *into) {
  for (ptrdiff_t o = 0; o < taps.outputs; o++, into += rowBytes) {
    const uint8_t *first = source + taps.firsts[o] * sourceStride;
    const int32_t *weights = taps.weights + o * taps.stride;
    const int32_t count = taps.counts[o];
    ptrdiff_t j = 0;
    for (; j + 48 <= rowBytes; j += 48) {
      const uint8_t *row = first + j;
      Lanes a = {0}, b = {0}, c = {0};
      a += 1 << (precision - 1), b += 1 << (precision - 1), c += 1 << (precision - 1);
      for (int32_t k = 0; k < count; k++, row += sourceStride) {
        a += LOAD(row) * weights[k];
        b += LOAD(row + 16) * weights[k];
        c += LOAD(row + 32) * weights[k];
      }
      STORE(into + j, a);
      STORE(into + j + 16, b);
      STORE(into + j + 32, c);
    }
    for (; j < rowBytes; j++) {
      int32_t sum = 1 << (precision - 1);
      for (int32_t k = 0; k < count; k++) sum += first[k * sourceStride + j] * weights[k];
      sum >>= precision;
      into[j] = sum < 0 ? 0 : sum > 255 ? 255 : (uint8_t)sum;
    }
  }
}

void CImageKernels_filterRows(const uint8_t *source, ptrdiff_t sourceStride, ptrdiff_t rows, ptrdiff_t width,
                              CImageKernels_Taps taps, uint8_t *into, uint8_t *scratch) {
  if (CImageKernels_hasDotProducts() && CImageKernels_dotProductsReach(taps))
    CImageKernels_filterRowsByDotProducts(source, sourceStride, rows, width, taps, into, scratch);
  else
    CImageKernels_filterRowsPlainly(source, sourceStride, rows, width, taps, into, scratch);
}

void CImageKernels_filterColumns(const uint8_t *source, ptrdiff_t sourceStride, ptrdiff_t rowBytes,
                                 CImageKernels_Taps taps, uint8_t *into) {
  if (CImageKernels_hasDotProducts() && taps.stride <= CImageKernels_mostColumnTaps)
    CImageKernels_filterColumnsByDotProducts(source, sourceStride, rowBytes, taps, into);
  else
    CImageKernels_filterColumnsPlainly(source, sourceStride, rowBytes, taps, into);
}
