// Pictures as patches of bfloat16 where the processor picks bytes out of two registers and rounds to bfloat16 itself:
// AVX-512 with VBMI and BF16. The same numbers as CKernels_patches_bf16's.
#include "common.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define WIDE __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512bf16,fma")))

enum { lanes = 16, block = 2 * lanes, vector = 64 };

int CKernels_picks_bytes(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bf16");
}

/// One channel of sixteen of the pixels in two vectors of interleaved bytes, as numbers.
WIDE INLINE __m512 channel(__m512i low, __m512i places, __m512i high, __m512 factor, __m512 offset) {
  // The lowest byte of each lane is picked, the others become 0.
  __m512i levels = _mm512_maskz_permutex2var_epi8(0x1111111111111111, low, places, high);
  return _mm512_fmadd_ps(_mm512_cvtepi32_ps(levels), factor, offset);
}

WIDE void CKernels_patches_bf16_wide(const uint8_t *pixels, size_t height, size_t width, size_t patch,
                                     const int32_t *seen, size_t per_picture, const float *factor, const float *offset,
                                     bf16 *y, size_t begin, size_t end) {
  __m512i places[3][2];
  __m512 factors[3], offsets[3];
  for (int c = 0; c < 3; c++) {
    for (int half = 0; half < 2; half++) {
      uint32_t place[lanes];
      for (int i = 0; i < lanes; i++) place[i] = (uint32_t)(3 * (half * lanes + i) + c);
      places[c][half] = _mm512_loadu_si512(place);
    }
    factors[c] = _mm512_set1_ps(factor[c]);
    offsets[c] = _mm512_set1_ps(offset[c]);
  }
  size_t across = width / patch, columns = 3 * patch * patch;
  for (size_t r = begin; r < end; r++) {
    size_t picture = r / per_picture, number = seen ? (size_t)seen[r] : r % per_picture;
    const uint8_t *from = pixels + ((picture * height + number / across * patch) * width + number % across * patch) * 3;
    bf16 *to = y + r * columns;
    for (size_t v = 0; v < patch; v++, from += 3 * width, to += patch) {
      for (size_t u = 0; u < patch; u += block) {
        size_t count = patch - u < block ? patch - u : block, bytes = 3 * count;
        // The rows of a patch lie too far apart for the processor to foresee them: what the patch below will read.
        __builtin_prefetch(from + 3 * (u + patch * width));
        __builtin_prefetch(from + 3 * (u + patch * width) + vector);
        __mmask32 here = (__mmask32)(((uint64_t)1 << count) - 1);
        __mmask64 isLow = bytes < vector ? ((uint64_t)1 << bytes) - 1 : ~(uint64_t)0;
        __mmask64 isHigh = bytes > vector ? ((uint64_t)1 << (bytes - vector)) - 1 : 0;
        __m512i low = _mm512_maskz_loadu_epi8(isLow, from + 3 * u);
        __m512i high = _mm512_maskz_loadu_epi8(isHigh, from + 3 * u + vector);
        for (int c = 0; c < 3; c++) {
          __m512 first = channel(low, places[c][0], high, factors[c], offsets[c]);
          __m512 second = channel(low, places[c][1], high, factors[c], offsets[c]);
          __m512i both = (__m512i)_mm512_cvtne2ps_pbh(second, first);
          _mm512_mask_storeu_epi16(to + (size_t)c * patch * patch + u, here, both);
        }
      }
    }
  }
}
#else
int CKernels_picks_bytes(void) { return 0; }

void CKernels_patches_bf16_wide(const uint8_t *pixels, size_t height, size_t width, size_t patch, const int32_t *seen,
                                size_t per_picture, const float *factor, const float *offset, bf16 *y, size_t begin,
                                size_t end) {
  CKernels_patches_bf16(pixels, height, width, patch, seen, per_picture, factor, offset, y, begin, end);
}
#endif
