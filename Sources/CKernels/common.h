// What every kernel file shares: dispatch, conversion and the exponential.
#pragma once

#include "CKernels.h"

#include <math.h>
#include <string.h>

// One body, compiled for three instruction sets, chosen when the program starts.
#if defined(__x86_64__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif

// Helpers must be inlined into the clone that calls them, or they run in the baseline's instructions.
#define INLINE static inline __attribute__((always_inline))

// Sums may be reordered and contracted inside the loops that say so; nowhere may NaN or infinity be assumed away.
#define RELAXED _Pragma("clang fp reassociate(on) contract(fast)")
#define CONTRACTED _Pragma("clang fp contract(fast)")

#pragma clang fp contract(fast)

INLINE float load_f32(const float *p) { return *p; }
INLINE void store_f32(float *p, float x) { *p = x; }

INLINE float load_bf16(const bf16 *p) {
  uint32_t bits = (uint32_t)*p << 16;
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

// Rounds to nearest, ties to even; NaN stays NaN because a NaN with a zero upper half is made quiet.
INLINE void store_bf16(bf16 *p, float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  *p = (bf16)(x != x ? (bits >> 16) | 0x40 : rounded);
}

// e^x within 2 units in the last place, without branches, so that loops over it vectorise. Below −87.3 the result is
// 2^-126 or 0 as the shift leaves it; above 88.7 it is infinity; NaN stays NaN.
INLINE float exponential(float x) {
  float clamped = x < -87.3f ? -87.3f : (x > 89.0f ? 89.0f : x);
  // Adding and taking away 1.5 · 2^23 rounds to the nearest integer.
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
  // Two factors of 2^(n/2), since 2^128 itself has no exponent field.
  int32_t whole = (int32_t)n, half = whole >> 1;
  uint32_t low = (uint32_t)(half + 127) << 23, high = (uint32_t)(whole - half + 127) << 23;
  float a, b;
  memcpy(&a, &low, 4);
  memcpy(&b, &high, 4);
  float result = p * a * b;
  return x != x ? x : (x < -103.0f ? 0.0f : result);
}
