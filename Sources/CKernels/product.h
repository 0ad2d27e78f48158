// The innermost part of products of bfloat16 matrices, for kernels that feed and finish them in their own way.
// Not to be called where the processor has no unit for them.
#pragma once

#include "CKernels.h"

enum { PANEL = 32, STEP = 32, AMX_ROWS = 32, DOT_ROWS = 24, MOST_ROWS = 32 };

static inline size_t rounded(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

/// Readies this thread for product_block; product_end after the last one.
void product_begin(enum CKernels_ProductUnit unit);
void product_end(enum CKernels_ProductUnit unit);
/// Columns n … n + 31 of B as a panel (k / 2, 32, 2), k rounded up to 32, zero beyond the matrix.
void product_pack_panel(const struct CKernels_Product *product, size_t n, bf16 *to);
/// AMX_ROWS or DOT_ROWS rows of A, k side by side, times one or two panels that lie `next` numbers apart, into rows of 64.
void product_block(enum CKernels_ProductUnit unit, const bf16 *a, size_t stride, const bf16 *b, size_t next,
                   size_t panels, size_t k, float *c);
/// Rows of 64 numbers, rounded.
void product_narrow_block(const float *block, size_t rows, bf16 *to, size_t stride);
/// At most 32 rows of 64 numbers, rounded, as 64 rows of 32 numbers: zero beyond the block.
void product_turn_block(const float *block, size_t rows, bf16 *to, size_t stride);
