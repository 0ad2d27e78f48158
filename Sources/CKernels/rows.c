// Rows and columns of floats: filling, adding, gathering, normalising; the optimizer's pass.
#include "common.h"

CLONES void CKernels_narrow(const float *restrict x, bf16 *restrict y, size_t count) {
  for (size_t i = 0; i < count; i++) store_bf16(y + i, x[i]);
}

CLONES void CKernels_widen(const bf16 *restrict x, float *restrict y, size_t count) {
  for (size_t i = 0; i < count; i++) y[i] = load_bf16(x + i);
}

CLONES void CKernels_fill_rows(float *restrict y, size_t y_stride, const float *restrict bias, const float *addend,
                               size_t addend_stride, size_t begin, size_t end, size_t columns) {
  for (size_t r = begin; r < end; r++) {
    float *restrict row = y + r * y_stride;
    if (bias && addend) {
      const float *more = addend + r * addend_stride;
      for (size_t c = 0; c < columns; c++) row[c] = bias[c] + more[c];
    } else if (bias) {
      memcpy(row, bias, columns * sizeof(float));
    } else if (addend) {
      memcpy(row, addend + r * addend_stride, columns * sizeof(float));
    } else {
      memset(row, 0, columns * sizeof(float));
    }
  }
}

CLONES void CKernels_add(const float *restrict x, float *restrict y, size_t count) {
  for (size_t i = 0; i < count; i++) y[i] += x[i];
}

// Blocks that stay in the first cache, so that every term is read once and nothing but the sum is written.
enum { SUM_BLOCK = 1024 };

CLONES void CKernels_sum_f32(const float *const *terms, size_t count, float *y, size_t begin, size_t end) {
  float sum[SUM_BLOCK];
  for (size_t at = begin; at < end; at += SUM_BLOCK) {
    size_t width = at + SUM_BLOCK < end ? SUM_BLOCK : end - at;
    memcpy(sum, terms[0] + at, width * sizeof(float));
    for (size_t t = 1; t < count; t++) {
      const float *term = terms[t] + at;
      for (size_t i = 0; i < width; i++) sum[i] += term[i];
    }
    memcpy(y + at, sum, width * sizeof(float));
  }
}

CLONES void CKernels_sum_bf16(const bf16 *const *terms, size_t count, float *y, size_t begin, size_t end) {
  float sum[SUM_BLOCK];
  for (size_t at = begin; at < end; at += SUM_BLOCK) {
    size_t width = at + SUM_BLOCK < end ? SUM_BLOCK : end - at;
    for (size_t i = 0; i < width; i++) sum[i] = load_bf16(terms[0] + at + i);
    for (size_t t = 1; t < count; t++) {
      const bf16 *term = terms[t] + at;
      for (size_t i = 0; i < width; i++) sum[i] += load_bf16(term + i);
    }
    for (size_t i = 0; i < width; i++) {
      bf16 rounded;
      store_bf16(&rounded, sum[i]);
      y[at + i] = load_bf16(&rounded);
    }
  }
}

CLONES void CKernels_gather_rows(const float *restrict x, const int32_t *index, float *restrict y, size_t begin,
                                 size_t end, size_t columns) {
  for (size_t r = begin; r < end; r++) memcpy(y + r * columns, x + (size_t)index[r] * columns, columns * sizeof(float));
}

CLONES void CKernels_scatter_add_rows(const float *restrict x, const int32_t *index, size_t rows, float *restrict y,
                                      size_t columns, size_t begin, size_t end) {
  for (size_t r = 0; r < rows; r++) {
    const float *restrict from = x + r * columns;
    float *restrict to = y + (size_t)index[r] * columns;
    for (size_t c = begin; c < end; c++) to[c] += from[c];
  }
}

CLONES double CKernels_sum_of_squares(const float *restrict x, size_t count) {
  RELAXED
  double total = 0;
  // Blocks of floats in single precision, blocks added in double: fast and accurate to about 1e-6 for any count.
  for (size_t begin = 0; begin < count; begin += 1024) {
    size_t end = begin + 1024 < count ? begin + 1024 : count;
    float sum = 0;
    for (size_t i = begin; i < end; i++) sum += x[i] * x[i];
    total += sum;
  }
  return total;
}

CLONES void CKernels_scale(float *restrict x, float factor, size_t count) {
  for (size_t i = 0; i < count; i++) x[i] *= factor;
}

CLONES void CKernels_normalize_rows(const float *restrict x, float *restrict y, float *restrict inverse_norm,
                                    size_t begin, size_t end, size_t columns) {
  RELAXED
  for (size_t r = begin; r < end; r++) {
    const float *restrict from = x + r * columns;
    float *restrict to = y + r * columns;
    float sum = 0;
    for (size_t c = 0; c < columns; c++) sum += from[c] * from[c];
    // The floor is PyTorch's `normalize`: a row of zeros stays zero instead of becoming NaN.
    float norm = sqrtf(sum), inverse = 1.0f / (norm < 1e-12f ? 1e-12f : norm);
    inverse_norm[r] = inverse;
    for (size_t c = 0; c < columns; c++) to[c] = from[c] * inverse;
  }
}

CLONES void CKernels_normalize_rows_backward(const float *restrict dy, const float *restrict y,
                                             const float *restrict inverse_norm, float *restrict dx, size_t begin,
                                             size_t end, size_t columns) {
  RELAXED
  for (size_t r = begin; r < end; r++) {
    const float *restrict g = dy + r * columns;
    const float *restrict u = y + r * columns;
    float *restrict to = dx + r * columns;
    float dot = 0;
    for (size_t c = 0; c < columns; c++) dot += g[c] * u[c];
    for (size_t c = 0; c < columns; c++) to[c] = (g[c] - dot * u[c]) * inverse_norm[r];
  }
}

CLONES void CKernels_adamw(struct CKernels_AdamW s, float *restrict values, const float *restrict gradients,
                           float *restrict first, float *restrict second, size_t count) {
  float keep = 1.0f - s.learning_rate * s.weight_decay;
  for (size_t i = 0; i < count; i++) {
    float g = gradients[i] * s.gradient_scale;
    float m = s.beta1 * first[i] + (1.0f - s.beta1) * g;
    float v = s.beta2 * second[i] + (1.0f - s.beta2) * (g * g);
    first[i] = m;
    second[i] = v;
    values[i] = keep * values[i] - s.learning_rate * (m * s.correction1) / (sqrtf(v) * s.correction2 + s.epsilon);
  }
}
