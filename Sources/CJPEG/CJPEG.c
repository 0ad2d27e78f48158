#include "CJPEG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

struct CJPEG_File {
  struct jpeg_decompress_struct library;
  struct jpeg_error_mgr errors;
  jmp_buf failed;
  char message[JMSG_LENGTH_MAX];
  int isCutShort;
};

/// What is called with an error, and must not return.
static void fail(j_common_ptr library) {
  CJPEG_File *file = library->client_data;
  library->err->format_message(library, file->message);
  longjmp(file->failed, 1);
}

/// What is called with a warning, whose level is -1, or with what is going on.
static void warn(j_common_ptr library, int level) {
  CJPEG_File *file = library->client_data;
  if (level >= 0) return;
  if (library->err->num_warnings++ == 0) library->err->format_message(library, file->message);
  if (library->err->msg_code == JWRN_JPEG_EOF) file->isCutShort = 1;
}

static CJPEG_Outcome outcome(const CJPEG_File *file) {
  return file->errors.num_warnings > 0 ? CJPEG_warning : CJPEG_fine;
}

CJPEG_File *CJPEG_open(void) {
  CJPEG_File *file = calloc(1, sizeof *file);
  if (!file) return NULL;
  file->library.err = jpeg_std_error(&file->errors);
  file->library.client_data = file;
  file->errors.error_exit = fail;
  file->errors.emit_message = warn;
  if (setjmp(file->failed)) {
    CJPEG_close(file);
    return NULL;
  }
  jpeg_create_decompress(&file->library);
  return file;
}

void CJPEG_close(CJPEG_File *file) {
  jpeg_destroy_decompress(&file->library);
  free(file);
}

const char *CJPEG_message(const CJPEG_File *file) { return file->message; }

int CJPEG_isCutShort(const CJPEG_File *file) { return file->isCutShort; }

CJPEG_Outcome CJPEG_readHeader(CJPEG_File *file, const uint8_t *bytes, size_t count, CJPEG_Header *header) {
  if (setjmp(file->failed)) return CJPEG_error;
  jpeg_mem_src(&file->library, bytes, count);
  jpeg_read_header(&file->library, TRUE);
  J_COLOR_SPACE space = file->library.jpeg_color_space;
  *header = (CJPEG_Header){(int)file->library.image_width, (int)file->library.image_height,
                           space == JCS_CMYK || space == JCS_YCCK};
  return outcome(file);
}

/// Reads rows up to `end` into memory, `rowBytes` apart; 0 apart is for rows that nobody looks at.
static void readRows(j_decompress_ptr library, int end, uint8_t *into, size_t rowBytes) {
  // The library makes up to four rows at a time.
  enum { most = 4 };
  while (library->output_scanline < (JDIMENSION)end) {
    JSAMPROW rows[most];
    for (int row = 0; row < most; row++) rows[row] = into + (size_t)row * rowBytes;
    JDIMENSION left = (JDIMENSION)end - library->output_scanline;
    into += jpeg_read_scanlines(library, rows, left < most ? left : most) * rowBytes;
  }
}

/// Whether what is left of the file is compressed pixels and the marker of its end. Then nothing worse can come of it than
/// warnings of damaged data.
static int endsPlainly(j_decompress_ptr library) {
  const JOCTET *next = library->src->next_input_byte, *end = next + library->src->bytes_in_buffer;
  // Bits are fetched ahead, and may have met a marker.
  int marker = library->unread_marker;
  while (marker == 0 || (marker >= JPEG_RST0 && marker <= JPEG_RST0 + 7)) {
    next = next < end ? memchr(next, 0xFF, (size_t)(end - next)) : NULL;
    while (next && next < end && *next == 0xFF) next++;
    if (!next || next == end) return 0;
    marker = *next++;
  }
  return marker == JPEG_EOI;
}

/// Whether blocks are smoothed into their neighbours, because a progressive file lacks scans with their details.
static int smoothsBlocks(j_decompress_ptr library) {
  for (int component = 0; library->progressive_mode && component < library->num_components; component++) {
    for (int k = 1; k < DCTSIZE2; k++) {
      if (library->coef_bits[component][k] != 0) return 1;
    }
  }
  return 0;
}

/// Whether the library would miscount what it decodes of columns. Scaled down, a component of lower resolution gives more
/// of its own; it is then enlarged less, which jpeg_crop_scanline forgets, so that part of it would stay what the memory held
/// before. And columns as few as the widest of three different steps are enlarged in another way.
static int miscountsColumns(j_decompress_ptr library) {
  int least = library->min_DCT_scaled_size;
  for (int index = 0; index < library->num_components; index++) {
    const jpeg_component_info *component = library->comp_info + index;
    int across = library->max_h_samp_factor * least / (component->h_samp_factor * component->DCT_scaled_size);
    int down = library->max_v_samp_factor * least / (component->v_samp_factor * component->DCT_scaled_size);
    if (component->DCT_scaled_size != least && (across != 1 || down != 1)) return 1;
    if (library->max_h_samp_factor == 4 && component->h_samp_factor == 2) return 1;
  }
  return 0;
}

// Chroma of half the resolution is smoothed: a pixel is made of the chroma on both sides of it, and where the picture ends
// in another way. Two columns more on either side keep the ends of what is decoded away from what is asked for; above and
// below the library itself sees to it.
enum { margin = 2 };

/// Goes to the first row of a part, whose columns become those that will be decoded.
static void seek(j_decompress_ptr library, CJPEG_Part *part, uint8_t *row) {
  int whole = (int)library->output_width, end = part->x + part->width + margin;
  if (smoothsBlocks(library) || miscountsColumns(library)) {
    part->x = 0;
    part->width = whole;
    readRows(library, part->y, row, 0);
    return;
  }
  JDIMENSION x = part->x > margin ? (JDIMENSION)(part->x - margin) : 0;
  JDIMENSION width = (JDIMENSION)(end < whole ? end : whole) - x;
  // The library begins where its blocks do.
  jpeg_crop_scanline(library, &x, &width);
  part->x = (int)x;
  part->width = (int)width;
  jpeg_skip_scanlines(library, (JDIMENSION)part->y);
}

CJPEG_Outcome CJPEG_decode(CJPEG_File *file, int divisor, CJPEG_Part *part, uint8_t *into) {
  if (setjmp(file->failed)) return CJPEG_error;
  j_decompress_ptr library = &file->library;
  J_COLOR_SPACE space = library->jpeg_color_space;
  library->out_color_space = space == JCS_CMYK || space == JCS_YCCK ? JCS_CMYK : JCS_RGB;
  library->scale_num = 1;
  library->scale_denom = (unsigned)divisor;
  jpeg_start_decompress(library);
  int height = (int)library->output_height, end = part->y + part->height;
  if (end > height || part->x + part->width > (int)library->output_width) ERREXIT(library, JERR_BAD_CROP_SPEC);

  seek(library, part, into);
  size_t rowBytes = (size_t)part->width * (size_t)library->output_components;
  readRows(library, end, into, rowBytes);

  // What lies below is not needed, but an error there is one of the file. Of several scans all were read at the start.
  if (end < height && (jpeg_has_multiple_scans(library) || endsPlainly(library))) return outcome(file);
  if (end < height) readRows(library, height, library->mem->alloc_large((j_common_ptr)library, JPOOL_IMAGE, rowBytes), 0);
  jpeg_finish_decompress(library);
  return outcome(file);
}
