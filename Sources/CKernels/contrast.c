// What the contrastive loss computes of a block of logits while it is in the first-level cache.
//
// Where all logits are small, exp(logit) itself is summed: one exponential serves row and column. Else rows and columns
// have running maxima, and an exponential each. Vectors are never summed up before a row of blocks is done. Sums beyond
// that are double precision: they may have any number of terms.
#include "contrast.h"

#include "common.h"

enum { LANES = 16, VECTORS = BLOCK_WIDTH / LANES };
typedef uint32_t words __attribute__((vector_size(64), aligned(4)));

// Beyond a ragged edge, below every logit. What falls below −87 counts as −87, and e to its power is nothing beside
// the sums, which are no less than 1 or, of small logits, e^-64.
static const float nowhere = -1e10f;
static const float least = -87;

// Vectors are handed over in place: the functions vanish, but C's calling convention would depend on the clone.

#define ALL(X) ((vector){0} + (X))

// e^x for |x| ≤ 87.3: as `exponential`, without what only larger numbers need. NaN stays NaN.
INLINE void small_exponential(vector *x) {
  vector shifted = *x * 1.44269504088896341f + 12582912.0f, n = shifted - 12582912.0f;
  vector r = *x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  vector p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  // The low bits of `shifted` are n, and the others leave at the top.
  *x = (vector)((words)p + ((words)shifted << 23));
}

// The same for x ≤ 0.
INLINE void falling_exponential(vector *x) {
  words is_less = (words)(*x < least);
  *x = (vector)(((words)ALL(least) & is_less) | ((words)*x & ~is_less));
  small_exponential(x);
}

// most = x where x is larger.
INLINE void raise(vector *most, const vector *x) {
  words is_larger = (words)(*x > *most);
  *most = (vector)(((words)*x & is_larger) | ((words)*most & ~is_larger));
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

CLONES void contrast_begin_rows(struct Lanes *lanes) {
  for (size_t r = 0; r < BLOCK_ROWS; r++) {
    lanes->sums[r] = ALL(0);
    lanes->references[r] = lanes->rivals[r] = ALL(-INFINITY);
  }
}

INLINE void sum_small(const struct CKernels_Contrast *p, struct Block at, float *block, struct Lanes *lanes) {
  vector sums[VECTORS] = {0}, multiplier = ALL(p->multiplier);
  for (size_t r = 0; r < at.rows; r++) {
    vector *row = (vector *)(block + r * BLOCK_WIDTH), sum = lanes->sums[r];
    _Pragma("unroll") for (size_t j = 0; j < VECTORS; j++) {
      row[j] *= multiplier;
      vector e = row[j];
      small_exponential(&e);
      sum += e;
      sums[j] += e;
    }
    lanes->sums[r] = sum;
  }
  const float *each = (const float *)sums;
  double *restrict totals = p->text.sums + at.column;
  for (size_t c = 0; c < at.columns; c++) totals[c] += (double)each[c];
}

INLINE void sum_large(const struct CKernels_Contrast *p, struct Block at, float *block, struct Lanes *lanes) {
  float largest[BLOCK_WIDTH];
  vector columns[VECTORS], sums[VECTORS] = {0}, multiplier = ALL(p->multiplier);
  float *restrict references = p->text.references + at.column;
  for (size_t c = 0; c < BLOCK_WIDTH; c++) largest[c] = c < at.columns ? references[c] : nowhere;
  memcpy(columns, largest, sizeof(columns));
  for (size_t r = 0; r < at.rows; r++) {
    vector *row = (vector *)(block + r * BLOCK_WIDTH), most = lanes->references[r];
    _Pragma("unroll") for (size_t j = 0; j < VECTORS; j++) {
      row[j] *= multiplier;
      raise(&most, row + j);
      raise(columns + j, row + j);
    }
    vector factor = lanes->references[r] - most;
    falling_exponential(&factor);
    lanes->sums[r] *= factor;
    lanes->references[r] = most;
  }
  for (size_t r = 0; r < at.rows; r++) {
    const vector *row = (const vector *)(block + r * BLOCK_WIDTH);
    vector sum = lanes->sums[r], most = lanes->references[r];
    _Pragma("unroll") for (size_t j = 0; j < VECTORS; j++) {
      vector image = row[j] - most, text = row[j] - columns[j];
      falling_exponential(&image);
      falling_exponential(&text);
      sum += image;
      sums[j] += text;
    }
    lanes->sums[r] = sum;
  }
  const float *each = (const float *)sums;
  memcpy(largest, columns, sizeof(columns));
  double *restrict totals = p->text.sums + at.column;
  for (size_t c = 0; c < at.columns; c++) {
    totals[c] = totals[c] * (double)exponential(references[c] - largest[c]) + (double)each[c];
    references[c] = largest[c];
  }
}

CLONES void contrast_sum(const struct CKernels_Contrast *p, struct Block at, float *block, struct Lanes *lanes) {
  fill_edge(block, at, p->is_small ? least / p->multiplier : nowhere);
  if (p->is_small) {
    sum_small(p, at, block, lanes);
  } else {
    sum_large(p, at, block, lanes);
  }
  // A pair is no rival of its own.
  struct Diagonal own = diagonal(p, at);
  for (size_t r = own.begin, c = own.column; r < own.end; r++, c++) {
    p->own[at.row + r] = block[r * BLOCK_WIDTH + c];
    block[r * BLOCK_WIDTH + c] = -INFINITY;
  }
  vector columns[VECTORS];
  for (size_t j = 0; j < VECTORS; j++) columns[j] = ALL(-INFINITY);
  for (size_t r = 0; r < at.rows; r++) {
    const vector *row = (const vector *)(block + r * BLOCK_WIDTH);
    vector most = lanes->rivals[r];
    _Pragma("unroll") for (size_t j = 0; j < VECTORS; j++) {
      raise(&most, row + j);
      raise(columns + j, row + j);
    }
    lanes->rivals[r] = most;
  }
  const float *each = (const float *)columns;
  float *restrict rivals = p->text.rivals + at.column;
  for (size_t c = 0; c < at.columns; c++) rivals[c] = each[c] > rivals[c] ? each[c] : rivals[c];
}

CLONES void contrast_end_rows(const struct CKernels_Contrast *p, size_t row, size_t rows, const struct Lanes *lanes) {
  for (size_t r = 0; r < rows; r++) {
    double *total = p->image.sums + row + r;
    float *reference = p->image.references + row + r, *rival = p->image.rivals + row + r, most = *reference;
    for (size_t i = 0; i < LANES; i++) {
      *rival = lanes->rivals[r][i] > *rival ? lanes->rivals[r][i] : *rival;
      most = lanes->references[r][i] > most ? lanes->references[r][i] : most;
    }
    if (p->is_small) {
      for (size_t i = 0; i < LANES; i++) *total += (double)lanes->sums[r][i];
      continue;
    }
    vector sums = lanes->references[r] - most;
    falling_exponential(&sums);
    sums *= lanes->sums[r];
    *total *= (double)exponential(*reference - most);
    for (size_t i = 0; i < LANES; i++) *total += (double)sums[i];
    *reference = most;
  }
}

INLINE void differentiate(const struct CKernels_Contrast *p, struct Block at, float *block, int is_small) {
  vector sum = ALL(0), multiplier = ALL(p->multiplier), texts[VECTORS];
  memcpy(texts, p->text.weights + at.column, sizeof(texts));
  for (size_t r = 0; r < at.rows; r++) {
    vector *row = (vector *)(block + r * BLOCK_WIDTH), image = ALL(p->image.weights[at.row + r]);
    _Pragma("unroll") for (size_t j = 0; j < VECTORS; j++) {
      vector logit = row[j] * multiplier;
      vector g = is_small ? logit : logit - image, other = logit - texts[j];
      if (is_small) {
        small_exponential(&g);
        g *= image + texts[j];
      } else {
        falling_exponential(&g);
        falling_exponential(&other);
        g += other;
      }
      sum += g * logit;
      row[j] = g;
    }
  }
  double total = 0;
  for (size_t i = 0; i < LANES; i++) total += (double)sum[i];
  p->products[at.row] += total;
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
