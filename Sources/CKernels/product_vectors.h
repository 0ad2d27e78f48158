// Vectors of AVX-512 on their way in and out of blocks of bfloat16. To be included where functions may use AVX-512.
#pragma once

#include "CKernels.h"
#include "product_squares.h"

static __mmask16 first16(size_t n) { return n >= 16 ? 0xffff : (__mmask16)((1u << n) - 1); }
static __mmask32 first32(size_t n) { return n >= 32 ? 0xffffffff : (__mmask32)((1u << n) - 1); }

// `count` of at most 32 numbers as bfloat16, then zeros.
static inline __m512i load32(const void *from, size_t at, int is_float, size_t count) {
  if (!is_float) return _mm512_maskz_loadu_epi16(first32(count), (const bf16 *)from + at);
  const float *p = (const float *)from + at;
  __m512 low = _mm512_maskz_loadu_ps(first16(count), p);
  __m512 high = count > 16 ? _mm512_maskz_loadu_ps(first16(count - 16), p + 16) : _mm512_setzero_ps();
  return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}

// The numbers of two rows in turn: low receives the first sixteen pairs, high the rest.
static inline void interleave(__m512i x, __m512i y, __m512i *low, __m512i *high) {
  const __m512i even = _mm512_set_epi16(47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40, 8, 39, 7, 38, 6, 37,
                                        5, 36, 4, 35, 3, 34, 2, 33, 1, 32, 0);
  const __m512i sixteen = _mm512_set1_epi16(16);
  *low = _mm512_permutex2var_epi16(x, even, y);
  *high = _mm512_permutex2var_epi16(x, _mm512_add_epi16(even, sixteen), y);
}
