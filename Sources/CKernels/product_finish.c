// What becomes of a block of sums: what is to be added is, and the result goes to where it belongs.
#include "activation_functions.h"
#include "product.h"

#if defined(__x86_64__)
#include <immintrin.h>

// Instructions for bfloat16 run only where C is bfloat16.
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma"))), \
                             apply_to = function)

#include "product_vectors.h"

// Numbers of C's type as floats, and back: what is computed from C afterwards starts from what C holds.
static inline void read_row(const void *from, size_t at, int is_float, float *to, size_t count) {
  for (size_t c = 0; c < count; c++) to[c] = is_float ? ((const float *)from)[at + c] : load_bf16((const bf16 *)from + at + c);
}

static inline void write_row(const float *from, void *to, size_t at, int is_float, size_t count) {
  if (is_float) {
    memcpy((float *)to + at, from, count * sizeof(float));
    return;
  }
  for (size_t c = 0; c < count; c += 32) {
    __m512 low = _mm512_load_ps(from + c), high = _mm512_load_ps(from + c + 16);
    _mm512_mask_storeu_epi16((bf16 *)to + at + c, first32(count - c), (__m512i)_mm512_cvtne2ps_pbh(high, low));
  }
}

// Rows of a result so large that it leaves the caches before anyone reads it: past them, which spares reading it first.
static void stream(const struct CKernels_Product *p, const float *tile, size_t m, size_t rows, size_t n, size_t columns) {
  for (size_t r = 0; r < rows; r++) {
    float *to = (float *)p->c + (m + r) * p->c_stride + n;
    for (size_t c = 0; c < columns; c += 16) _mm512_stream_ps(to + c, _mm512_load_ps(tile + r * 2 * PANEL + c));
  }
}

static int streams(const struct CKernels_Product *p) {
  int is_plain = p->c_is_float && !p->bias && !p->addend && !p->activated && !p->slope_at;
  int is_aligned = (uintptr_t)p->c % 64 == 0 && p->c_stride % 16 == 0 && p->n % 16 == 0;
  return is_plain && is_aligned && p->m * p->n >= 1 << 18;
}

// Written once for whole rows, whose length the compiler then knows, and once for others.
static inline __attribute__((always_inline)) void finish(const struct CKernels_Product *p, float *tile, size_t m,
                                                         size_t rows, size_t n, size_t columns, int is_float) {
  float other[2 * PANEL] __attribute__((aligned(64))) = {0};
  for (size_t r = 0; r < rows; r++) {
    float *restrict row = tile + r * 2 * PANEL;
    size_t at = (m + r) * p->c_stride + n;
    if (p->bias) {
      for (size_t c = 0; c < columns; c++) row[c] += p->bias[n + c];
    }
    if (p->addend) {
      const float *addend = p->addend + (m + r) * p->addend_stride + n;
      for (size_t c = 0; c < columns; c++) row[c] += addend[c];
    }
    if (p->slope_at) {
      read_row(p->slope_at, at, is_float, other, columns);
      // Where f is wanted as well, most of it is computed already.
      if (p->activation == CKernels_QuickGELU) {
        for (size_t c = 0; c < 2 * PANEL; c++) {
          row[c] *= quick_gelu_slope(other[c]);
          other[c] = quick_gelu(other[c]);
        }
      } else {
        for (size_t c = 0; c < 2 * PANEL; c++) {
          row[c] *= gelu_slope(other[c]);
          other[c] = gelu(other[c]);
        }
      }
      if (p->activated) write_row(other, p->activated, at, is_float, columns);
    }
    write_row(row, p->c, at, is_float, columns);
    if (p->activated && !p->slope_at) {
      read_row(p->c, at, is_float, other, columns);
      if (p->activation == CKernels_QuickGELU) {
        for (size_t c = 0; c < 2 * PANEL; c++) other[c] = quick_gelu(other[c]);
      } else {
        for (size_t c = 0; c < 2 * PANEL; c++) other[c] = gelu(other[c]);
      }
      write_row(other, p->activated, at, is_float, columns);
    }
  }
}

void product_finish(const struct CKernels_Product *p, float *tile, size_t m, size_t rows, size_t n, size_t columns) {
  if (streams(p)) {
    stream(p, tile, m, rows, n, columns);
  } else if (columns < 2 * PANEL) {
    finish(p, tile, m, rows, n, columns, p->c_is_float);
  } else if (p->c_is_float) {
    finish(p, tile, m, rows, n, 2 * PANEL, 1);
  } else {
    finish(p, tile, m, rows, n, 2 * PANEL, 0);
  }
}

void product_finished(const struct CKernels_Product *p) {
  // Whoever learns that this thread is done must see what it streamed.
  if (streams(p)) _mm_sfence();
}

#pragma clang attribute pop

#else

void product_finish(const struct CKernels_Product *p, float *tile, size_t m, size_t rows, size_t n, size_t columns) {}
void product_finished(const struct CKernels_Product *p) {}

#endif
