// Products of matrices as 16-bit integers, with AVX-512's dot products of pairs (VNNI).
//
// Every vector that meets another, a row of the left matrix or a column of the right one, is scaled to a length of 32,767
// and rounded. By Cauchy and Schwarz no dot product of such vectors, nor any part of it, exceeds 2^30, so that sums of
// 32 bits hold it whatever the vectors are, and are exact. Of k numbers of one size each has 32,767 / √k steps: with 512
// that is six times as fine as bfloat16, and with 10,000 as fine, at twice the rate of fused multiply-adds. What 1 stands
// for lies behind each vector as a float, its unit: a row is k numbers and room for 32 more, a panel (k / 2, 32, 2) and
// 32 units. Vectors that are not finite, or as long as 1e19, whose squares are not, have units that are not numbers, and so
// have their products.
#include "product.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>

int CKernels_multiplies_integers(void) {
  return CKernels_multiplies_floats() && __builtin_cpu_supports("avx512vnni");
}

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,fma"))), \
                             apply_to = function)

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
    const int16_t *row[6], *panel[2] = {s.b + begin * PANEL, s.b + s.next + begin * PANEL};                           \
    _Pragma("unroll") for (size_t r = 0; r < 6; r++) row[r] = s.a + r * s.stride;                                     \
    for (size_t k = begin; k < end; k += STEP) {                                                                      \
      _Pragma("unroll") for (size_t r = 0; r < 6; r++) __builtin_prefetch(row[r] + 6 * s.stride + k);                 \
      /* Twice unrolled: arithmetic of addresses takes the place of products. */                                      \
      _Pragma("unroll 2") for (size_t p = k; p < k + STEP; p += 2) {                                                  \
        __m512i column[WIDTH];                                                                                        \
        _Pragma("unroll") for (size_t j = 0; j < WIDTH; j++) {                                                        \
          column[j] = _mm512_load_si512(panel[j / 2] + j % 2 * PANEL);                                                \
        }                                                                                                             \
        _Pragma("unroll") for (size_t j = 0; j < WIDTH; j += 2) panel[j / 2] += 2 * PANEL;                            \
        _Pragma("unroll") for (size_t r = 0; r < 6; r++) {                                                            \
          int pair;                                                                                                   \
          memcpy(&pair, row[r] + p, 4);                                                                               \
          __m512i x = _mm512_set1_epi32(pair);                                                                        \
          _Pragma("unroll") for (size_t j = 0; j < WIDTH; j++) add_dot_products(&sum[r][j], x, column[j]);            \
        }                                                                                                             \
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
  size_t begin = 0;
  do {
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
    begin = end;
  } while (begin < k);
}

// MARK: Matrices

size_t product_integers_row(size_t k) { return rounded(k, STEP) + STEP; }
size_t product_integers_panel(size_t k) { return rounded(k, STEP) * PANEL + 2 * PANEL; }

static size_t chunk_of(size_t k) { return product_chunk(product_integers_panel(k) * sizeof(int16_t) / PANEL); }

size_t product_integers_scratch(size_t k) {
  return (chunk_of(k) / PANEL * product_integers_panel(k)) * sizeof(int16_t) + MOST_ROWS * 2 * PANEL * sizeof(float);
}

void product_integers_pack_a(const struct CKernels_Product *p, int16_t *to, size_t begin, size_t end) {
  struct Numbers a = {p->a, p->a_stride, 0};
  size_t stride = product_integers_row(p->k), last = end < p->m ? end : p->m;
  if (p->a_transposed) {
    float *sums = p->row_sums ? p->row_sums + begin : NULL;
    product_integers_pack_columns(a, begin, p->k, last - begin, sums, to + begin * stride, stride);
    return;
  }
  for (size_t m = begin; m < last; m++) product_integers_pack_row(a, m, p->k, to + m * stride);
}

void product_integers(const struct CKernels_Product *p, const int16_t *a, size_t first_row, size_t end_row,
                      size_t first_column, size_t end_column, void *scratch) {
  size_t steps = rounded(p->k, STEP), panel = product_integers_panel(p->k), chunk = chunk_of(p->k);
  size_t stride = product_integers_row(p->k);
  struct Numbers b = {p->b, p->b_stride, p->b_is_float};
  float *tile = scratch;
  int16_t *panels = (int16_t *)(tile + MOST_ROWS * 2 * PANEL);
  for (size_t n = first_column; n < end_column; n += chunk) {
    size_t width = end_column - n < chunk ? end_column - n : chunk;
    for (size_t q = 0; q < width; q += PANEL) {
      size_t columns = p->n - n - q < PANEL ? p->n - n - q : PANEL;
      int16_t *to = panels + q / PANEL * panel;
      if (p->b_transposed) {
        product_integers_pack_turned_panel(b, n + q, columns, p->k, to);
      } else {
        product_integers_pack_panel(b, n + q, p->k, columns, to);
      }
    }
    for (size_t m = first_row; m < end_row; m += DOT_ROWS) {
      size_t rows = end_row - m < DOT_ROWS ? end_row - m : DOT_ROWS;
      for (size_t q = 0; q < width; q += 2 * PANEL) {
        size_t columns = width - q < 2 * PANEL ? width - q : 2 * PANEL, count = columns > PANEL ? 2 : 1;
        product_integers_block(a + m * stride, stride, panels + q / PANEL * panel, panel, count, steps, tile, NULL, 0);
        product_finish(p, tile, m, rows, n + q, columns);
      }
    }
  }
  product_finished(p);
}

#pragma clang attribute pop

#else

int CKernels_multiplies_integers(void) { return 0; }
void product_integers_block(const int16_t *a, size_t stride, const int16_t *b, size_t next, size_t panels, size_t k,
                            float *block, float *c, size_t c_stride) {}
size_t product_integers_row(size_t k) { return k; }
size_t product_integers_panel(size_t k) { return k; }
size_t product_integers_scratch(size_t k) { return k; }
void product_integers_pack_a(const struct CKernels_Product *p, int16_t *to, size_t begin, size_t end) {}
void product_integers(const struct CKernels_Product *p, const int16_t *a, size_t first_row, size_t end_row,
                      size_t first_column, size_t end_column, void *scratch) {}

#endif
