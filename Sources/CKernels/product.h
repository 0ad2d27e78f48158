// The innermost part of products, for kernels that feed and finish them in their own way. What is not of single-precision
// numbers must not be called where the processor has no unit for it.
#pragma once

#include "CKernels.h"

enum { PANEL = 32, STEP = 32, AMX_ROWS = 32, DOT_ROWS = 24, FLOAT_ROWS = 24, MOST_ROWS = 32 };

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
/// Rows [begin, end) of A as CKernels_product_pack_a leaves them for bfloat16.
void product_pack_rows(const struct CKernels_Product *product, bf16 *to, size_t begin, size_t end);
/// How many columns of B of so many bytes stay in the cache while A and C go by; a multiple of 64.
size_t product_chunk(size_t bytes);
/// Adds what is to be added to a block of sums (rows, 64) and stores it as rows m … and columns n … of C.
void product_finish(const struct CKernels_Product *product, float *block, size_t m, size_t rows, size_t n,
                    size_t columns);
/// After a thread's last block.
void product_finished(const struct CKernels_Product *product);

// MARK: Single precision

/// A matrix as the left operand of a product: rows `row_step` numbers apart, k `k_step`.
struct Left {
  const void *numbers;
  size_t row_step, k_step;
};

/// At most 24 rows of floats times one or two panels (k, 32) that lie `next` numbers apart, into rows of 64: on any
/// processor. The rows `ahead` numbers further on are brought nearer, unless that is 0.
void product_floats_block(struct Left a, size_t rows, size_t ahead, const float *b, size_t next, size_t panels,
                          size_t k, float *c);
/// CKernels_product and what belongs to it, for CKernels_Floats.
void product_floats(const struct CKernels_Product *product, const float *packed_a, size_t first_row, size_t end_row,
                    size_t first_column, size_t end_column, void *scratch);
void product_floats_pack_a(const struct CKernels_Product *product, float *to, size_t begin, size_t end);
size_t product_floats_scratch(size_t k);
/// Numbers from one row of packed A to the next.
size_t product_floats_stride(size_t k);

// MARK: 16-bit integers

/// What a packed vector's length is.
#define INTEGER_LENGTH 32767

/// A matrix of floats or bfloat16, rows `stride` numbers apart.
struct Numbers {
  const void *numbers;
  size_t stride;
  int is_float;
};

/// Numbers of a packed row of k, its unit and what is left free included.
size_t product_integers_row(size_t k);
/// Numbers of a panel (k / 2, 32, 2), k rounded up to 32, and its 32 units.
size_t product_integers_panel(size_t k);
/// A row of x (rows, k), scaled and rounded.
void product_integers_pack_row(struct Numbers x, size_t row, size_t k, int16_t *to);
/// Each of `columns` columns of x (rows, …) from `first` on as such a row. Their sums are added to `sums`, or null.
void product_integers_pack_columns(struct Numbers x, size_t first, size_t rows, size_t columns, float *sums, int16_t *to,
                                   size_t to_stride);
/// At most 32 columns of x (k, …) from `column` on as a panel.
void product_integers_pack_panel(struct Numbers x, size_t column, size_t k, size_t columns, int16_t *to);
/// At most 32 rows of x (…, k) from `row` on as a panel.
void product_integers_pack_turned_panel(struct Numbers x, size_t row, size_t rows, size_t k, int16_t *to);
/// DOT_ROWS packed rows times one or two panels that lie `next` numbers apart, into the rows of 64 of a block, or, if
/// there is a c, added to rows of c; the block holds what is of no use then. k is a multiple of 32.
void product_integers_block(const int16_t *a, size_t stride, const int16_t *b, size_t next, size_t panels, size_t k,
                            float *block, float *c, size_t c_stride);
/// CKernels_product and what belongs to it, for CKernels_Integers.
void product_integers(const struct CKernels_Product *product, const int16_t *packed_a, size_t first_row, size_t end_row,
                      size_t first_column, size_t end_column, void *scratch);
void product_integers_pack_a(const struct CKernels_Product *product, int16_t *to, size_t begin, size_t end);
size_t product_integers_scratch(size_t k);
