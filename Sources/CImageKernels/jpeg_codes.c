#include "jpeg_codes.h"

#include <stdlib.h>
#include <string.h>

/// Bits of the number behind a code.
static inline uint32_t size(int isDC, uint8_t symbol) { return isDC ? symbol : symbol & 15; }

/// The open entry of a code.
static inline uint64_t open(int isDC, uint8_t symbol, uint32_t length) {
  const uint32_t count = size(isDC, symbol);
  // A run of zeros without a number behind ends the block, except the longest.
  const uint64_t step = isDC ? 1 : count == 0 && symbol >> 4 != 15 ? 128 : (symbol >> 4) + 1;
  return isOpen | step << 8 | (uint64_t)length << 24 | (uint64_t)count << 32;
}

/// The entry of a code, closed if there is nothing to read.
static inline uint64_t closed(uint64_t open, uint64_t bits) {
  return open >> 32 & 63 ? CJPEG_close(open, bits) : (open & 0xFF00) | (open >> 24 & 63) | (open & 0x3Full << 24);
}

/// Lets entries tell two codes where both fit.
static void pair(uint64_t *entries) {
  enum { count = 1 << lookupBits };
  uint64_t singles[count];
  memcpy(singles, entries, sizeof singles);
  for (uint32_t index = 0; index < count; index++) {
    const uint64_t first = singles[index];
    if (first == 0 || (first & isOpen) || (first >> 8 & 255) == 128) continue;
    const uint64_t second = singles[index << (first & 63) & (count - 1)];
    const uint64_t taken = (first & 63) + (second & 63);
    if (second == 0 || (second & isOpen) || taken > lookupBits) continue;
    const uint64_t kept = 0xFFFF3F00FF00;
    entries[index] = (first & kept) | taken | (second >> 8 & 255) << 16 | second >> 48 << 48;
  }
}

static int build(Codes *codes) {
  memset(codes->entries, 0, sizeof codes->entries);
  uint32_t code = 0;
  int32_t place = 0;
  for (uint32_t length = 1; length <= 16; length++, code <<= 1) {
    codes->offsets[length - 1] = place - (int32_t)code;
    for (int i = 0; i < codes->counts[length - 1]; i++, code++, place++) {
      // A code of ones alone is none, as libjpeg has it too.
      if (code + 1 >= 1u << length) return 0;
      const uint8_t symbol = codes->symbols[place];
      const uint32_t bits = size(codes->isDC, symbol);
      if (bits > (codes->isDC ? 11 : 10)) return 0;
      if (length > lookupBits) continue;
      const uint32_t rest = lookupBits - length;
      uint64_t *entries = codes->entries + (code << rest);
      const uint64_t entry = open(codes->isDC, symbol, length);
      for (uint32_t following = 0; following < 1u << rest; following++) {
        entries[following] = bits > rest ? entry : closed(entry, ((uint64_t)code << rest | following) << (64 - lookupBits));
      }
    }
    codes->ends[length - 1] = (int32_t)(code << (16 - length));
  }
  if (!codes->isDC) pair(codes->entries);
  return 1;
}

CJPEG_Tables *CJPEG_makeTables(void) { return calloc(1, sizeof(CJPEG_Tables)); }

void CJPEG_freeTables(CJPEG_Tables *tables) { free(tables); }

int CJPEG_setTable(CJPEG_Tables *tables, int isDC, int number, const uint8_t *counts, const uint8_t *symbols) {
  size_t places = 0;
  for (int i = 0; i < 16; i++) places += counts[i];
  if (places > 256 || number < 0 || number > 3) return 0;
  Codes *codes = (isDC ? tables->dc : tables->ac) + number;
  if (codes->isSet && memcmp(codes->counts, counts, 16) == 0 && memcmp(codes->symbols, symbols, places) == 0) return 1;
  codes->isDC = isDC;
  memcpy(codes->counts, counts, 16), memcpy(codes->symbols, symbols, places);
  return codes->isSet = build(codes);
}

uint64_t CJPEG_longEntry(const Codes *codes, uint64_t bits) {
  const int32_t next = (int32_t)(bits >> 48);
  for (int32_t length = 1; length <= 16; length++) {
    if (next >= codes->ends[length - 1]) continue;
    const uint8_t symbol = codes->symbols[(codes->offsets[length - 1] + (next >> (16 - length))) & 255];
    return closed(open(codes->isDC, symbol, (uint32_t)length), bits);
  }
  return 0;
}

ptrdiff_t CJPEG_unstuff(const uint8_t *bytes, ptrdiff_t count, int isRestarting, uint8_t *into, ptrdiff_t *ends,
                        ptrdiff_t mostEnds) {
  const uint8_t *end = bytes + count;
  uint8_t *to = into;
  ptrdiff_t parts = 0;
  while (parts < mostEnds) {
    const uint8_t *found = memchr(bytes, 0xFF, (size_t)(end - bytes));
    if (!found || end - found < 2) return 0;
    memcpy(to, bytes, (size_t)(found - bytes));
    to += found - bytes;
    bytes = found + 2;
    if (found[1] == 0) {
      *to++ = 0xFF;
    } else if (found[1] == 0xD9) {
      ends[parts++] = to - into;
      memset(to, 0, CJPEG_padding);
      return parts;
    } else if (isRestarting && found[1] == 0xD0 + parts % 8) {
      ends[parts++] = to - into;
    } else {
      return 0;
    }
  }
  return 0;
}
