// The two passes over a block of products that the contrastive loss is made of: contrast.c has them,
// contrast_tiles.c calls them. A block has at most 32 rows of BLOCK_WIDTH columns, one behind the other.
#pragma once

#include "CKernels.h"

enum { BLOCK_WIDTH = 64, BLOCK_ROWS = 32 };

/// Where a block lies among the logits.
struct Block {
  size_t row, rows, column, columns;
};

typedef float vector __attribute__((vector_size(64), aligned(4)));

/// What is known of the rows of a row of blocks, in sixteen parts each.
struct Lanes {
  vector sums[BLOCK_ROWS], references[BLOCK_ROWS], rivals[BLOCK_ROWS];
};

/// Lanes of no logits yet.
void contrast_begin_rows(struct Lanes *lanes);
/// Adds the block's logits to what is known of their rows and columns; what the block holds afterwards is of no use.
void contrast_sum(const struct CKernels_Contrast *p, struct Block at, float *block, struct Lanes *lanes);
/// Adds the lanes of rows [row, row + rows) to what is known of them.
void contrast_end_rows(const struct CKernels_Contrast *p, size_t row, size_t rows, const struct Lanes *lanes);
/// Replaces the block's products by the gradients of their logits, times 2B.
void contrast_differentiate(const struct CKernels_Contrast *p, struct Block at, float *block);
/// The first `columns` columns of a block, added to c.
void contrast_accumulate(const float *block, size_t rows, size_t columns, float *c, size_t c_stride);
