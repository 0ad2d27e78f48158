// Products of matrices as 16-bit integers, with AVX-512's dot products of pairs (VNNI).
//
// Every vector that meets another, a row of the left matrix or a column of the right one, is scaled to a length of 32,767
// and rounded. By Cauchy and Schwarz no dot product of such vectors, nor any part of it, exceeds 2^30, so that sums of
// 32 bits hold it whatever the vectors are, and are exact. Of k numbers of one size each has 32,767 / √k steps: with 512
// that is four times as fine as bfloat16, at twice the rate of fused multiply-adds. What 1 stands for lies behind each
// vector as a float, its unit: a row is k numbers and room for 32 more, a panel (k / 2, 32, 2) and 32 units.
// Vectors that are not finite have units that are not numbers, and so have their products.
#include "product.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>

int CKernels_multiplies_integers(void) {
  return CKernels_multiplies_floats() && __builtin_cpu_supports("avx512vnni");
}

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,fma"))), \
                             apply_to = function)

#include "product_vectors.h"

static const float length = 32767;

// What squares of vectors' lengths make of them: the factors that scale them, and the units. What is shorter than 1e-15
// counts as nothing, lest squares of it lose their digits.
static inline void weigh(__m512 squares, __m512 *factors, __m512 *units) {
  __m512 norms = _mm512_sqrt_ps(squares), one = _mm512_set1_ps(1);
  __mmask16 is_long = _mm512_cmp_ps_mask(norms, _mm512_set1_ps(1e-15f), _CMP_NLT_UQ);
  __mmask16 is_infinite = _mm512_cmp_ps_mask(norms, _mm512_set1_ps(INFINITY), _CMP_EQ_OQ);
  *factors = _mm512_maskz_div_ps(is_long, _mm512_set1_ps(length), norms);
  *units = _mm512_maskz_div_ps(is_long, one, *factors);
  *units = _mm512_mask_mov_ps(*units, is_infinite, _mm512_set1_ps(NAN));
}

static inline __m512 load(const float *x, size_t count) { return _mm512_maskz_loadu_ps(first16(count), x); }
static inline size_t beyond(size_t count) { return count > 16 ? count - 16 : 0; }

// 32 numbers, rounded.
static inline __m512i rounded32(__m512 low, __m512 high) {
  __m256i x = _mm512_cvtsepi32_epi16(_mm512_cvtps_epi32(low)), y = _mm512_cvtsepi32_epi16(_mm512_cvtps_epi32(high));
  return _mm512_inserti64x4(_mm512_castsi256_si512(x), y, 1);
}

// `count` of at most 32 numbers of one vector, then zeros.
static inline __m512i scaled32(const float *x, size_t count, __m512 factor) {
  return rounded32(load(x, count) * factor, load(x + (count > 16 ? 16 : 0), beyond(count)) * factor);
}

static float square(const float *x, size_t k) {
  __m512 low = _mm512_setzero_ps(), high = low;
  for (size_t i = 0; i < k; i += 32) {
    __m512 a = load(x + i, k - i), b = k - i > 16 ? load(x + i + 16, k - i - 16) : _mm512_setzero_ps();
    low += a * a;
    high += b * b;
  }
  return _mm512_reduce_add_ps(low + high);
}

void product_integers_pack_row(const float *x, size_t k, int16_t *to) {
  __m512 factor, unit;
  weigh(_mm512_set1_ps(square(x, k)), &factor, &unit);
  for (size_t i = 0; i < k; i += STEP) {
    _mm512_storeu_si512(to + i, scaled32(x + i, k - i < STEP ? k - i : STEP, factor));
  }
  _mm_store_ss((float *)(to + rounded(k, STEP)), _mm512_castps512_ps128(unit));
}

void product_integers_pack_columns(const float *x, size_t stride, size_t rows, size_t columns, int16_t *to,
                                   size_t to_stride) {
  for (size_t c = 0; c < columns; c += 16) {
    const float *from = x + c;
    size_t count = columns - c < 16 ? columns - c : 16;
    __m512 squares = _mm512_setzero_ps(), factors, units;
    for (size_t r = 0; r < rows; r++) {
      __m512 numbers = load(from + r * stride, count);
      squares += numbers * numbers;
    }
    weigh(squares, &factors, &units);
    for (size_t k = 0; k < rows; k += STEP) {
      __m512i pairs[16];
      for (size_t i = 0; i < 16; i++) {
        size_t r = k + 2 * i;
        __m512 even = r < rows ? load(from + r * stride, count) : _mm512_setzero_ps();
        __m512 odd = r + 1 < rows ? load(from + (r + 1) * stride, count) : _mm512_setzero_ps();
        __m512i low = _mm512_cvtps_epi32(even * factors), high = _mm512_cvtps_epi32(odd * factors);
        pairs[i] = _mm512_mask_blend_epi16(0xaaaaaaaa, low, _mm512_slli_epi32(high, 16));
      }
      transpose(pairs);
      for (size_t i = 0; i < count; i++) _mm512_storeu_si512(to + (c + i) * to_stride + k, pairs[i]);
    }
    float each[16];
    _mm512_storeu_ps(each, units);
    for (size_t i = 0; i < count; i++) memcpy(to + (c + i) * to_stride + rounded(rows, STEP), each + i, sizeof(float));
  }
}

void product_integers_pack_turned_panel(const float *x, size_t stride, size_t rows, size_t k, int16_t *to) {
  float factors[PANEL], *units = (float *)(to + rounded(k, STEP) * PANEL);
  for (size_t half = 0; half < PANEL; half += 16) {
    float squares[16] = {0};
    for (size_t i = 0; i < 16 && half + i < rows; i++) squares[i] = square(x + (half + i) * stride, k);
    __m512 factor, unit;
    weigh(_mm512_loadu_ps(squares), &factor, &unit);
    _mm512_storeu_ps(factors + half, factor);
    _mm512_storeu_ps(units + half, unit);
  }
  for (size_t at = 0; at < k; at += STEP) {
    for (size_t half = 0; half < PANEL; half += 16) {
      __m512i pairs[16];
      for (size_t i = 0; i < 16; i++) {
        size_t row = half + i, count = k - at < STEP ? k - at : STEP;
        pairs[i] = _mm512_setzero_si512();
        if (row < rows) pairs[i] = scaled32(x + row * stride + at, count, _mm512_set1_ps(factors[row]));
      }
      transpose(pairs);
      for (size_t i = 0; i < 16; i++) _mm512_storeu_si512(to + (at / 2 + i) * 2 * PANEL + half * 2, pairs[i]);
    }
  }
}

void product_integers_pack_panel(const float *x, size_t stride, size_t k, size_t columns, int16_t *to) {
  size_t high = beyond(columns);
  const float *second = x + (high ? 16 : 0);
  __m512 squares[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()}, factors[2], units[2];
  for (size_t row = 0; row < k; row++) {
    __m512 a = load(x + row * stride, columns), b = load(second + row * stride, high);
    squares[0] += a * a;
    squares[1] += b * b;
  }
  for (int half = 0; half < 2; half++) {
    weigh(squares[half], factors + half, units + half);
    _mm512_storeu_ps((float *)(to + rounded(k, STEP) * PANEL) + 16 * half, units[half]);
  }
  for (size_t row = 0; row < rounded(k, STEP); row += 2) {
    __m512i pair[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()}, first, last;
    for (size_t i = 0; i < 2 && row + i < k; i++) {
      size_t at = (row + i) * stride;
      pair[i] = rounded32(load(x + at, columns) * factors[0], load(second + at, high) * factors[1]);
    }
    interleave(pair[0], pair[1], &first, &last);
    _mm512_storeu_si512(to + row * PANEL, first);
    _mm512_storeu_si512(to + row * PANEL + PANEL, last);
  }
}

// Sums of pairs of products. The compiler would make two instructions of the intrinsic, for a latency that nobody waits for.
static inline void add_dot_products(__m512i *sum, __m512i x, __m512i y) {
  __asm__("vpdpwssd %2, %1, %0" : "+v"(*sum) : "v"(x), "v"(y));
}

// Six rows times one or two panels, into rows of 64 sums `room`, which are added to c after the last k if there is a c.
struct Strip {
  const int16_t *a;
  size_t stride;
  const int16_t *b;
  size_t next, k;
  float *room, *c;
  size_t c_stride;
};

// Adds the products of k in [begin, end) to a strip's sums. The next strip's rows, and the place where the sums end, are
// brought nearer meanwhile.
#define INTEGER_STRIP(WIDTH)                                                                                          \
  static inline void integer_strip_##WIDTH(struct Strip s, size_t begin, size_t end) {                                \
    __m512i sum[6][WIDTH];                                                                                            \
    _Pragma("unroll") for (size_t r = 0; r < 6; r++) {                                                                \
      _Pragma("unroll") for (size_t j = 0; j < WIDTH; j++) {                                                          \
        sum[r][j] = begin ? _mm512_load_si512(s.room + r * 2 * PANEL + j * 16) : _mm512_setzero_si512();              \
        if (s.c) __builtin_prefetch(s.c + r * s.c_stride + j * 16, 1);                                                \
      }                                                                                                               \
    }                                                                                                                 \
    for (size_t p = begin; p < end; p += 2) {                                                                         \
      _Pragma("unroll") for (size_t r = 0; r < 6 && p % STEP == 0; r++) {                                             \
        __builtin_prefetch(s.a + (6 + r) * s.stride + p);                                                             \
      }                                                                                                               \
      __m512i column[WIDTH];                                                                                          \
      _Pragma("unroll") for (size_t j = 0; j < WIDTH; j++) {                                                          \
        column[j] = _mm512_load_si512(s.b + j / 2 * s.next + p * PANEL + j % 2 * PANEL);                              \
      }                                                                                                               \
      _Pragma("unroll") for (size_t r = 0; r < 6; r++) {                                                              \
        int pair;                                                                                                     \
        memcpy(&pair, s.a + r * s.stride + p, 4);                                                                     \
        __m512i x = _mm512_set1_epi32(pair);                                                                          \
        _Pragma("unroll") for (size_t j = 0; j < WIDTH; j++) add_dot_products(&sum[r][j], x, column[j]);              \
      }                                                                                                               \
    }                                                                                                                 \
    _Pragma("unroll") for (size_t j = 0; j < WIDTH; j++) {                                                            \
      __m512 units = _mm512_load_ps((const float *)(s.b + j / 2 * s.next + s.k * PANEL) + j % 2 * 16);                \
      _Pragma("unroll") for (size_t r = 0; r < 6; r++) {                                                              \
        float unit;                                                                                                   \
        memcpy(&unit, s.a + r * s.stride + s.k, 4);                                                                   \
        __m512 product = _mm512_cvtepi32_ps(sum[r][j]) * (units * unit);                                              \
        if (end == s.k && s.c) {                                                                                      \
          float *c = s.c + r * s.c_stride + j * 16;                                                                   \
          _mm512_storeu_ps(c, _mm512_loadu_ps(c) + product);                                                          \
        } else {                                                                                                      \
          _mm512_store_si512(s.room + r * 2 * PANEL + j * 16, end < s.k ? sum[r][j] : (__m512i)product);              \
        }                                                                                                             \
      }                                                                                                               \
    }                                                                                                                 \
  }
INTEGER_STRIP(2)
INTEGER_STRIP(4)

void product_integers_block(const int16_t *a, size_t stride, const int16_t *b, size_t next, size_t panels, size_t k,
                            float *block, float *c, size_t c_stride) {
  // So much of two panels, 32 KB, stays in the first-level cache while all rows go by.
  enum { PART = 256 };
  for (size_t begin = 0; begin < k; begin += PART) {
    size_t end = k - begin < PART ? k : begin + PART;
    for (size_t r = 0; r < DOT_ROWS; r += 6) {
      struct Strip strip = {a + r * stride, stride, b, next, k, block + r * 2 * PANEL, c ? c + r * c_stride : NULL,
                            c_stride};
      if (panels == 2) {
        integer_strip_4(strip, begin, end);
      } else {
        integer_strip_2(strip, begin, end);
      }
    }
  }
}

#pragma clang attribute pop

#else

int CKernels_multiplies_integers(void) { return 0; }
void product_integers_pack_row(const float *x, size_t k, int16_t *to) {}
void product_integers_pack_columns(const float *x, size_t stride, size_t rows, size_t columns, int16_t *to,
                                   size_t to_stride) {}
void product_integers_pack_turned_panel(const float *x, size_t stride, size_t rows, size_t k, int16_t *to) {}
void product_integers_pack_panel(const float *x, size_t stride, size_t k, size_t columns, int16_t *to) {}
void product_integers_block(const int16_t *a, size_t stride, const int16_t *b, size_t next, size_t panels, size_t k,
                            float *block, float *c, size_t c_stride) {}

#endif
