// What the contrastive loss computes of a block of logits while it is in the first-level cache.
//
// Where all logits are small, exp(logit) itself is summed: one exponential serves row and column. Else rows and columns
// have running maxima, and an exponential each. Sums beyond a block are double precision: they may have any number of
// terms.
#include "contrast.h"

#include "common.h"

// Stands for minus infinity beyond a ragged edge: e to its power is 0, and 0 times it is 0.
static const float nowhere = -1e30f;

// e^x for |x| ≤ 87, and a nearly nothing below: as `exponential`, without what only larger numbers need.
INLINE float small_exponential(float x) {
  float clamped = x < -87.0f ? -87.0f : x;
  float shifted = clamped * 1.44269504088896341f + 12582912.0f;
  float n = shifted - 12582912.0f;
  float r = clamped - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  // The low bits of `shifted` are n, and the others leave at the top.
  uint32_t bits, power;
  memcpy(&bits, &p, 4);
  memcpy(&power, &shifted, 4);
  bits += power << 23;
  memcpy(&p, &bits, 4);
  return p;
}

INLINE void fill_edge(float *block, struct Block at, float value) {
  for (size_t r = 0; r < at.rows && at.columns < BLOCK_WIDTH; r++) {
    for (size_t c = at.columns; c < BLOCK_WIDTH; c++) block[r * BLOCK_WIDTH + c] = value;
  }
}

// The rows of the block that hold a pair's own logit, and its column in the first of them.
struct Diagonal {
  size_t begin, end, column;
};

INLINE struct Diagonal diagonal(const struct CKernels_Contrast *p, struct Block at) {
  size_t first = p->first_own + at.row;
  struct Diagonal d = {0, 0, 0};
  if (first + at.rows <= at.column || first >= at.column + at.columns) return d;
  d.begin = first < at.column ? at.column - first : 0;
  d.column = first + d.begin - at.column;
  d.end = d.begin + at.columns - d.column;
  if (d.end > at.rows) d.end = at.rows;
  return d;
}

INLINE float largest_of(const float *row) {
  float lanes[16];
  for (size_t c = 0; c < 16; c++) lanes[c] = row[c];
  for (size_t b = 16; b < BLOCK_WIDTH; b += 16) {
    for (size_t c = 0; c < 16; c++) lanes[c] = row[b + c] > lanes[c] ? row[b + c] : lanes[c];
  }
  for (size_t c = 0; c < 8; c++) lanes[c] = lanes[c + 8] > lanes[c] ? lanes[c + 8] : lanes[c];
  for (size_t c = 0; c < 4; c++) lanes[c] = lanes[c + 4] > lanes[c] ? lanes[c + 4] : lanes[c];
  for (size_t c = 0; c < 2; c++) lanes[c] = lanes[c + 2] > lanes[c] ? lanes[c + 2] : lanes[c];
  return lanes[1] > lanes[0] ? lanes[1] : lanes[0];
}

INLINE void largest_of_columns(const float *restrict block, size_t rows, float *restrict largest) {
  for (size_t c = 0; c < BLOCK_WIDTH; c++) largest[c] = block[c];
  for (size_t r = 1; r < rows; r++) {
    const float *restrict row = block + r * BLOCK_WIDTH;
    for (size_t c = 0; c < BLOCK_WIDTH; c++) largest[c] = row[c] > largest[c] ? row[c] : largest[c];
  }
}

INLINE void sum_small(const struct CKernels_Contrast *p, struct Block at, float *restrict block) {
  RELAXED
  float sums[BLOCK_WIDTH] = {0}, multiplier = p->multiplier;
  for (size_t r = 0; r < at.rows; r++) {
    float *restrict row = block + r * BLOCK_WIDTH, sum = 0;
    for (size_t c = 0; c < BLOCK_WIDTH; c++) {
      float logit = row[c] * multiplier, e = small_exponential(logit);
      row[c] = logit;
      sum += e;
      sums[c] += e;
    }
    p->image.sums[at.row + r] += (double)sum;
  }
  for (size_t c = 0; c < at.columns; c++) p->text.sums[at.column + c] += (double)sums[c];
}

INLINE void sum_large(const struct CKernels_Contrast *p, struct Block at, float *restrict block) {
  RELAXED
  float largest[BLOCK_WIDTH], sums[BLOCK_WIDTH] = {0}, multiplier = p->multiplier;
  for (size_t i = 0; i < at.rows * BLOCK_WIDTH; i++) block[i] *= multiplier;
  largest_of_columns(block, at.rows, largest);
  for (size_t c = 0; c < at.columns; c++) {
    float reference = p->text.references[at.column + c];
    largest[c] = largest[c] > reference ? largest[c] : reference;
  }
  for (size_t r = 0; r < at.rows; r++) {
    const float *restrict row = block + r * BLOCK_WIDTH;
    float *reference = p->image.references + at.row + r, most = largest_of(row), sum = 0;
    most = most > *reference ? most : *reference;
    for (size_t c = 0; c < BLOCK_WIDTH; c++) {
      sum += exponential(row[c] - most);
      sums[c] += exponential(row[c] - largest[c]);
    }
    double *total = p->image.sums + at.row + r;
    *total = *total * (double)exponential(*reference - most) + (double)sum;
    *reference = most;
  }
  for (size_t c = 0; c < at.columns; c++) {
    float *reference = p->text.references + at.column + c;
    double *total = p->text.sums + at.column + c;
    *total = *total * (double)exponential(*reference - largest[c]) + (double)sums[c];
    *reference = largest[c];
  }
}

CLONES void contrast_sum(const struct CKernels_Contrast *p, struct Block at, float *block) {
  fill_edge(block, at, nowhere);
  if (p->is_small) {
    sum_small(p, at, block);
  } else {
    sum_large(p, at, block);
  }
  // A pair is no rival of its own.
  struct Diagonal own = diagonal(p, at);
  for (size_t r = own.begin, c = own.column; r < own.end; r++, c++) {
    p->own[at.row + r] = block[r * BLOCK_WIDTH + c];
    block[r * BLOCK_WIDTH + c] = -INFINITY;
  }
  float largest[BLOCK_WIDTH];
  largest_of_columns(block, at.rows, largest);
  for (size_t c = 0; c < at.columns; c++) {
    float *rival = p->text.rivals + at.column + c;
    *rival = largest[c] > *rival ? largest[c] : *rival;
  }
  for (size_t r = 0; r < at.rows; r++) {
    float most = largest_of(block + r * BLOCK_WIDTH), *rival = p->image.rivals + at.row + r;
    *rival = most > *rival ? most : *rival;
  }
}

INLINE void differentiate(const struct CKernels_Contrast *p, struct Block at, float *restrict block, int is_small) {
  RELAXED
  float multiplier = p->multiplier;
  const float *restrict texts = p->text.weights + at.column;
  for (size_t r = 0; r < at.rows; r++) {
    float *restrict row = block + r * BLOCK_WIDTH, image = p->image.weights[at.row + r], sum = 0;
    for (size_t c = 0; c < BLOCK_WIDTH; c++) {
      float logit = row[c] * multiplier;
      float g = is_small ? small_exponential(logit) * (image + texts[c])
                         : exponential(logit - image) + exponential(logit - texts[c]);
      sum += g * logit;
      row[c] = g;
    }
    p->products[at.row + r] += (double)sum;
  }
}

CLONES void contrast_differentiate(const struct CKernels_Contrast *p, struct Block at, float *block) {
  // What is computed beyond the edge meets zeros in the next product; it must only be finite.
  fill_edge(block, at, p->is_small ? 0 : nowhere);
  if (p->is_small) {
    differentiate(p, at, block, 1);
  } else {
    differentiate(p, at, block, 0);
  }
  struct Diagonal own = diagonal(p, at);
  for (size_t r = own.begin, c = own.column; r < own.end; r++, c++) block[r * BLOCK_WIDTH + c] -= 2;
}

CLONES void contrast_accumulate(const float *restrict block, size_t rows, size_t columns, float *restrict c,
                                size_t c_stride) {
  for (size_t r = 0; r < rows; r++) {
    const float *restrict from = block + r * BLOCK_WIDTH;
    float *restrict to = c + r * c_stride;
    if (columns == BLOCK_WIDTH) {
      for (size_t i = 0; i < BLOCK_WIDTH; i++) to[i] += from[i];
    } else {
      for (size_t i = 0; i < columns; i++) to[i] += from[i];
    }
  }
}
