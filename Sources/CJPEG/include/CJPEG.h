#pragma once
#include <stddef.h>
#include <stdint.h>

// Reading JPEG by libjpeg-turbo's older interface, libjpeg's: before version 3 its newer one, TurboJPEG, decodes whole
// pictures only. Errors leave the library by longjmp, which must not cross Swift's frames, so C calls it.

/// What the library has said about a file so far.
typedef enum { CJPEG_fine, CJPEG_warning, CJPEG_error } CJPEG_Outcome;

/// A file that is being decoded.
typedef struct CJPEG_File CJPEG_File;

/// What a file's header says.
typedef struct {
  int width, height;
  /// Whether there are four inks, which the library does not make red, green and blue of.
  int isCMYK;
} CJPEG_Header;

/// Columns and rows of a picture.
typedef struct {
  int x, y, width, height;
} CJPEG_Part;

/// Room for a file; NULL where there is no memory.
CJPEG_File *CJPEG_open(void);

void CJPEG_close(CJPEG_File *file);

/// Reads a header.
///
/// - bytes: of the file; they stay where they are until it is closed
CJPEG_Outcome CJPEG_readHeader(CJPEG_File *file, const uint8_t *bytes, size_t count, CJPEG_Header *header);

/// Decodes a part of the picture whose header was read: the pixels, and the outcome, are those of decoding all of it.
///
/// - divisor: 2, 4 or 8 make the picture so many times smaller, by decoding its lowest frequencies only
/// - part: of the smaller picture; becomes what was decoded, which has the same rows but may have more columns
/// - into: room for that many rows of the whole width. They are written without gaps, as RGB or as inverted CMYK
CJPEG_Outcome CJPEG_decode(CJPEG_File *file, int divisor, CJPEG_Part *part, uint8_t *into);

/// The error, or else the first warning.
const char *CJPEG_message(const CJPEG_File *file);

/// Whether the file ended before the picture did.
int CJPEG_isCutShort(const CJPEG_File *file);
