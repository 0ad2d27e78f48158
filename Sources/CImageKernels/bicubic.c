#include "common.h"

#include <math.h>

// Vectors of taps. Products and sums stay apart, or the weights would not be Pillow's to the last bit.
#pragma clang fp contract(off)

CLONES void CImageKernels_bicubicTaps(CImageKernels_Axis axis, ptrdiff_t stride, int32_t *restrict firsts,
                                      int32_t *restrict counts, int32_t *restrict weights, double *restrict raw) {
  const double a = -0.5, stretch = axis.scale > 1 ? axis.scale : 1, reach = 2 * stretch, narrow = 1 / stretch;
  for (ptrdiff_t o = 0; o < axis.outputs; o++, weights += stride) {
    double center = axis.offset + ((double)(axis.firstOutput + o) + 0.5) * axis.scale;
    int32_t first = (int32_t)(center - reach + 0.5), end = (int32_t)(center + reach + 0.5);
    if (first < 0) first = 0;
    if (end > axis.inputs) end = axis.inputs;
    int32_t count = end - first;
    for (int32_t start = 0; start < stride; start += CImageKernels_strideUnit) {
      for (int32_t k = start; k < start + CImageKernels_strideUnit; k++) {
        double x = fabs(((double)(k + first) - center + 0.5) * narrow);
        double near = ((a + 2) * x - (a + 3)) * x * x + 1, far = (((x - 5) * x + 8) * x - 4) * a;
        double share = x < 1 ? near : far;
        raw[k] = x < 2 && k < count ? share : 0;
      }
    }
    double sum = 0;
    for (int32_t k = 0; k < count; k++) sum += raw[k];
    double divisor = sum == 0 ? 1 : sum;
    for (int32_t start = 0; start < stride; start += CImageKernels_strideUnit) {
      for (int32_t k = start; k < start + CImageKernels_strideUnit; k++) {
        double share = raw[k] / divisor;
        weights[k] = (int32_t)(share * (1 << precision) + (share < 0 ? -0.5 : 0.5));
      }
    }
    firsts[o] = axis.origin + first;
    counts[o] = count;
  }
}
