// Attention over segments of packed rows with products of bfloat16, forward and backward: what attention.c does, on a
// processor that has a unit for them.
//
// A thread takes one (segment, head) pair at a time. Keys and values are repacked once into panels; queries go through
// in tiles of QUERIES rows, so that no more of the attention matrix exists than a tile. A matrix of scores lies in
// planes of 64 columns, as product_block leaves them. The backward pass computes the probabilities again from the
// log-sum-exp of each row.
#include "common.h"
#include "product.h"

#if defined(__x86_64__)
#include <immintrin.h>

// A multiple of both units' blocks of rows.
enum { QUERIES = 96, PLANE = 2 * PANEL };

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma"))), \
                             apply_to = function)

// Hands out a thread's memory.
struct room {
  char *next;
};

static inline void *take(struct room *room, size_t bytes) {
  void *here = room->next;
  room->next += rounded(bytes, 64);
  return here;
}

// A column vector of sizes that every buffer is made of.
struct sizes {
  size_t keys, width;              // rounded to 32
  size_t key_planes, width_planes;  // of 64 columns
  size_t key_rows;                 // rounded to 96
};

static struct sizes sizes_of(size_t keys, size_t width) {
  return (struct sizes){.keys = rounded(keys, STEP),
                        .width = rounded(width, STEP),
                        .key_planes = rounded(keys, PLANE) / PLANE,
                        .width_planes = rounded(width, PLANE) / PLANE,
                        .key_rows = rounded(keys, QUERIES)};
}

// Panels of B (k, n), stored so or transposed.
static void pack(const bf16 *from, size_t stride, int transposed, size_t k, size_t n, bf16 *to) {
  struct CKernels_Product b = {.n = n, .k = k, .b = from, .b_stride = stride, .b_transposed = transposed};
  for (size_t column = 0; column < n; column += PANEL) product_pack_panel(&b, column, to + column * rounded(k, STEP));
}

// Rows of A with k side by side and zeros up to a multiple of 32, both ways.
static void rows(const bf16 *from, size_t stride, int transposed, size_t m, size_t k, bf16 *to) {
  struct CKernels_Product a = {.m = m, .k = k, .a = from, .a_stride = stride, .a_transposed = transposed};
  product_pack_rows(&a, to, 0, m);
}

// C (m, n) = A (m, k) · B (k, n) in planes of `plane_rows` rows; k and A's stride are a multiple of 32.
static void multiply(enum CKernels_ProductUnit unit, const bf16 *a, const bf16 *b, size_t m, size_t n, size_t k, float *c,
                     size_t plane_rows) {
  size_t block = unit == CKernels_AMX ? AMX_ROWS : DOT_ROWS;
  for (size_t column = 0; column < n; column += PLANE) {
    size_t panels = n - column > PANEL ? 2 : 1;
    for (size_t row = 0; row < m; row += block) {
      product_block(unit, a + row * k, k, b + column * k, PANEL * k, panels, k, c + (column / PLANE * plane_rows + row) * PLANE);
    }
  }
}

// Rows of planes, times a factor each, to where they belong.
static void store(const float *planes, size_t plane_rows, size_t m, size_t width, const float *factors, bf16 *to,
                  size_t stride) {
  for (size_t row = 0; row < m; row++) {
    __m512 factor = _mm512_set1_ps(factors ? factors[row] : 1.0f);
    for (size_t c = 0; c < width; c += 32) {
      const float *from = planes + (c / PLANE * plane_rows + row) * PLANE + c % PLANE;
      __m512 low = _mm512_mul_ps(_mm512_load_ps(from), factor), high = _mm512_mul_ps(_mm512_load_ps(from + 16), factor);
      __mmask32 mask = width - c >= 32 ? 0xffffffff : (__mmask32)((1u << (width - c)) - 1);
      _mm512_mask_storeu_epi16(to + row * stride + c, mask, (__m512i)_mm512_cvtne2ps_pbh(high, low));
    }
  }
}

// 64 numbers, rounded.
static inline void narrow(const float *from, bf16 *to, size_t count) {
  for (size_t c = 0; c < count; c += 32) {
    _mm512_store_si512(to + c, (__m512i)_mm512_cvtne2ps_pbh(_mm512_load_ps(from + c + 16), _mm512_load_ps(from + c)));
  }
}

// Replaces a row of scores by e^(scale · (score − largest)), rounded, zero from `seen` on; returns the largest score and
// their sum.
static void exponentials(const float *scores, size_t plane_rows, size_t seen, size_t keys, float scale, bf16 *to,
                         float *largest_score, float *sum_of_all) {
  RELAXED
  float largest = -INFINITY, sum = 0, e[PLANE] __attribute__((aligned(64)));
  for (size_t j = 0; j < seen; j += PLANE) {
    const float *restrict s = scores + j * plane_rows;
    int32_t count = (int32_t)(seen - j < PLANE ? seen - j : PLANE);
    for (int32_t c = 0; c < PLANE; c++) {
      float x = c < count ? s[c] : -INFINITY;
      largest = x > largest ? x : largest;
    }
  }
  for (size_t j = 0; j < keys; j += PLANE) {
    const float *restrict s = scores + j * plane_rows;
    int32_t count = seen > j ? (int32_t)(seen - j < PLANE ? seen - j : PLANE) : 0;
    for (int32_t c = 0; c < PLANE; c++) {
      e[c] = c < count ? exponential((s[c] - largest) * scale) : 0;
      sum += e[c];
    }
    narrow(e, to + j, keys - j < PLANE ? keys - j : PLANE);
  }
  *largest_score = largest;
  *sum_of_all = sum;
}

size_t CKernels_attention_blocks_scratch(size_t keys, size_t width, int backward) {
  struct sizes n = sizes_of(keys, width);
  size_t panels = 3 * n.keys * n.width, tiles = 4 * QUERIES * n.width + 2 * QUERIES * n.keys;
  size_t turned = (n.keys + 64) * QUERIES, planes = 2 * QUERIES * PLANE * (n.key_planes + n.width_planes);
  size_t sums = backward ? 3 * n.key_rows * PLANE * n.width_planes : 0;
  return (panels + tiles + turned) * sizeof(bf16) + (planes + sums + 2 * QUERIES) * sizeof(float) + 32 * 64;
}

void CKernels_attention_blocks(struct CKernels_Attention shape, enum CKernels_ProductUnit unit, const bf16 *q,
                               size_t q_stride, const bf16 *k, const bf16 *v, size_t kv_stride, bf16 *out,
                               size_t out_stride, float *lse, void *scratch, size_t begin, size_t end) {
  size_t width = shape.width;
  product_begin(unit);
  for (size_t pair = begin; pair < end; pair++) {
    size_t segment = pair / shape.heads, head = pair % shape.heads, column = head * width;
    size_t first_query = (size_t)shape.query_offsets[segment], first_key = (size_t)shape.key_offsets[segment];
    size_t queries = (size_t)shape.query_offsets[segment + 1] - first_query;
    size_t keys = (size_t)shape.key_offsets[segment + 1] - first_key;
    struct sizes n = sizes_of(keys, width);
    struct room room = {scratch};
    bf16 *keys_turned = take(&room, n.keys * n.width * 2), *values = take(&room, n.keys * n.width * 2);
    bf16 *query = take(&room, QUERIES * n.width * 2), *weights = take(&room, QUERIES * n.keys * 2);
    float *scores = take(&room, QUERIES * PLANE * n.key_planes * 4);
    float *sums = take(&room, QUERIES * PLANE * n.width_planes * 4), *inverse = take(&room, QUERIES * 4);
    pack(k + first_key * kv_stride + column, kv_stride, 1, width, keys, keys_turned);
    pack(v + first_key * kv_stride + column, kv_stride, 0, keys, width, values);

    for (size_t tile = 0; tile < queries; tile += QUERIES) {
      size_t count = queries - tile < QUERIES ? queries - tile : QUERIES, row0 = first_query + tile;
      rows(q + row0 * q_stride + column, q_stride, 0, count, width, query);
      multiply(unit, query, keys_turned, count, keys, n.width, scores, QUERIES);
      for (size_t r = 0; r < count; r++) {
        float largest, sum;
        exponentials(scores + r * PLANE, QUERIES, shape.causal ? tile + r + 1 : keys, n.keys, shape.scale,
                     weights + r * n.keys, &largest, &sum);
        inverse[r] = 1.0f / sum;
        if (lse) lse[(row0 + r) * shape.heads + head] = largest * shape.scale + logf(sum);
      }
      multiply(unit, weights, values, count, width, n.keys, sums, QUERIES);
      store(sums, QUERIES, count, width, inverse, out + row0 * out_stride + column, out_stride);
    }
  }
  product_end(unit);
}

// Of a row: probabilities and the gradient of the scores, both rounded, from scores and the gradient of probabilities.
static void slopes(const float *scores, const float *d_weights, size_t plane_rows, size_t seen, size_t keys, float scale,
                   float log_sum, float dot, bf16 *weights, bf16 *d_scores) {
  RELAXED
  float p[PLANE] __attribute__((aligned(64))), ds[PLANE] __attribute__((aligned(64)));
  for (size_t j = 0; j < keys; j += PLANE) {
    const float *restrict s = scores + j * plane_rows, *restrict d = d_weights + j * plane_rows;
    int32_t count = seen > j ? (int32_t)(seen - j < PLANE ? seen - j : PLANE) : 0;
    for (int32_t c = 0; c < PLANE; c++) {
      float x = c < count ? exponential(s[c] * scale - log_sum) : 0;
      p[c] = x;
      ds[c] = c < count ? x * (d[c] - dot) * scale : 0;
    }
    size_t stored = keys - j < PLANE ? keys - j : PLANE;
    narrow(p, weights + j, stored);
    narrow(ds, d_scores + j, stored);
  }
}

static float dot_product(const bf16 *x, const bf16 *y, size_t count) {
  RELAXED
  float sum = 0;
  for (size_t c = 0; c < count; c++) sum += load_bf16(x + c) * load_bf16(y + c);
  return sum;
}

// Sums (keys, width) += Aᵀ · B of a tile: A (count, keys) in rows of n.keys, B as panels.
static void add_turned(enum CKernels_ProductUnit unit, const bf16 *a, size_t count, struct sizes n, size_t keys,
                       size_t width, const bf16 *b, bf16 *turned, float *tile, float *sums, int first) {
  rows(a, n.keys, 1, keys, count, turned);
  multiply(unit, turned, b, keys, width, rounded(count, STEP), first ? sums : tile, n.key_rows);
  if (!first) {
    for (size_t i = 0; i < n.key_rows * PLANE * n.width_planes; i++) sums[i] += tile[i];
  }
}

void CKernels_attention_blocks_backward(struct CKernels_Attention shape, enum CKernels_ProductUnit unit,
                                        const bf16 *d_out, const bf16 *out, size_t out_stride, const bf16 *q,
                                        size_t q_stride, const bf16 *k, const bf16 *v, size_t kv_stride,
                                        const float *lse, bf16 *dq, size_t dq_stride, bf16 *dk, bf16 *dv,
                                        size_t dkv_stride, void *scratch, size_t begin, size_t end) {
  size_t width = shape.width;
  product_begin(unit);
  for (size_t pair = begin; pair < end; pair++) {
    size_t segment = pair / shape.heads, head = pair % shape.heads, column = head * width;
    size_t first_query = (size_t)shape.query_offsets[segment], first_key = (size_t)shape.key_offsets[segment];
    size_t queries = (size_t)shape.query_offsets[segment + 1] - first_query;
    size_t keys = (size_t)shape.key_offsets[segment + 1] - first_key;
    struct sizes n = sizes_of(keys, width);
    struct room room = {scratch};
    size_t panels = n.keys * n.width * 2, operand = QUERIES * n.width * 2, square = QUERIES * n.keys * 2;
    size_t sums = n.key_rows * PLANE * n.width_planes * 4;
    bf16 *keys_turned = take(&room, panels), *values_turned = take(&room, panels), *key_panels = take(&room, panels);
    bf16 *query = take(&room, operand), *d_output = take(&room, operand);
    bf16 *query_panels = take(&room, operand), *d_output_panels = take(&room, operand);
    bf16 *weights = take(&room, square), *d_scores = take(&room, square);
    bf16 *turned = take(&room, (n.keys + 64) * QUERIES * 2);
    float *scores = take(&room, QUERIES * PLANE * n.key_planes * 4);
    float *d_weights = take(&room, QUERIES * PLANE * n.key_planes * 4);
    float *d_query = take(&room, QUERIES * PLANE * n.width_planes * 4);
    float *d_keys = take(&room, sums), *d_values = take(&room, sums), *more = take(&room, sums);
    pack(k + first_key * kv_stride + column, kv_stride, 1, width, keys, keys_turned);
    pack(v + first_key * kv_stride + column, kv_stride, 1, width, keys, values_turned);
    pack(k + first_key * kv_stride + column, kv_stride, 0, keys, width, key_panels);

    for (size_t tile = 0; tile < queries; tile += QUERIES) {
      size_t count = queries - tile < QUERIES ? queries - tile : QUERIES, row0 = first_query + tile;
      const bf16 *tile_q = q + row0 * q_stride + column, *tile_d = d_out + row0 * out_stride + column;
      rows(tile_q, q_stride, 0, count, width, query);
      rows(tile_d, out_stride, 0, count, width, d_output);
      pack(tile_q, q_stride, 0, count, width, query_panels);
      pack(tile_d, out_stride, 0, count, width, d_output_panels);
      multiply(unit, query, keys_turned, count, keys, n.width, scores, QUERIES);
      multiply(unit, d_output, values_turned, count, keys, n.width, d_weights, QUERIES);
      for (size_t r = 0; r < count; r++) {
        float dot = dot_product(out + (row0 + r) * out_stride + column, tile_d + r * out_stride, width);
        slopes(scores + r * PLANE, d_weights + r * PLANE, QUERIES, shape.causal ? tile + r + 1 : keys, n.keys,
               shape.scale, lse[(row0 + r) * shape.heads + head], dot, weights + r * n.keys, d_scores + r * n.keys);
      }
      multiply(unit, d_scores, key_panels, count, width, n.keys, d_query, QUERIES);
      store(d_query, QUERIES, count, width, NULL, dq + row0 * dq_stride + column, dq_stride);
      add_turned(unit, d_scores, count, n, keys, width, query_panels, turned, more, d_keys, tile == 0);
      add_turned(unit, weights, count, n, keys, width, d_output_panels, turned, more, d_values, tile == 0);
    }
    store(d_keys, n.key_rows, keys, width, NULL, dk + first_key * dkv_stride + column, dkv_stride);
    store(d_values, n.key_rows, keys, width, NULL, dv + first_key * dkv_stride + column, dkv_stride);
  }
  product_end(unit);
}

#pragma clang attribute pop

#else

size_t CKernels_attention_blocks_scratch(size_t keys, size_t width, int backward) { return 0; }
void CKernels_attention_blocks(struct CKernels_Attention shape, enum CKernels_ProductUnit unit, const bf16 *q,
                               size_t q_stride, const bf16 *k, const bf16 *v, size_t kv_stride, bf16 *out,
                               size_t out_stride, float *lse, void *scratch, size_t begin, size_t end) {}
void CKernels_attention_blocks_backward(struct CKernels_Attention shape, enum CKernels_ProductUnit unit,
                                        const bf16 *d_out, const bf16 *out, size_t out_stride, const bf16 *q,
                                        size_t q_stride, const bf16 *k, const bf16 *v, size_t kv_stride,
                                        const float *lse, bf16 *dq, size_t dq_stride, bf16 *dk, bf16 *dv,
                                        size_t dkv_stride, void *scratch, size_t begin, size_t end) {}

#endif
