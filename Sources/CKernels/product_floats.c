// Products of matrices as single-precision numbers, with AVX-512's fused multiply-adds; bfloat16 is widened when it is
// packed. What product.c says of chunks and panels holds here too; a panel is (k, 32). Single-precision A is read in
// place, six rows at a time.
#include "common.h"
#include "product.h"

enum { STRIP = 6 };
_Static_assert(FLOAT_ROWS % STRIP == 0, "blocks and strips");

typedef float vector __attribute__((vector_size(64)));

// Six rows times columns [first, first + 16 · WIDTH) of two panels (k, 32). Numbers `ahead` of the rows are brought
// nearer meanwhile: processors foresee neither the next rows nor that they begin in another page.
#define FLOAT_STRIP(WIDTH)                                                                                          \
  INLINE void float_strip_##WIDTH(const float *const row[STRIP], size_t k_step, size_t ahead, const float *b,       \
                                  size_t next, size_t first, size_t k, float *c) {                                  \
    vector sum[STRIP][WIDTH];                                                                                       \
    _Pragma("unroll") for (size_t r = 0; r < STRIP; r++) {                                                          \
      _Pragma("unroll") for (size_t j = 0; j < WIDTH; j++) sum[r][j] = (vector){0};                                 \
    }                                                                                                               \
    for (size_t from = 0; from < k; from += 16) {                                                                   \
      size_t end = k - from < 16 ? k : from + 16;                                                                   \
      if (ahead) {                                                                                                  \
        _Pragma("unroll") for (size_t r = 0; r < STRIP; r++) __builtin_prefetch(row[r] + ahead + from, 0, 2);       \
      }                                                                                                             \
      for (size_t p = from; p < end; p++) {                                                                         \
        vector column[WIDTH];                                                                                       \
        _Pragma("unroll") for (size_t j = 0; j < WIDTH; j++) {                                                      \
          size_t at = first + 16 * j;                                                                               \
          column[j] = *(const vector *)(b + at / PANEL * next + p * PANEL + at % PANEL);                            \
        }                                                                                                           \
        _Pragma("unroll") for (size_t r = 0; r < STRIP; r++) {                                                      \
          _Pragma("unroll") for (size_t j = 0; j < WIDTH; j++) sum[r][j] += row[r][p * k_step] * column[j];         \
        }                                                                                                           \
      }                                                                                                             \
    }                                                                                                               \
    _Pragma("unroll") for (size_t r = 0; r < STRIP; r++) {                                                          \
      _Pragma("unroll") for (size_t j = 0; j < WIDTH; j++) {                                                        \
        *(vector *)(c + r * 2 * PANEL + first + 16 * j) = sum[r][j];                                                \
      }                                                                                                             \
    }                                                                                                               \
  }
FLOAT_STRIP(1)
#if defined(__x86_64__)
FLOAT_STRIP(2)
FLOAT_STRIP(4)

// As many sums as AVX-512 has room for. Neighbouring k are told apart: their addresses then need no multiplication.
__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma"))) static void wide_strip(
    const float *const row[STRIP], size_t k_step, size_t ahead, const float *b, size_t next, size_t panels, size_t k,
    float *c) {
  if (panels == 2 && k_step == 1) {
    float_strip_4(row, 1, ahead, b, next, 0, k, c);
  } else if (panels == 2) {
    float_strip_4(row, k_step, 0, b, next, 0, k, c);
  } else {
    float_strip_2(row, k_step, 0, b, next, 0, k, c);
  }
}
#endif

CLONES void product_floats_narrow_strip(const float *const row[STRIP], size_t k_step, const float *b, size_t next,
                                        size_t panels, size_t k, float *c) {
  for (size_t first = 0; first < panels * PANEL; first += 16) float_strip_1(row, k_step, 0, b, next, first, k, c);
}

void product_floats_block(struct Left a, size_t rows, size_t ahead, const float *b, size_t next, size_t panels,
                          size_t k, float *c) {
#if defined(__x86_64__)
  int is_wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
#endif
  for (size_t first = 0; first < rows; first += STRIP) {
    const float *row[STRIP];
    for (size_t r = 0; r < STRIP; r++) {
      size_t at = first + r < rows ? first + r : rows - 1;
      row[r] = (const float *)a.numbers + at * a.row_step;
    }
    float *to = c + first * 2 * PANEL;
#if defined(__x86_64__)
    if (is_wide) {
      wide_strip(row, a.k_step, ahead, b, next, panels, k, to);
      continue;
    }
#endif
    product_floats_narrow_strip(row, a.k_step, b, next, panels, k, to);
  }
}

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma"))), apply_to = function)

static inline __mmask16 mask_of(size_t n) { return n >= 16 ? 0xffff : (__mmask16)((1u << n) - 1); }

// As near as bfloat16 gets; ties to even. Not a number stays one.
static inline __m512 round_to_bf16(__m512 x) {
  __m512i bits = (__m512i)x, odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  __m512i kept = _mm512_and_si512(rounded, _mm512_set1_epi32((int)0xffff0000));
  return _mm512_mask_mov_ps((__m512)kept, _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), x);
}

// `count` of at most 16 numbers, then zeros.
static inline __m512 load16(const void *from, size_t at, int is_float, int is_rounded, size_t count) {
  __mmask16 mask = mask_of(count);
  if (!is_float) {
    __m512i wide = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, (const bf16 *)from + at));
    return (__m512)_mm512_slli_epi32(wide, 16);
  }
  __m512 x = _mm512_maskz_loadu_ps(mask, (const float *)from + at);
  return is_rounded ? round_to_bf16(x) : x;
}

#include "product_squares.h"

// Columns n … n + 31 of B that is stored transposed, k by k: 32 of its rows, turned in squares.
static void pack_turned(const struct CKernels_Product *p, size_t n, float *to) {
  size_t columns = p->n - n < PANEL ? p->n - n : PANEL;
  for (size_t k = 0; k < p->k; k += 16) {
    size_t count = p->k - k < 16 ? p->k - k : 16;
    for (size_t half = 0; half < PANEL; half += 16) {
      __m512i r[16];
      for (size_t i = 0; i < 16; i++) {
        size_t row = half + i;
        r[i] = _mm512_setzero_si512();
        if (row < columns) {
          r[i] = (__m512i)load16(p->b, (n + row) * p->b_stride + k, p->b_is_float, !p->a_is_float, count);
        }
      }
      transpose(r);
      for (size_t i = 0; i < count; i++) _mm512_store_si512(to + (k + i) * PANEL + half, r[i]);
    }
  }
}

// Columns n … n + width − 1 of B as panels (k, 32), one behind the other, zero beyond the matrix.
static void pack_panels(const struct CKernels_Product *p, size_t n, size_t width, float *to) {
  if (p->b_transposed) {
    for (size_t q = 0; q < width; q += PANEL) pack_turned(p, n + q, to + q * p->k);
    return;
  }
  // Row by row over all panels: memory is read in the order in which it lies.
  for (size_t k = 0; k < p->k; k++) {
    for (size_t q = 0; q < width; q += 16) {
      size_t columns = p->n - n > q ? p->n - n - q : 0;
      __m512 x = load16(p->b, k * p->b_stride + n + q, p->b_is_float, !p->a_is_float, columns);
      _mm512_store_ps(to + q / PANEL * PANEL * p->k + k * PANEL + q % PANEL, x);
    }
    if (width % PANEL > 0 && width % PANEL <= 16) {
      _mm512_store_ps(to + width / PANEL * PANEL * p->k + k * PANEL + 16, _mm512_setzero_ps());
    }
  }
}

size_t product_floats_stride(size_t k) {
  // A line more, so that neighbouring rows begin in different sets of the first-level cache.
  return rounded(k, 16) + 16;
}

void product_floats_pack_a(const struct CKernels_Product *p, float *to, size_t begin, size_t end) {
  size_t stride = product_floats_stride(p->k);
  if (!p->a_transposed) {
    for (size_t m = begin; m < end && m < p->m; m++) {
      for (size_t k = 0; k < p->k; k += 16) {
        _mm512_store_ps(to + m * stride + k, load16(p->a, m * p->a_stride + k, p->a_is_float, 0, p->k - k));
      }
    }
    return;
  }
  // 16 rows of the stored matrix at a time: memory is read in the order in which it lies.
  for (size_t k = 0; k < p->k; k += 16) {
    for (size_t m = begin; m < end && m < p->m; m += 16) {
      size_t columns = p->m - m < 16 ? p->m - m : 16;
      __m512i r[16];
      __m512 sum = _mm512_setzero_ps();
      for (size_t i = 0; i < 16; i++) {
        __m512 x = _mm512_setzero_ps();
        if (k + i < p->k) x = load16(p->a, (k + i) * p->a_stride + m, p->a_is_float, 0, columns);
        sum = _mm512_add_ps(sum, x);
        r[i] = (__m512i)x;
      }
      transpose(r);
      for (size_t i = 0; i < columns; i++) _mm512_store_si512(to + (m + i) * stride + k, r[i]);
      if (p->row_sums) {
        __mmask16 mask = mask_of(columns);
        float *sums = p->row_sums + m;
        _mm512_mask_storeu_ps(sums, mask, _mm512_add_ps(_mm512_maskz_loadu_ps(mask, sums), sum));
      }
    }
  }
}

size_t product_floats_scratch(size_t k) {
  size_t column = (k ? k : 1) * sizeof(float);
  return product_chunk(column) * column + MOST_ROWS * 2 * PANEL * sizeof(float);
}

void product_floats(const struct CKernels_Product *p, const float *packed_a, size_t first_row, size_t end_row,
                    size_t first_column, size_t end_column, void *scratch) {
  size_t chunk = product_chunk((p->k ? p->k : 1) * sizeof(float));
  float *tile = scratch, *panels = tile + MOST_ROWS * 2 * PANEL;
  const float *a = packed_a ? packed_a : p->a;
  size_t stride = packed_a ? product_floats_stride(p->k) : p->a_stride;
  for (size_t n = first_column; n < end_column; n += chunk) {
    size_t width = end_column - n < chunk ? end_column - n : chunk;
    pack_panels(p, n, width, panels);
    for (size_t m = first_row; m < end_row; m += FLOAT_ROWS) {
      size_t rows = end_row - m < FLOAT_ROWS ? end_row - m : FLOAT_ROWS;
      struct Left left = {a + m * stride, stride, 1};
      for (size_t q = 0; q < width; q += 2 * PANEL) {
        size_t columns = width - q < 2 * PANEL ? width - q : 2 * PANEL, count = columns > PANEL ? 2 : 1;
        // The next block of rows is far away when its turn comes, unless it is asked for during this one.
        size_t ahead = q == 0 && m + 2 * FLOAT_ROWS <= end_row ? FLOAT_ROWS * stride : 0;
        product_floats_block(left, rows, ahead, panels + q * p->k, PANEL * p->k, count, p->k, tile);
        product_finish(p, tile, m, rows, n + q, columns);
      }
    }
  }
  product_finished(p);
}

#pragma clang attribute pop

#else

size_t product_floats_stride(size_t k) { return k; }
size_t product_floats_scratch(size_t k) { return k; }
void product_floats_pack_a(const struct CKernels_Product *p, float *to, size_t begin, size_t end) {}
void product_floats(const struct CKernels_Product *p, const float *packed_a, size_t first_row, size_t end_row,
                    size_t first_column, size_t end_column, void *scratch) {}

#endif
