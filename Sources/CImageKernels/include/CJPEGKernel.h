#pragma once
#include <stddef.h>
#include <stdint.h>

// Baseline JPEG, the form nearly all photographs have, decoded as libjpeg-turbo decodes it, byte for byte. Most of the
// time of a JPEG goes into its Huffman codes, each of which begins where the one before ends; libjpeg-turbo looks a code
// up and then fetches the number behind it, here one look into a table tells two codes with their numbers. It is C for
// want of a way to say in Swift which instructions a loop may use. Whatever is unusual, damaged files among it, is refused
// and left to the library.

/// The Huffman tables of a file, four for means and four for other coefficients. A table that the next file has as well,
/// as most files do, is built once.
typedef struct CJPEG_Tables CJPEG_Tables;

/// Empty tables; NULL where there is no memory.
CJPEG_Tables *CJPEG_makeTables(void);
void CJPEG_freeTables(CJPEG_Tables *tables);

/// Sets a table: how many codes there are of lengths 1 to 16, and their symbols, of which there are as many. Returns 0
/// where these make no table of a baseline file.
int CJPEG_setTable(CJPEG_Tables *tables, int isDC, int number, const uint8_t *counts, const uint8_t *symbols);

/// A picture whose components Y, Cb and Cr lie in one scan.
typedef struct {
  int32_t width, height;
  /// Samples of Y for one of Cb and Cr, across and down: 1 × 1, 2 × 1 or 2 × 2. If 2, the picture is wider than 4.
  int32_t across, down;
  /// Groups of blocks between restarts; 0: there are none.
  int32_t restartInterval;
  /// Numbers of the tables of each component.
  int32_t dc[3], ac[3];
} CJPEG_Frame;

/// Copies the bytes of a scan without what is stuffed between them.
///
/// - bytes: from the first of the scan on to the end of the file
/// - isRestarting: whether restarts may be among them, which must follow each other as they should
/// - into: room for `count` + `CJPEG_padding` bytes; zeros are put behind
/// - ends: where the parts between restarts end in `into`; room for `mostEnds`
///
/// Returns the number of parts; 0 where anything but an end of image ends the scan, or it is unusual otherwise.
ptrdiff_t CJPEG_unstuff(const uint8_t *bytes, ptrdiff_t count, int isRestarting, uint8_t *into, ptrdiff_t *ends,
                        ptrdiff_t mostEnds);

/// More than a group of blocks may take behind the end of a scan.
enum { CJPEG_padding = 2048 };

/// Decodes the pixels of columns `left` up to `right` and rows `top` up to `bottom`.
///
/// - steps: quantization of the three components, 64 each, row by row
/// - scan, ends, parts: what `CJPEG_unstuff` made
/// - rgb: room for (right − left) × (bottom − top) × 3 bytes
/// - scratch: room for `CJPEG_scratch` bytes
///
/// Returns 0 where the scan holds something that is wrong or too little.
int CJPEG_decode(const CJPEG_Tables *tables, const CJPEG_Frame *frame, const int16_t *steps, const uint8_t *scan,
                 const ptrdiff_t *ends, ptrdiff_t parts, int32_t left, int32_t right, int32_t top, int32_t bottom,
                 uint8_t *rgb, uint8_t *scratch);

/// Bytes of scratch `CJPEG_decode` needs.
ptrdiff_t CJPEG_scratch(const CJPEG_Frame *frame);
