// What a convolution of 3 × 3 pixels is made of around its matrix product, and what a ModifiedResNet has besides: pools and
// batch norm. Pictures lie pixel by pixel, the channels of a pixel side by side.
#include "common.h"

enum { TAPS = 9, SIDE = 3 };

// Copies pixels, never numbers of them: the same for every type.
void CKernels_neighborhoods(const char *x, size_t height, size_t width, size_t pixel, size_t stride, char *y, size_t begin,
                            size_t end) {
  size_t down = (height - 1) / stride + 1, across = (width - 1) / stride + 1;
  for (size_t r = begin; r < end; r++) {
    size_t picture = r / (down * across), i = r / across % down * stride, j = r % across * stride;
    const char *from = x + picture * height * width * pixel;
    char *to = y + r * TAPS * pixel;
    for (size_t v = 0; v < SIDE; v++) {
      size_t row = i + v - 1;
      for (size_t u = 0; u < SIDE; u++, to += pixel) {
        size_t column = j + u - 1;
        // Above and left of the picture the index wraps around to a huge number.
        if (row < height && column < width) {
          memcpy(to, from + (row * width + column) * pixel, pixel);
        } else {
          memset(to, 0, pixel);
        }
      }
    }
  }
}

CLONES void CKernels_taps_first(const float *restrict w, size_t inputs, float *restrict y, size_t begin, size_t end) {
  for (size_t o = begin; o < end; o++) {
    for (size_t t = 0; t < TAPS; t++) {
      for (size_t i = 0; i < inputs; i++) y[(o * TAPS + t) * inputs + i] = w[(o * inputs + i) * TAPS + t];
    }
  }
}

CLONES void CKernels_taps_turned(const float *restrict w, size_t outputs, size_t inputs, float *restrict y, size_t begin,
                                 size_t end) {
  for (size_t i = begin; i < end; i++) {
    for (size_t t = 0; t < TAPS; t++) {
      for (size_t o = 0; o < outputs; o++) {
        y[(i * TAPS + t) * outputs + o] = w[(o * inputs + i) * TAPS + TAPS - 1 - t];
      }
    }
  }
}

CLONES void CKernels_add_taps_last(const float *restrict g, size_t inputs, float *restrict w, int accumulates, size_t begin,
                                   size_t end) {
  for (size_t o = begin; o < end; o++) {
    for (size_t i = 0; i < inputs; i++) {
      for (size_t t = 0; t < TAPS; t++) {
        float value = g[(o * TAPS + t) * inputs + i];
        float *to = w + (o * inputs + i) * TAPS + t;
        *to = accumulates ? *to + value : value;
      }
    }
  }
}

#define T float
#define LOAD load_f32
#define STORE store_f32
#define NAME(f) f##_f32
#include "convolution.inc"
#undef T
#undef LOAD
#undef STORE
#undef NAME

#define T bf16
#define LOAD load_bf16
#define STORE store_bf16
#define NAME(f) f##_bf16
#include "convolution.inc"
