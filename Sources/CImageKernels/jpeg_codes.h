#pragma once
#include "CJPEGKernel.h"

enum { lookupBits = 10 };

/// The codes of one Huffman table.
typedef struct {
  /// What bits begin with, by the first `lookupBits` of them; 0 where they are too few for the code, or no code.
  ///
  /// - Bits 0…5: bits of a code and its number together, and of a second code and number where they fit as well
  /// - 8…15: places to go on to the first number; 128 ends the block. 16…23: from there to the second number, or 0
  /// - 24…29: bits of the first code and number
  /// - 32…47, 48…63: both numbers, or twice the one
  ///
  /// Where the code fits but its number does not, `isOpen` is set, bits 24…29 are those of the code, and 32…47 of the
  /// number.
  uint64_t entries[1 << lookupBits];
  /// For each length of codes, from 1: the first number of 16 bits that begins with none of them or of shorter ones,
  int32_t ends[16];
  /// and what leads from a code to its place among `symbols`.
  int32_t offsets[16];
  /// What the table was built from.
  uint8_t counts[16], symbols[256];
  int isDC, isSet;
} Codes;

struct CJPEG_Tables {
  Codes dc[4], ac[4];
};

/// Set in an entry whose number is to be read from the bits.
enum { isOpen = 64 };

/// What the bits from the highest of `bits` on begin with, as an entry of one code, however long; 0 if that is none.
uint64_t CJPEG_longEntry(const Codes *codes, uint64_t bits);

/// The entry of a code whose symbol is known, with the number behind it.
static inline uint64_t CJPEG_close(uint64_t entry, uint64_t bits) {
  const uint32_t length = entry >> 24 & 63, count = entry >> 32 & 63;
  const uint32_t number = (uint32_t)(bits << length >> (64 - count));
  // The upper half of the numbers are the positive ones.
  const uint64_t value = (uint16_t)(number >> (count - 1) ? number : number - (1u << count) + 1), taken = length + count;
  return taken | (entry & 0xFF00) | taken << 24 | value << 32 | value << 48;
}
