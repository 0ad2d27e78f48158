// The passes over a tile of logits that the contrastive loss is made of; `Contrast` in Swift puts them together.
#include "common.h"

CLONES void CKernels_merge_row_log_sums(const float *restrict logits, size_t stride, size_t begin, size_t end,
                                        size_t columns, float *restrict row_max, float *restrict row_sum) {
  RELAXED
  for (size_t r = begin; r < end; r++) {
    const float *restrict row = logits + r * stride;
    float largest = row_max[r];
    for (size_t c = 0; c < columns; c++) largest = row[c] > largest ? row[c] : largest;
    float sum = 0;
    for (size_t c = 0; c < columns; c++) sum += exponential(row[c] - largest);
    row_sum[r] = row_sum[r] * exponential(row_max[r] - largest) + sum;
    row_max[r] = largest;
  }
}

CLONES void CKernels_merge_column_log_sums(const float *restrict logits, size_t stride, size_t rows, size_t begin,
                                           size_t end, float *restrict column_max, float *restrict column_sum) {
  float largest[256], sum[256];
  for (size_t block = begin; block < end; block += 256) {
    size_t width = end - block < 256 ? end - block : 256;
    memcpy(largest, column_max + block, width * sizeof(float));
    for (size_t r = 0; r < rows; r++) {
      const float *restrict row = logits + r * stride + block;
      for (size_t c = 0; c < width; c++) largest[c] = row[c] > largest[c] ? row[c] : largest[c];
    }
    for (size_t c = 0; c < width; c++) sum[c] = column_sum[block + c] * exponential(column_max[block + c] - largest[c]);
    for (size_t r = 0; r < rows; r++) {
      const float *restrict row = logits + r * stride + block;
      for (size_t c = 0; c < width; c++) sum[c] += exponential(row[c] - largest[c]);
    }
    memcpy(column_max + block, largest, width * sizeof(float));
    memcpy(column_sum + block, sum, width * sizeof(float));
  }
}

CLONES void CKernels_contrast_tile(float *restrict logits, size_t stride, size_t begin, size_t end, size_t columns,
                                   const float *restrict row_lse, const float *restrict column_lse,
                                   double *restrict products) {
  RELAXED
  for (size_t r = begin; r < end; r++) {
    float *restrict row = logits + r * stride;
    float lse = row_lse[r], sum = 0;
    for (size_t c = 0; c < columns; c++) {
      float l = row[c];
      float g = exponential(l - lse) + exponential(l - column_lse[c]);
      sum += g * l;
      row[c] = g;
    }
    products[r] += sum;
  }
}
