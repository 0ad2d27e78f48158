#pragma once
#include <stdint.h>
#include <string.h>

// What lies between the numbers of a JPEG and its pixels, in the arithmetic of libjpeg-turbo's SSE2 and AVX2: where
// damaged files overflow, numbers of 16 bits wrap or saturate here as they do there. Inlined into functions compiled
// for three instruction sets.

typedef int16_t H16 __attribute__((vector_size(32)));
typedef int32_t W16 __attribute__((vector_size(64)));
typedef uint8_t B16 __attribute__((vector_size(16)));

#define INLINE static inline __attribute__((always_inline))

// Macros, because a vector wider than a plain processor's registers cannot be an argument.

#define WIDE(v) __builtin_convertvector((v), W16)

#define SATURATED(v) __builtin_convertvector( \
    __builtin_elementwise_max(__builtin_elementwise_min((v), (W16){} + 32767), (W16){} - 32768), H16)

// Loeffler, Ligtenberg and Moschytz (1989), constants with 13 bits of fraction.
#define FIX(x) ((int32_t)((x) * 8192 + 0.5))

/// One-dimensional inverse transforms of sixteen columns; `shift` bits go from the results.
INLINE void transformColumns(H16 v[8], int shift) {
  const W16 z2 = WIDE(v[2]), z3 = WIDE(v[6]), z1 = (z2 + z3) * FIX(0.541196100);
  const W16 even2 = z1 - z3 * FIX(1.847759065), even3 = z1 + z2 * FIX(0.765366865);
  const W16 round = (W16){} + (1 << (shift - 1));
  const W16 even0 = (WIDE(v[0] + v[4]) << 13) + round, even1 = (WIDE(v[0] - v[4]) << 13) + round;
  const W16 a0 = even0 + even3, a3 = even0 - even3, a1 = even1 + even2, a2 = even1 - even2;

  W16 t0 = WIDE(v[7]), t1 = WIDE(v[5]), t2 = WIDE(v[3]), t3 = WIDE(v[1]);
  W16 o3 = WIDE(v[7] + v[3]), o4 = WIDE(v[5] + v[1]);
  const W16 o1 = (t0 + t3) * -FIX(0.899976223), o2 = (t1 + t2) * -FIX(2.562915447);
  const W16 o5 = (o3 + o4) * FIX(1.175875602);
  o3 = o3 * -FIX(1.961570560) + o5;
  o4 = o4 * -FIX(0.390180644) + o5;
  t0 = t0 * FIX(0.298631336) + o1 + o3;
  t1 = t1 * FIX(2.053119869) + o2 + o4;
  t2 = t2 * FIX(3.072711026) + o2 + o3;
  t3 = t3 * FIX(1.501321110) + o1 + o4;

  v[0] = SATURATED((a0 + t3) >> shift), v[7] = SATURATED((a0 - t3) >> shift);
  v[1] = SATURATED((a1 + t2) >> shift), v[6] = SATURATED((a1 - t2) >> shift);
  v[2] = SATURATED((a2 + t1) >> shift), v[5] = SATURATED((a2 - t1) >> shift);
  v[3] = SATURATED((a3 + t0) >> shift), v[4] = SATURATED((a3 - t0) >> shift);
}

/// Transposes two blocks of 8 × 8 that lie side by side.
INLINE void transposeBlocks(H16 v[8]) {
  // Interleaving row i with row i + 4 rotates the six bits of (row, column) by one; three rounds swap the halves.
  _Pragma("clang loop unroll(full)") for (int round = 0; round < 3; round++) {
    H16 mixed[8];
    for (int i = 0; i < 4; i++) {
      mixed[2 * i] =
          __builtin_shufflevector(v[i], v[i + 4], 0, 16, 1, 17, 2, 18, 3, 19, 8, 24, 9, 25, 10, 26, 11, 27);
      mixed[2 * i + 1] =
          __builtin_shufflevector(v[i], v[i + 4], 4, 20, 5, 21, 6, 22, 7, 23, 12, 28, 13, 29, 14, 30, 15, 31);
    }
    for (int i = 0; i < 8; i++) v[i] = mixed[i];
  }
}

/// The samples of two blocks of coefficients, all of them zero outside of the first `rows` rows and columns. As the
/// number is a constant, the compiler leaves out what is done with those.
INLINE void inverseTransform(int rows, const int16_t *first, const int16_t *second, const int16_t *firstSteps,
                             const int16_t *secondSteps, uint8_t *toFirst, uint8_t *toSecond, ptrdiff_t stride) {
  H16 v[8] = {0}, steps, lower = {0};
  for (int r = 0; r < rows; r++) {
    memcpy(&v[r], first + 8 * r, 16), memcpy((int16_t *)&v[r] + 8, second + 8 * r, 16);
    memcpy(&steps, firstSteps + 8 * r, 16), memcpy((int16_t *)&steps + 8, secondSteps + 8 * r, 16);
    if (r > 0) lower |= v[r];
    v[r] *= steps;
  }
  // The library takes a shorter way where all rows but the first are zero; it differs where that one overflows.
  int64_t parts[4];
  memcpy(parts, &lower, 32);
  const int16_t firstIsFlat = -((parts[0] | parts[1]) == 0), secondIsFlat = -((parts[2] | parts[3]) == 0);
  H16 isFlat = (H16){} + firstIsFlat;
  isFlat = __builtin_shufflevector(isFlat, (H16){} + secondIsFlat, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
  const H16 flat = v[0] << 2 & isFlat;
  transformColumns(v, 11);
  for (int r = 0; r < 8; r++) v[r] = (v[r] & ~isFlat) | flat;
  transposeBlocks(v);
  for (int r = rows; r < 8; r++) v[r] = (H16){0};
  transformColumns(v, 18);
  transposeBlocks(v);
  for (int r = 0; r < 8; r++) {
    const H16 s = __builtin_elementwise_max(__builtin_elementwise_min(v[r], (H16){} + 127), (H16){} - 128) + 128;
    const B16 samples = __builtin_convertvector(s, B16);
    memcpy(toFirst + r * stride, &samples, 8), memcpy(toSecond + r * stride, (uint8_t *)&samples + 8, 8);
  }
}

/// The samples of a block of which there is nothing but the mean.
INLINE void fillBlock(int16_t coefficient, int16_t step, uint8_t *to, ptrdiff_t stride) {
  int32_t mean = (int16_t)((uint32_t)(coefficient * step) << 2);
  mean = ((mean + 16) >> 5) + 128;
  const uint8_t sample = mean < 0 ? 0 : mean > 255 ? 255 : (uint8_t)mean;
  for (int r = 0; r < 8; r++) memset(to + r * stride, sample, 8);
}

#undef FIX

/// (a × 2b) / 2^16 in two steps, as the libraries' 16-bit multiplications round it.
#define SCALED(a, b) \
  ((__builtin_convertvector(__builtin_convertvector((a) + (a), W16) * (b) >> 16, H16) + 1) >> 1)

#define CLAMPED(v) __builtin_convertvector( \
    __builtin_elementwise_max(__builtin_elementwise_min((v), (H16){} + 255), (H16){}), B16)

#define FIX(x) ((int32_t)((x) * 65536 + 0.5))

/// Sixteen pixels of interleaved RGB, 48 bytes.
INLINE void convertPixels(const uint8_t *y, const uint8_t *cb, const uint8_t *cr, uint8_t *rgb) {
  B16 bytes;
  memcpy(&bytes, y, 16);
  const H16 light = __builtin_convertvector(bytes, H16);
  memcpy(&bytes, cb, 16);
  const H16 blue = __builtin_convertvector(bytes, H16) - 128;
  memcpy(&bytes, cr, 16);
  const H16 red = __builtin_convertvector(bytes, H16) - 128;
  const W16 mixed =
      __builtin_convertvector(blue, W16) * -FIX(0.34414) + __builtin_convertvector(red, W16) * FIX(0.28586) + 32768;
  const B16 r = CLAMPED(light + SCALED(red, FIX(0.40200)) + red);
  const B16 g = CLAMPED(light + __builtin_convertvector(mixed >> 16, H16) - red);
  const B16 b = CLAMPED(light + SCALED(blue, -FIX(0.22800)) + blue + blue);
  typedef uint8_t B32 __attribute__((vector_size(32)));
  const B32 rg = __builtin_shufflevector(r, g, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
                                         21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
  const B32 bb = __builtin_shufflevector(b, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6,
                                         7, 8, 9, 10, 11, 12, 13, 14, 15);
  const B16 first = __builtin_shufflevector(rg, bb, 0, 16, 32, 1, 17, 33, 2, 18, 34, 3, 19, 35, 4, 20, 36, 5);
  const B16 second = __builtin_shufflevector(rg, bb, 21, 37, 6, 22, 38, 7, 23, 39, 8, 24, 40, 9, 25, 41, 10, 26);
  const B16 third = __builtin_shufflevector(rg, bb, 42, 11, 27, 43, 12, 28, 44, 13, 29, 45, 14, 30, 46, 15, 31, 47);
  memcpy(rgb, &first, 16), memcpy(rgb + 16, &second, 16), memcpy(rgb + 32, &third, 16);
}

#undef FIX
