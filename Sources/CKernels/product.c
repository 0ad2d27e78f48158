// Products of matrices, C = A · B with sums in single precision: of bfloat16 on tiles of AMX, with AVX-512's dot products,
// as 16-bit integers (product_integers.c) or as single-precision numbers, and of single-precision numbers
// (product_floats.c).
//
// B goes through in chunks that fit half of the second-level cache, repacked into panels as both instruction sets want
// it: for 32 columns and two neighbouring k the 32 pairs lie side by side. Repacking also rounds single-precision
// weights, so that no copy of them exists. A is read in place, a row's k side by side; where it is stored the other way
// round, CKernels_product_pack_a turns it first. Every block of rows times two panels ends in a scratch tile, from which
// the epilogue adds what is to be added and stores. All of it needs AVX-512: where the processor has none, Swift takes
// another way (see Multiply.swift).
#include "product.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

enum CKernels_ProductUnit CKernels_product_unit(void) {
  unsigned a, b, c, d, vendor;
  if (!CKernels_multiplies_floats()) return CKernels_NoProductUnit;
  if (!__builtin_cpu_supports("avx512bf16")) return CKernels_NoProductUnit;
  __cpuid_count(7, 0, a, b, c, d);
  enum { AMX_BF16 = 1 << 22, AMX_TILE = 1 << 24, ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
  // Linux lends the tile registers only to programs that ask.
  if ((d & AMX_BF16) && (d & AMX_TILE) && syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0) {
    return CKernels_AMX;
  }
  // Intel's processors take a dot product of bfloat16 every other cycle (80 GFLOP/s measured on Emerald Rapids), two
  // fused multiply-adds every cycle (160) and two dot products of integers (350); AMD's take as many of all three, so that
  // dot products do twice the work. A rule rather than a measurement: all ranks, and a run that goes on, must choose alike.
  __cpuid(0, a, vendor, c, d);
  if (vendor != signature_INTEL_ebx) return CKernels_DotProducts;
  return CKernels_multiplies_integers() ? CKernels_Integers : CKernels_Floats;
}

int CKernels_multiplies_floats(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma"))), \
                             apply_to = function)

#include "product_vectors.h"

// A panel of B that is stored transposed: 32 rows of it, turned in squares of 16 pairs.
static void pack_turned(const struct CKernels_Product *p, size_t n, bf16 *to) {
  size_t steps = rounded(p->k, STEP), columns = p->n - n < PANEL ? p->n - n : PANEL;
  for (size_t k = 0; k < steps; k += STEP) {
    size_t count = p->k - k < STEP ? p->k - k : STEP;
    for (size_t half = 0; half < 2; half++) {
      __m512i r[16];
      for (size_t i = 0; i < 16; i++) {
        size_t row = half * 16 + i;
        r[i] = row < columns ? load32(p->b, (n + row) * p->b_stride + k, p->b_is_float, count) : _mm512_setzero_si512();
      }
      transpose(r);
      for (size_t i = 0; i < 16; i++) _mm512_store_si512(to + (k / 2 + i) * 2 * PANEL + half * PANEL, r[i]);
    }
  }
}

// Columns n … n + width − 1 of B as panels (k / 2, 32, 2), one behind the other, zero beyond the matrix.
__attribute__((noinline)) static void pack_panels(const struct CKernels_Product *p, size_t n, size_t width, bf16 *to) {
  size_t steps = rounded(p->k, STEP);
  if (p->b_transposed) {
    for (size_t q = 0; q < width; q += PANEL) pack_turned(p, n + q, to + q * steps);
    return;
  }
  // Row by row over all panels: memory is read in the order in which it lies.
  for (size_t k = 0; k < steps; k += 2) {
    for (size_t q = 0; q < width; q += PANEL) {
      size_t columns = p->n - n - q < PANEL ? p->n - n - q : PANEL;
      __m512i x = _mm512_setzero_si512(), y = x, low, high;
      if (k < p->k) x = load32(p->b, k * p->b_stride + n + q, p->b_is_float, columns);
      if (k + 1 < p->k) y = load32(p->b, (k + 1) * p->b_stride + n + q, p->b_is_float, columns);
      interleave(x, y, &low, &high);
      _mm512_store_si512(to + q * steps + k * PANEL, low);
      _mm512_store_si512(to + q * steps + k * PANEL + PANEL, high);
    }
  }
}

// Rows m … m + rows − 1 of A, k side by side, zero beyond the matrix.
static void copy_rows(const struct CKernels_Product *p, size_t m, size_t rows, bf16 *to) {
  size_t steps = rounded(p->k, STEP);
  for (size_t r = 0; r < rows; r++) {
    for (size_t k = 0; k < steps; k += STEP) {
      __m512i x = _mm512_setzero_si512();
      if (m + r < p->m) x = load32(p->a, (m + r) * p->a_stride + k, 0, p->k - k < STEP ? p->k - k : STEP);
      _mm512_store_si512(to + r * steps + k, x);
    }
  }
}

size_t CKernels_product_packed_row(enum CKernels_ProductUnit unit, size_t k) {
  if (unit == CKernels_Integers) return product_integers_row(k) * sizeof(int16_t);
  return unit == CKernels_Floats ? product_floats_stride(k) * sizeof(float) : rounded(k, STEP) * sizeof(bf16);
}

int CKernels_product_packs(const struct CKernels_Product *p, enum CKernels_ProductUnit unit) {
  if (unit == CKernels_Integers || p->a_transposed) return 1;
  return unit == CKernels_Floats ? !p->a_is_float : p->k % STEP != 0;
}

void product_pack_rows(const struct CKernels_Product *p, bf16 *to, size_t begin, size_t end) {
  size_t steps = rounded(p->k, STEP);
  if (!p->a_transposed) {
    copy_rows(p, begin, rounded(end - begin, 32), to + begin * steps);
    return;
  }
  // 32 rows of the stored matrix at a time: memory is read in the order in which it lies.
  for (size_t k = 0; k < steps; k += STEP) {
    for (size_t m = begin; m < end; m += 32) {
      size_t columns = m < p->m ? (p->m - m < 32 ? p->m - m : 32) : 0;
      __m512i r[2][16];
      __m512 sum[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
      for (size_t i = 0; i < 16; i++) {
        __m512i x = _mm512_setzero_si512(), y = x;
        if (k + 2 * i < p->k) x = load32(p->a, (k + 2 * i) * p->a_stride + m, 0, columns);
        if (k + 2 * i + 1 < p->k) y = load32(p->a, (k + 2 * i + 1) * p->a_stride + m, 0, columns);
        interleave(x, y, &r[0][i], &r[1][i]);
        for (int half = 0; p->row_sums && half < 2; half++) {
          __m512 even = (__m512)_mm512_slli_epi32(r[half][i], 16);
          __m512 odd = (__m512)_mm512_and_si512(r[half][i], _mm512_set1_epi32((int)0xffff0000));
          sum[half] = _mm512_add_ps(sum[half], _mm512_add_ps(even, odd));
        }
      }
      for (size_t half = 0; half < 2; half++) {
        transpose(r[half]);
        for (size_t i = 0; i < 16; i++) _mm512_store_si512(to + (m + half * 16 + i) * steps + k, r[half][i]);
        if (p->row_sums && columns > half * 16) {
          __mmask16 mask = first16(columns - half * 16);
          float *sums = p->row_sums + m + half * 16;
          _mm512_mask_storeu_ps(sums, mask, _mm512_add_ps(_mm512_maskz_loadu_ps(mask, sums), sum[half]));
        }
      }
    }
  }
}

void CKernels_product_pack_a(const struct CKernels_Product *p, enum CKernels_ProductUnit unit, void *to, size_t begin,
                             size_t end) {
  if (unit == CKernels_Floats) {
    product_floats_pack_a(p, to, begin, end);
  } else if (unit == CKernels_Integers) {
    product_integers_pack_a(p, to, begin, end);
  } else {
    product_pack_rows(p, to, begin, end);
  }
}

// Six rows of A times one or two panels.
#define DOT_STRIP(WIDTH)                                                                                      \
  static inline void dot_strip_##WIDTH(const bf16 *a, size_t stride, const bf16 *b, size_t next, size_t k, float *c) { \
    __m512 sum[6][WIDTH];                                                                                     \
    _Pragma("unroll") for (int r = 0; r < 6; r++) {                                                           \
      _Pragma("unroll") for (int j = 0; j < WIDTH; j++) sum[r][j] = _mm512_setzero_ps();                      \
    }                                                                                                         \
    for (size_t p = 0; p < k; p += 2) {                                                                       \
      __m512bh column[WIDTH];                                                                                 \
      _Pragma("unroll") for (int j = 0; j < WIDTH; j++) {                                                     \
        column[j] = (__m512bh)_mm512_load_si512(b + (size_t)(j / 2) * next + p * PANEL + (size_t)(j % 2) * PANEL); \
      }                                                                                                       \
      _Pragma("unroll") for (int r = 0; r < 6; r++) {                                                         \
        int pair;                                                                                             \
        memcpy(&pair, a + (size_t)r * stride + p, 4);                                                         \
        __m512bh x = (__m512bh)_mm512_set1_epi32(pair);                                                       \
        _Pragma("unroll") for (int j = 0; j < WIDTH; j++) sum[r][j] = _mm512_dpbf16_ps(sum[r][j], x, column[j]); \
      }                                                                                                       \
    }                                                                                                         \
    _Pragma("unroll") for (int r = 0; r < 6; r++) {                                                           \
      _Pragma("unroll") for (int j = 0; j < WIDTH; j++) _mm512_store_ps(c + r * 2 * PANEL + j * 16, sum[r][j]); \
    }                                                                                                         \
  }
DOT_STRIP(2)
DOT_STRIP(4)

static void dot_block(const bf16 *a, size_t stride, const bf16 *b, size_t next, size_t panels, size_t k, float *c) {
  for (size_t r = 0; r < DOT_ROWS; r += 6) {
    if (panels == 2) {
      dot_strip_4(a + r * stride, stride, b, next, k, c + r * 2 * PANEL);
    } else {
      dot_strip_2(a + r * stride, stride, b, next, k, c + r * 2 * PANEL);
    }
  }
}

// 32 rows of A times one or two panels, 32 × 32 at a time: four of the eight tiles hold sums.
__attribute__((target("amx-tile,amx-bf16"))) static void amx_block(const bf16 *a, size_t stride, const bf16 *b,
                                                                   size_t next, size_t panels, size_t k, float *c) {
  size_t bytes = stride * sizeof(bf16), row = 2 * PANEL * sizeof(float);
  for (size_t panel = 0; panel < panels; panel++) {
    const bf16 *upper = a, *lower = a + 16 * stride, *column = b + panel * next;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (size_t p = 0; p < k; p += STEP) {
      _tile_loadd(6, column, 4 * PANEL);
      _tile_loadd(4, upper, bytes);
      _tile_loadd(7, column + PANEL, 4 * PANEL);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_loadd(5, lower, bytes);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
      upper += STEP;
      lower += STEP;
      column += STEP * PANEL;
    }
    float *to = c + panel * PANEL;
    _tile_stored(0, to, row);
    _tile_stored(1, to + 16, row);
    _tile_stored(2, to + 16 * 2 * PANEL, row);
    _tile_stored(3, to + 16 * 2 * PANEL + 16, row);
  }
}

__attribute__((target("amx-tile"))) static void amx_begin(void) {
  // Palette 1: eight tiles of 16 rows of 64 bytes.
  struct {
    uint8_t palette, start, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
  } tiles __attribute__((aligned(64))) = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    tiles.bytes[i] = 64;
    tiles.rows[i] = 16;
  }
  _tile_loadconfig(&tiles);
}

__attribute__((target("amx-tile"))) static void amx_end(void) { _tile_release(); }

void product_begin(enum CKernels_ProductUnit unit) {
  if (unit == CKernels_AMX) amx_begin();
}

void product_end(enum CKernels_ProductUnit unit) {
  if (unit == CKernels_AMX) amx_end();
}

void product_block(enum CKernels_ProductUnit unit, const bf16 *a, size_t stride, const bf16 *b, size_t next,
                   size_t panels, size_t k, float *c) {
  if (unit == CKernels_AMX) {
    amx_block(a, stride, b, next, panels, k, c);
  } else {
    dot_block(a, stride, b, next, panels, k, c);
  }
}

void product_pack_panel(const struct CKernels_Product *p, size_t n, bf16 *to) { pack_panels(p, n, PANEL, to); }

void product_narrow_block(const float *block, size_t rows, bf16 *to, size_t stride) {
  for (size_t r = 0; r < rows; r++) {
    for (size_t c = 0; c < 2 * PANEL; c += 32) {
      __m512 low = _mm512_load_ps(block + r * 2 * PANEL + c), high = _mm512_load_ps(block + r * 2 * PANEL + c + 16);
      _mm512_storeu_si512(to + r * stride + c, (__m512i)_mm512_cvtne2ps_pbh(high, low));
    }
  }
}

void product_turn_block(const float *block, size_t rows, bf16 *to, size_t stride) {
  const __m512i in_turn = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                           21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  for (size_t c = 0; c < 2 * PANEL; c += 16) {
    __m512i r[16];
    for (size_t i = 0; i < 16; i++) {
      const float *upper = block + 4 * i * PANEL + c;
      __m512 x = 2 * i < rows ? _mm512_load_ps(upper) : _mm512_setzero_ps();
      __m512 y = 2 * i + 1 < rows ? _mm512_load_ps(upper + 2 * PANEL) : _mm512_setzero_ps();
      r[i] = _mm512_permutexvar_epi16(in_turn, (__m512i)_mm512_cvtne2ps_pbh(y, x));
    }
    transpose(r);
    for (size_t i = 0; i < 16; i++) _mm512_storeu_si512(to + (c + i) * stride, r[i]);
  }
}

size_t product_chunk(size_t bytes) {
  // Half of the cache for B: the other half sees A and C go by.
  long cache = sysconf(_SC_LEVEL2_CACHE_SIZE);
  size_t half = (size_t)(cache > 0 ? cache : 1 << 20) / 2, columns = half / bytes / (2 * PANEL) * (2 * PANEL);
  return columns < 2 * PANEL ? 2 * PANEL : (columns > 512 ? 512 : columns);
}

static size_t rounded_steps(size_t k) { return rounded(k ? k : 1, STEP); }

size_t CKernels_product_scratch(enum CKernels_ProductUnit unit, size_t k) {
  if (unit == CKernels_Floats) return product_floats_scratch(k);
  if (unit == CKernels_Integers) return product_integers_scratch(k);
  size_t bytes = rounded_steps(k) * sizeof(bf16);
  return (product_chunk(bytes) + MOST_ROWS) * bytes + MOST_ROWS * 2 * PANEL * sizeof(float);
}

void CKernels_product(const struct CKernels_Product *p, enum CKernels_ProductUnit unit, const void *packed_a,
                      size_t first_row, size_t end_row, size_t first_column, size_t end_column, void *scratch) {
  if (unit == CKernels_Floats) {
    product_floats(p, packed_a, first_row, end_row, first_column, end_column, scratch);
    return;
  }
  if (unit == CKernels_Integers) {
    product_integers(p, packed_a, first_row, end_row, first_column, end_column, scratch);
    return;
  }
  size_t steps = rounded(p->k, STEP), chunk = product_chunk(rounded_steps(p->k) * sizeof(bf16));
  size_t block = unit == CKernels_AMX ? AMX_ROWS : DOT_ROWS;
  float *tile = scratch;
  bf16 *ragged = (bf16 *)(tile + MOST_ROWS * 2 * PANEL), *panels = ragged + MOST_ROWS * steps;
  const bf16 *a = packed_a ? packed_a : p->a;
  size_t a_stride = packed_a ? steps : p->a_stride;
  product_begin(unit);
  for (size_t n = first_column; n < end_column; n += chunk) {
    size_t width = end_column - n < chunk ? end_column - n : chunk;
    pack_panels(p, n, width, panels);
    for (size_t m = first_row; m < end_row; m += block) {
      size_t rows = end_row - m < block ? end_row - m : block, stride = a_stride;
      const bf16 *from = a + m * a_stride;
      if (rows < block && !packed_a) {
        copy_rows(p, m, block, ragged);
        from = ragged;
        stride = steps;
      }
      for (size_t q = 0; q < width; q += 2 * PANEL) {
        size_t columns = width - q < 2 * PANEL ? width - q : 2 * PANEL, count = columns > PANEL ? 2 : 1;
        product_block(unit, from, stride, panels + q * steps, PANEL * steps, count, steps, tile);
        product_finish(p, tile, m, rows, n + q, columns);
      }
    }
  }
  product_end(unit);
  product_finished(p);
}

#pragma clang attribute pop

#else

enum CKernels_ProductUnit CKernels_product_unit(void) { return CKernels_NoProductUnit; }
int CKernels_multiplies_floats(void) { return 0; }
size_t CKernels_product_scratch(enum CKernels_ProductUnit unit, size_t k) { return k; }
size_t CKernels_product_packed_row(enum CKernels_ProductUnit unit, size_t k) { return k; }
int CKernels_product_packs(const struct CKernels_Product *p, enum CKernels_ProductUnit unit) { return 0; }
void CKernels_product_pack_a(const struct CKernels_Product *p, enum CKernels_ProductUnit unit, void *to, size_t begin,
                             size_t end) {}
void CKernels_product(const struct CKernels_Product *p, enum CKernels_ProductUnit unit, const void *packed_a,
                      size_t first_row, size_t end_row, size_t first_column, size_t end_column, void *scratch) {}
void product_begin(enum CKernels_ProductUnit unit) {}
void product_end(enum CKernels_ProductUnit unit) {}
void product_pack_rows(const struct CKernels_Product *p, bf16 *to, size_t begin, size_t end) {}
void product_pack_panel(const struct CKernels_Product *p, size_t n, bf16 *to) {}
void product_block(enum CKernels_ProductUnit unit, const bf16 *a, size_t stride, const bf16 *b, size_t next,
                   size_t panels, size_t k, float *c) {}
void product_narrow_block(const float *block, size_t rows, bf16 *to, size_t stride) {}
void product_turn_block(const float *block, size_t rows, bf16 *to, size_t stride) {}

#endif
