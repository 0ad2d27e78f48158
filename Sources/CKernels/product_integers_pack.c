// Vectors of 16-bit integers, packed for product_integers.c, which says what they are.
#include "product.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma"))), apply_to = function)

#include "product_vectors.h"

// What squares of vectors' lengths make of them: the factors that scale them, and the units. What is shorter than 1e-18
// counts as nothing, lest squares of it lose their digits.
static inline void weigh(__m512 squares, __m512 *factors, __m512 *units) {
  __m512 norms = _mm512_sqrt_ps(squares), length = _mm512_set1_ps(INTEGER_LENGTH);
  __mmask16 is_long = _mm512_cmp_ps_mask(norms, _mm512_set1_ps(1e-18f), _CMP_NLT_UQ);
  __mmask16 is_infinite = _mm512_cmp_ps_mask(norms, _mm512_set1_ps(INFINITY), _CMP_EQ_OQ);
  *factors = _mm512_maskz_div_ps(is_long, length, norms);
  *units = _mm512_mask_mov_ps(_mm512_maskz_div_ps(is_long, norms, length), is_infinite, _mm512_set1_ps(NAN));
}

// `count` of at most 16 numbers, then zeros.
static inline __m512 load(struct Numbers x, size_t at, size_t count) {
  if (x.is_float) return _mm512_maskz_loadu_ps(first16(count), (const float *)x.numbers + at);
  __m256i narrow = _mm256_maskz_loadu_epi16(first16(count), (const bf16 *)x.numbers + at);
  return (__m512)_mm512_slli_epi32(_mm512_cvtepu16_epi32(narrow), 16);
}

static inline size_t beyond(size_t count) { return count > 16 ? count - 16 : 0; }
// The upper half of 32 numbers of which there are `count`, from the lower half's place.
static inline __m512 load_upper(struct Numbers x, size_t at, size_t count) {
  return load(x, count > 16 ? at + 16 : at, beyond(count));
}

// 32 numbers, rounded.
static inline __m512i rounded32(__m512 low, __m512 high) {
  __m256i x = _mm512_cvtsepi32_epi16(_mm512_cvtps_epi32(low)), y = _mm512_cvtsepi32_epi16(_mm512_cvtps_epi32(high));
  return _mm512_inserti64x4(_mm512_castsi256_si512(x), y, 1);
}

// `count` of at most 32 numbers of one vector, then zeros.
static inline __m512i scaled32(struct Numbers x, size_t at, size_t count, __m512 factor) {
  return rounded32(load(x, at, count) * factor, load_upper(x, at, count) * factor);
}

static inline float square(struct Numbers x, size_t at, size_t k) {
  __m512 low = _mm512_setzero_ps(), high = low;
  for (size_t i = 0; i < k; i += 32) {
    __m512 a = load(x, at + i, k - i), b = load_upper(x, at + i, k - i);
    low += a * a;
    high += b * b;
  }
  return _mm512_reduce_add_ps(low + high);
}

void product_integers_pack_row(struct Numbers x, size_t row, size_t k, int16_t *to) {
  __m512 factor, unit;
  weigh(_mm512_set1_ps(square(x, row * x.stride, k)), &factor, &unit);
  for (size_t i = 0; i < k; i += STEP) {
    _mm512_storeu_si512(to + i, scaled32(x, row * x.stride + i, k - i, factor));
  }
  _mm_store_ss((float *)(to + rounded(k, STEP)), _mm512_castps512_ps128(unit));
}

void product_integers_pack_columns(struct Numbers x, size_t first, size_t rows, size_t columns, float *sums, int16_t *to,
                                   size_t to_stride) {
  for (size_t c = 0; c < columns; c += 16) {
    size_t from = first + c, count = columns - c < 16 ? columns - c : 16;
    __m512 squares = _mm512_setzero_ps(), sum = squares, factors, units;
    for (size_t r = 0; r < rows; r++) {
      __m512 numbers = load(x, from + r * x.stride, count);
      squares += numbers * numbers;
      sum += numbers;
    }
    if (sums) {
      __mmask16 mask = first16(count);
      _mm512_mask_storeu_ps(sums + c, mask, _mm512_maskz_loadu_ps(mask, sums + c) + sum);
    }
    weigh(squares, &factors, &units);
    for (size_t k = 0; k < rows; k += STEP) {
      __m512i pairs[16];
      for (size_t i = 0; i < 16; i++) {
        size_t r = k + 2 * i, at = from + r * x.stride;
        __m512 even = r < rows ? load(x, at, count) : _mm512_setzero_ps();
        __m512 odd = r + 1 < rows ? load(x, at + x.stride, count) : _mm512_setzero_ps();
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

void product_integers_pack_turned_panel(struct Numbers x, size_t row, size_t rows, size_t k, int16_t *to) {
  float factors[PANEL], *units = (float *)(to + rounded(k, STEP) * PANEL);
  for (size_t half = 0; half < PANEL; half += 16) {
    float squares[16] = {0};
    for (size_t i = 0; i < 16 && half + i < rows; i++) squares[i] = square(x, (row + half + i) * x.stride, k);
    __m512 factor, unit;
    weigh(_mm512_loadu_ps(squares), &factor, &unit);
    _mm512_storeu_ps(factors + half, factor);
    _mm512_storeu_ps(units + half, unit);
  }
  for (size_t at = 0; at < k; at += STEP) {
    for (size_t half = 0; half < PANEL; half += 16) {
      __m512i pairs[16];
      for (size_t i = 0; i < 16; i++) {
        size_t r = half + i;
        pairs[i] = _mm512_setzero_si512();
        if (r < rows) pairs[i] = scaled32(x, (row + r) * x.stride + at, k - at, _mm512_set1_ps(factors[r]));
      }
      transpose(pairs);
      for (size_t i = 0; i < 16; i++) _mm512_storeu_si512(to + (at / 2 + i) * 2 * PANEL + half * 2, pairs[i]);
    }
  }
}

void product_integers_pack_panel(struct Numbers x, size_t column, size_t k, size_t columns, int16_t *to) {
  __m512 squares[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()}, factors[2], units[2];
  for (size_t row = 0; row < k; row++) {
    size_t at = row * x.stride + column;
    __m512 a = load(x, at, columns), b = load_upper(x, at, columns);
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
      size_t at = (row + i) * x.stride + column;
      pair[i] = rounded32(load(x, at, columns) * factors[0], load_upper(x, at, columns) * factors[1]);
    }
    interleave(pair[0], pair[1], &first, &last);
    _mm512_storeu_si512(to + row * PANEL, first);
    _mm512_storeu_si512(to + row * PANEL + PANEL, last);
  }
}

#pragma clang attribute pop

#else

void product_integers_pack_row(struct Numbers x, size_t row, size_t k, int16_t *to) {}
void product_integers_pack_columns(struct Numbers x, size_t first, size_t rows, size_t columns, float *sums, int16_t *to,
                                   size_t to_stride) {}
void product_integers_pack_turned_panel(struct Numbers x, size_t row, size_t rows, size_t k, int16_t *to) {}
void product_integers_pack_panel(struct Numbers x, size_t column, size_t k, size_t columns, int16_t *to) {}

#endif
