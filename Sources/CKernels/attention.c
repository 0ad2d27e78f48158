// Attention over segments of packed rows, forward and backward.
//
// A thread takes one (segment, head) pair at a time. Queries go through in tiles of QUERY_TILE rows, so that no more of
// the attention matrix exists than a tile that fits the cache; the backward pass computes the probabilities again from
// the log-sum-exp of each row. Operands are copied once into zero-padded float panels, which makes every inner loop
// free of edges and independent of the storage type.
#include "common.h"

enum { QUERY_TILE = 64, LANES = 16 };

typedef float lanes __attribute__((vector_size(64), aligned(4)));

INLINE size_t rounded(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

// C (m × n) = or += A (m × k) · B (k × n). A's element (i, p) lies at a[i · a_row + p · a_column]; B and C are row-major
// with n a multiple of LANES; m is rounded up to a multiple of 4 and C and A have the room.
INLINE void product(const float *restrict a, size_t a_row, size_t a_column, const float *restrict b, float *restrict c,
                    size_t m, size_t k, size_t n, int accumulate) {
  for (size_t j = 0; j < n;) {
    size_t vectors = n - j >= 2 * LANES ? 2 : 1;
    for (size_t i = 0; i < m; i += 4) {
      lanes sum[4][2] = {};
      if (vectors == 2) {
        for (size_t p = 0; p < k; p++) {
          lanes b0 = *(const lanes *)(b + p * n + j), b1 = *(const lanes *)(b + p * n + j + LANES);
#pragma unroll
          for (size_t r = 0; r < 4; r++) {
            float x = a[(i + r) * a_row + p * a_column];
            sum[r][0] += x * b0;
            sum[r][1] += x * b1;
          }
        }
      } else {
        for (size_t p = 0; p < k; p++) {
          lanes b0 = *(const lanes *)(b + p * n + j);
#pragma unroll
          for (size_t r = 0; r < 4; r++) sum[r][0] += a[(i + r) * a_row + p * a_column] * b0;
        }
      }
#pragma unroll
      for (size_t r = 0; r < 4; r++) {
        lanes *to = (lanes *)(c + (i + r) * n + j);
        to[0] = accumulate ? to[0] + sum[r][0] : sum[r][0];
        if (vectors == 2) to[1] = accumulate ? to[1] + sum[r][1] : sum[r][1];
      }
    }
    j += vectors * LANES;
  }
}

size_t CKernels_attention_scratch(size_t keys, size_t width, int backward) {
  size_t n = rounded(keys, LANES), h = rounded(width, LANES);
  return backward ? 5 * n * h + QUERY_TILE * (3 * h + 2 * n) : 2 * n * h + QUERY_TILE * (2 * h + n);
}

#define T float
#define LOAD load_f32
#define STORE store_f32
#define NAME(f) f##_f32
#include "attention.inc"
#undef T
#undef LOAD
#undef STORE
#undef NAME

#define T bf16
#define LOAD load_bf16
#define STORE store_bf16
#define NAME(f) f##_bf16
#include "attention.inc"
