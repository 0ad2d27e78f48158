#include "dot_products.h"

#include "common.h"

#include <immintrin.h>
#include <string.h>

// Both passes by VPDPBUSD, which adds the products of four unsigned and four signed bytes to each 32-bit lane. A weight
// of 24 bits is three signed digits of base 256, so three such instructions take four taps; their sums, shifted together
// again, are the same integers as the plain loops', and the bytes are the same.

enum { lanes = 16, tapsAtOnce = 4, digits = 3, vector = 64 };

/// Bytes of a group's table for four taps: where its lanes' samples lie, and the digits of their weights.
enum { tableBytes = (1 + digits) * vector };

static ptrdiff_t groups(CImageKernels_Taps taps) { return (taps.outputs + lanes - 1) / lanes; }
static ptrdiff_t rounds(ptrdiff_t count) { return (count + tapsAtOnce - 1) / tapsAtOnce; }

/// Bytes of one channel of a row: whole vectors, and one to read beyond the last pixel.
static ptrdiff_t planeBytes(ptrdiff_t width) { return (width + vector - 1) / vector * vector + vector; }

ptrdiff_t CImageKernels_rowScratch(ptrdiff_t width, CImageKernels_Taps taps) {
  ptrdiff_t plain = 16 * 3 * (width + taps.outputs);
  ptrdiff_t dotProducts = 3 * planeBytes(width) + groups(taps) * rounds(taps.stride) * tableBytes;
  return plain > dotProducts ? plain : dotProducts;
}

#define WIDE __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512vbmi,prfchw")))

int CImageKernels_hasDotProducts(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi");
}

int CImageKernels_dotProductsReach(CImageKernels_Taps taps) {
  for (ptrdiff_t o = 0; o < taps.outputs; o++) {
    int32_t first = taps.firsts[o] - taps.firsts[o / lanes * lanes];
    if (first < 0 || first + taps.counts[o] > vector) return 0;
  }
  return 1;
}

/// The digits of a weight, the lowest first, each from -128 to 127.
INLINE void split(int32_t weight, int8_t into[digits]) {
  for (int d = 0; d < digits; d++) {
    into[d] = (int8_t)weight;
    weight = (weight - into[d]) >> 8;
  }
}

/// What the sums of the three digits come to, as a level that is not clamped yet.
WIDE INLINE __m512i level(const __m512i sums[digits]) {
  __m512i high = _mm512_add_epi32(sums[1], _mm512_slli_epi32(sums[2], 8));
  return _mm512_srai_epi32(_mm512_add_epi32(sums[0], _mm512_slli_epi32(high, 8)), precision);
}

/// Sums of nothing, with the half that rounds.
WIDE INLINE void clear(__m512i sums[digits]) {
  sums[0] = _mm512_set1_epi32(1 << (precision - 1));
  for (int d = 1; d < digits; d++) sums[d] = _mm512_setzero_si512();
}

/// The first `count` of 64 bytes, or none, or all.
INLINE __mmask64 first(ptrdiff_t count) {
  return count <= 0 ? 0 : count >= vector ? ~0ull : (1ull << count) - 1;
}

/// How a vector of one channel's 64 samples is picked out of three of interleaved ones.
typedef struct {
  __m512i fromFirstTwo, fromThird;
  __mmask64 isInThird;
} Pick;

WIDE INLINE Pick pickOf(int channel) {
  uint8_t two[vector], third[vector];
  uint64_t mask = 0;
  for (int i = 0; i < vector; i++) {
    int place = 3 * i + channel;
    two[i] = (uint8_t)(place % (2 * vector));
    third[i] = (uint8_t)(place % vector);
    mask |= (uint64_t)(place >= 2 * vector) << i;
  }
  return (Pick){_mm512_loadu_si512(two), _mm512_loadu_si512(third), mask};
}

/// Makes a row of interleaved pixels three rows of one channel each, `stride` bytes apart.
WIDE INLINE void separate(const uint8_t *row, ptrdiff_t width, const Pick picks[3], uint8_t *planes, ptrdiff_t stride) {
  for (ptrdiff_t x = 0; x < width; x += vector, row += 3 * vector, planes += vector) {
    ptrdiff_t left = 3 * (width - x);
    __m512i a = _mm512_maskz_loadu_epi8(first(left), row);
    __m512i b = _mm512_maskz_loadu_epi8(first(left - vector), row + vector);
    __m512i c = _mm512_maskz_loadu_epi8(first(left - 2 * vector), row + 2 * vector);
    for (int channel = 0; channel < 3; channel++) {
      Pick pick = picks[channel];
      __m512i samples = _mm512_permutex2var_epi8(a, pick.fromFirstTwo, b);
      samples = _mm512_mask_permutexvar_epi8(samples, pick.isInThird, pick.fromThird, c);
      _mm512_storeu_si512(planes + channel * stride, samples);
    }
  }
}

/// Lays out the taps of each sixteen outputs as the loop below reads them: for four taps at a time, four bytes a lane,
/// where the samples lie behind the group's first, then the weights' digits.
///
/// - Returns: how many times four taps there are, of every output.
static ptrdiff_t layOut(CImageKernels_Taps taps, uint8_t *tables) {
  int32_t most = 0;
  for (ptrdiff_t o = 0; o < taps.outputs; o++) most = taps.counts[o] > most ? taps.counts[o] : most;
  ptrdiff_t times = rounds(most);
  memset(tables, 0, (size_t)(groups(taps) * times * tableBytes));
  for (ptrdiff_t o = 0; o < taps.outputs; o++) {
    uint8_t *table = tables + o / lanes * times * tableBytes + o % lanes * tapsAtOnce;
    int32_t base = taps.firsts[o / lanes * lanes];
    for (int32_t k = 0; k < taps.counts[o]; k++) {
      uint8_t *place = table + k / tapsAtOnce * tableBytes + k % tapsAtOnce;
      int8_t parts[digits];
      split(taps.weights[o * taps.stride + k], parts);
      place[0] = (uint8_t)(taps.firsts[o] - base + k);
      for (int d = 0; d < digits; d++) place[(1 + d) * vector] = (uint8_t)parts[d];
    }
  }
  return times;
}

// Each lane is an output, of which one instruction gathers four samples of one channel.
WIDE void CImageKernels_filterRowsByDotProducts(const uint8_t *source, ptrdiff_t sourceStride, ptrdiff_t rows,
                                                ptrdiff_t width, CImageKernels_Taps taps, uint8_t *into,
                                                uint8_t *scratch) {
  ptrdiff_t stride = planeBytes(width);
  uint8_t *planes = scratch, *tables = scratch + 3 * stride;
  ptrdiff_t times = layOut(taps, tables);
  Pick picks[3];
  for (int channel = 0; channel < 3; channel++) picks[channel] = pickOf(channel);
  // Packing leaves four reds, greens, blues and blues in each quarter of a vector.
  uint8_t order[vector] = {0};
  for (int i = 0; i < 3 * lanes; i++) order[i] = (uint8_t)(i / 12 * 16 + i % 3 * 4 + i / 3 % 4);
  __m512i interleaved = _mm512_loadu_si512(order);

  for (ptrdiff_t r = 0; r < rows; r++, source += sourceStride, into += 3 * taps.outputs) {
    separate(source, width, picks, planes, stride);
    const uint8_t *table = tables;
    for (ptrdiff_t o = 0; o < taps.outputs; o += lanes) {
      __m512i sums[3][digits], samples[3];
      for (int channel = 0; channel < 3; channel++) {
        clear(sums[channel]);
        samples[channel] = _mm512_loadu_si512(planes + channel * stride + taps.firsts[o]);
      }
      for (ptrdiff_t k = 0; k < times; k++, table += tableBytes) {
        __m512i places = _mm512_loadu_si512(table);
        for (int channel = 0; channel < 3; channel++) {
          __m512i four = _mm512_permutexvar_epi8(places, samples[channel]);
          for (int d = 0; d < digits; d++) {
            __m512i weights = _mm512_loadu_si512(table + (1 + d) * vector);
            sums[channel][d] = _mm512_dpbusd_epi32(sums[channel][d], four, weights);
          }
        }
      }
      // Both packings clamp.
      __m512i blue = level(sums[2]);
      __m512i levels = _mm512_packus_epi16(
          _mm512_packs_epi32(level(sums[0]), level(sums[1])), _mm512_packs_epi32(blue, blue));
      ptrdiff_t count = taps.outputs - o < lanes ? taps.outputs - o : lanes;
      _mm512_mask_storeu_epi8(into + 3 * o, first(3 * count), _mm512_permutexvar_epi8(interleaved, levels));
    }
  }
}

// Each lane is a byte of the row; four rows are interleaved, so that a lane holds what lies above each other.
WIDE void CImageKernels_filterColumnsByDotProducts(const uint8_t *source, ptrdiff_t sourceStride, ptrdiff_t rowBytes,
                                                   CImageKernels_Taps taps, uint8_t *into) {
  for (ptrdiff_t o = 0; o < taps.outputs; o++, into += rowBytes) {
    const int32_t count = taps.counts[o];
    int8_t parts[CImageKernels_mostColumnTaps / tapsAtOnce][digits][tapsAtOnce] = {0};
    for (int32_t k = 0; k < count; k++) {
      int8_t found[digits];
      split(taps.weights[o * taps.stride + k], found);
      for (int d = 0; d < digits; d++) parts[k / tapsAtOnce][d][k % tapsAtOnce] = found[d];
    }
    for (ptrdiff_t j = 0; j < rowBytes; j += vector) {
      const uint8_t *row = source + taps.firsts[o] * sourceStride + j;
      __mmask64 here = first(rowBytes - j);
      __m512i sums[4][digits];
      for (int i = 0; i < 4; i++) clear(sums[i]);
      for (int32_t k = 0; k < count; k += tapsAtOnce, row += tapsAtOnce * sourceStride) {
        __m512i a = _mm512_maskz_loadu_epi8(here, row);
        __m512i b = _mm512_maskz_loadu_epi8(k + 1 < count ? here : 0, row + sourceStride);
        __m512i c = _mm512_maskz_loadu_epi8(k + 2 < count ? here : 0, row + 2 * sourceStride);
        __m512i d = _mm512_maskz_loadu_epi8(k + 3 < count ? here : 0, row + 3 * sourceStride);
        __m512i lowAB = _mm512_unpacklo_epi8(a, b), highAB = _mm512_unpackhi_epi8(a, b);
        __m512i lowCD = _mm512_unpacklo_epi8(c, d), highCD = _mm512_unpackhi_epi8(c, d);
        __m512i four[4] = {_mm512_unpacklo_epi16(lowAB, lowCD), _mm512_unpackhi_epi16(lowAB, lowCD),
                           _mm512_unpacklo_epi16(highAB, highCD), _mm512_unpackhi_epi16(highAB, highCD)};
        for (int digit = 0; digit < digits; digit++) {
          int32_t together;
          memcpy(&together, parts[k / tapsAtOnce][digit], sizeof together);
          __m512i weights = _mm512_set1_epi32(together);
          for (int i = 0; i < 4; i++) sums[i][digit] = _mm512_dpbusd_epi32(sums[i][digit], four[i], weights);
        }
      }
      // Packing undoes the interleaving, and clamps.
      __m512i levels = _mm512_packus_epi16(
          _mm512_packs_epi32(level(sums[0]), level(sums[1])), _mm512_packs_epi32(level(sums[2]), level(sums[3])));
      // A micro-batch's memory is in no near cache when a picture is written into it.
      __builtin_prefetch(into + j + 64 * vector, 1);
      _mm512_mask_storeu_epi8(into + j, here, levels);
    }
  }
}
