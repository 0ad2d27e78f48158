// The two activation functions of CLIP's MLPs and their slopes, one number at a time, for loops that vectorise.
#pragma once

#include "common.h"

INLINE float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }

INLINE float quick_gelu(float x) { return x * sigmoid(1.702f * x); }

INLINE float quick_gelu_slope(float x) {
  float s = sigmoid(1.702f * x);
  return s + 1.702f * x * s * (1.0f - s);
}

// The normal distribution function by Abramowitz and Stegun 7.1.26 (absolute error 1.5e-7, as fine as a float);
// `bell` receives e^(−x²/2), which the slope needs as well.
INLINE float normal_cdf(float x, float *bell) {
  float z = fabsf(x) * 0.707106781186547524f;
  float t = 1.0f / (1.0f + 0.3275911f * z);
  float e = exponential(-z * z);
  float p = ((((1.061405429f * t - 1.453152027f) * t + 1.421413741f) * t - 0.284496736f) * t + 0.254829592f) * t;
  float upper = 0.5f * p * e;
  *bell = e;
  return x < 0 ? upper : 1.0f - upper;
}

INLINE float gelu(float x) {
  float bell;
  return x * normal_cdf(x, &bell);
}

INLINE float gelu_slope(float x) {
  float bell, cdf = normal_cdf(x, &bell);
  return cdf + x * bell * 0.398942280401432678f;
}
