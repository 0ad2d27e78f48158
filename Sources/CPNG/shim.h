#pragma once
#include <png.h>
#include <setjmp.h>
#include <stddef.h>
#include <string.h>

// libpng reports an error by jumping out of the call, which must not cross a Swift frame. (Its simplified interface
// does not jump, but it applies gamma on the way from 16 bits to 8.) So every call that may jump is made in here,
// between a setjmp and its return.

/// A PNG file in memory being read, and what its rows look like once `CPNG_begin` has succeeded.
typedef struct {
  const unsigned char *bytes;
  size_t count, position;
  png_structp png;
  png_infop info;
  png_uint_32 width, height;
  int colorType;      // as in the file, PNG_COLOR_TYPE_…
  int depth;          // bits of a delivered sample: 8, or 16 for gray of 16 bits
  int channels;       // delivered samples of a pixel
  int ranOut;         // whether libpng wanted more bytes than there are
  char message[160];  // libpng's words about the error
} CPNG_Reader;

static inline void CPNG_fail(png_structp png, png_const_charp message) {
  CPNG_Reader *reader = (CPNG_Reader *)png_get_error_ptr(png);
  strncpy(reader->message, message, sizeof reader->message - 1);
  png_longjmp(png, 1);
}

static inline void CPNG_ignore(png_structp png, png_const_charp message) {
  (void)png, (void)message;
}

static inline void CPNG_supply(png_structp png, png_bytep into, size_t count) {
  CPNG_Reader *reader = (CPNG_Reader *)png_get_io_ptr(png);
  if (reader->count - reader->position < count) {
    reader->ranOut = 1;
    png_error(png, "the file ends too early");
  }
  memcpy(into, reader->bytes + reader->position, count);
  reader->position += count;
}

/// Reads up to the pixels. Rows will be 8-bit samples: palette indices, gray, RGB, each of the last two with alpha
/// where the file has alpha or a transparent color. 16 bits lose their lower half, except gray without an alpha
/// channel, which stays big-endian 16-bit. Returns 0 on an error; `CPNG_end` is due in either case.
static inline int CPNG_begin(CPNG_Reader *reader) {
  reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, CPNG_fail, CPNG_ignore);
  if (!reader->png) return 0;
  if (setjmp(png_jmpbuf(reader->png))) return 0;
  reader->info = png_create_info_struct(reader->png);
  if (!reader->info) return 0;
  png_set_read_fn(reader->png, reader, CPNG_supply);
  // The caller limits the number of pixels; libpng's own limit of a million columns would be a second rule.
  png_set_user_limits(reader->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_read_info(reader->png, reader->info);
  reader->width = png_get_image_width(reader->png, reader->info);
  reader->height = png_get_image_height(reader->png, reader->info);
  reader->colorType = png_get_color_type(reader->png, reader->info);
  if (reader->colorType == PNG_COLOR_TYPE_PALETTE) {
    png_set_packing(reader->png);
  } else {
    png_set_expand_gray_1_2_4_to_8(reader->png);
    if (png_get_valid(reader->png, reader->info, PNG_INFO_tRNS)) png_set_tRNS_to_alpha(reader->png);
    if (reader->colorType != PNG_COLOR_TYPE_GRAY) png_set_strip_16(reader->png);
  }
  png_set_interlace_handling(reader->png);
  png_read_update_info(reader->png, reader->info);
  reader->depth = png_get_bit_depth(reader->png, reader->info);
  reader->channels = png_get_channels(reader->png, reader->info);
  return 1;
}

/// Reads all rows, `stride` bytes apart and at least `width * channels * depth / 8` long. Returns 0 on an error.
static inline int CPNG_read(CPNG_Reader *reader, unsigned char *rows, size_t stride) {
  if (setjmp(png_jmpbuf(reader->png))) return 0;
  int interlaced = png_get_interlace_type(reader->png, reader->info) == PNG_INTERLACE_ADAM7;
  for (int pass = 0; pass < (interlaced ? PNG_INTERLACE_ADAM7_PASSES : 1); pass++) {
    for (png_uint_32 y = 0; y < reader->height; y++) png_read_row(reader->png, rows + y * stride, NULL);
  }
  return 1;
}

/// Frees what `CPNG_begin` made.
static inline void CPNG_end(CPNG_Reader *reader) {
  png_destroy_read_struct(&reader->png, &reader->info, NULL);
}

/// An upper bound for the file `png_image_write_to_memory` writes; a macro that Swift cannot import.
static inline size_t CPNG_sizeLimit(const png_image *image) {
  return PNG_IMAGE_PNG_SIZE_MAX(*image);
}
