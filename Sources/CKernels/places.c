// How many others come before one's own, tile by tile.
//
// A block of similarities exists only in the first-level cache: its rows and columns are compared with what they have to
// beat, and it is forgotten. Every similarity is a sum in the order of k, whatever block it falls into, so that equal
// embeddings are equally similar wherever they stand.
#include "common.h"
#include "contrast.h"
#include "product.h"

enum { LANES = 16, VECTORS = BLOCK_WIDTH / LANES, STRIPE_BYTES = 384 << 10 };

typedef int32_t words __attribute__((vector_size(64), aligned(4)));

#define ALL(X) ((vector){0} + (X))
#define ALL_WORDS(X) ((words){0} + (X))

size_t CKernels_places_rows(size_t dimension) {
  size_t rows = STRIPE_BYTES / (dimension * sizeof(float));
  return rows < FLOAT_ROWS ? FLOAT_ROWS : (rows > 20 * FLOAT_ROWS ? 20 : rows / FLOAT_ROWS) * FLOAT_ROWS;
}

// A thread's memory: a block, and of each row of a stripe how many come before its own, in sixteen parts.
size_t CKernels_places_scratch(size_t dimension) {
  return BLOCK_ROWS * BLOCK_WIDTH * sizeof(float) + CKernels_places_rows(dimension) * sizeof(words);
}

static void multiply_block(const struct CKernels_Places *p, size_t row, size_t rows, size_t column, float *block) {
  struct Left images = {p->images + row * p->dimension, p->dimension, 1};
  size_t count = p->columns - column > PANEL ? 2 : 1, next = PANEL * p->dimension;
  product_floats_block(images, rows, 0, p->panels + column * p->dimension, next, count, p->dimension, block);
}

CLONES static void count_block(const struct CKernels_Places *p, size_t first_row, size_t rows, size_t column,
                               float *block, words *row_counts, int32_t *column_counts) {
  // Beyond the last column there is nothing, which comes before nobody.
  for (size_t c = p->columns - column; c < BLOCK_WIDTH; c++) {
    for (size_t r = 0; r < rows; r++) block[r * BLOCK_WIDTH + c] = -INFINITY;
  }
  vector to_beat[VECTORS];
  words own[VECTORS], number[VECTORS], counts[VECTORS];
  for (size_t j = 0; j < VECTORS; j++) {
    size_t at = column + LANES * j;
    to_beat[j] = *(const vector *)(p->column_scores + at);
    own[j] = *(const words *)(p->column_owns + at);
    counts[j] = *(const words *)(column_counts + at);
    for (size_t i = 0; i < LANES; i++) number[j][i] = (int32_t)(at + i);
  }
  for (size_t r = 0; r < rows; r++) {
    const vector *x = (const vector *)(block + r * BLOCK_WIDTH);
    vector score = ALL(p->row_scores[first_row + r]);
    words row_own = ALL_WORDS(p->row_owns[first_row + r]), row = ALL_WORDS((int32_t)(first_row + r));
    words count = row_counts[r];
    // What is true is −1.
    _Pragma("unroll") for (size_t j = 0; j < VECTORS; j++) {
      count -= (x[j] > score) | ((x[j] == score) & (number[j] < row_own));
      counts[j] -= (x[j] > to_beat[j]) | ((x[j] == to_beat[j]) & (row < own[j]));
    }
    row_counts[r] = count;
  }
  for (size_t j = 0; j < VECTORS; j++) *(words *)(column_counts + column + LANES * j) = counts[j];
}

void CKernels_places(const struct CKernels_Places *p, size_t first_row, size_t end_row, int32_t *row_counts,
                     int32_t *column_counts, void *scratch) {
  float *block = scratch;
  words *lanes = (words *)(block + BLOCK_ROWS * BLOCK_WIDTH);
  memset(lanes, 0, (end_row - first_row) * sizeof(words));
  for (size_t column = 0; column < p->columns; column += BLOCK_WIDTH) {
    for (size_t row = first_row; row < end_row; row += FLOAT_ROWS) {
      size_t rows = end_row - row < FLOAT_ROWS ? end_row - row : FLOAT_ROWS;
      multiply_block(p, row, rows, column, block);
      count_block(p, row, rows, column, block, lanes + (row - first_row), column_counts);
    }
  }
  for (size_t row = first_row; row < end_row; row++) {
    row_counts[row] = 0;
    for (size_t i = 0; i < LANES; i++) row_counts[row] += lanes[row - first_row][i];
  }
}

void CKernels_own_scores(const struct CKernels_Places *p, size_t begin, size_t end, float *scores, void *scratch) {
  float *block = scratch;
  for (size_t column = begin; column < end; column++) {
    int32_t row = p->column_owns[column];
    if (row < 0 || (size_t)row >= p->rows) continue;
    size_t first = column / BLOCK_WIDTH * BLOCK_WIDTH;
    multiply_block(p, (size_t)row, 1, first, block);
    scores[column] = block[column - first];
  }
}
