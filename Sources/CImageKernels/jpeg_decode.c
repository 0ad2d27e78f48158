#include "jpeg_codes.h"
#include "jpeg_pixels.h"

#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))

/// Where a coefficient lies in its block, row by row; what lies behind the last is dropped at place 64.
static const uint8_t places[256] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
    [64 ... 255] = 64};

/// Bits of a scan: the next are the highest of `bits`, of which `count` are there.
typedef struct {
  uint64_t bits;
  int32_t count;
  const uint8_t *next;
} Reader;

/// Makes at least 56 bits available.
INLINE void refill(Reader *reader) {
  uint64_t word;
  memcpy(&word, reader->next, 8);
  reader->bits |= __builtin_bswap64(word) >> reader->count;
  reader->next += (63 - reader->count) >> 3;
  reader->count |= 56;
}

#define TAKE(reader, taken) ((reader)->bits <<= (taken) & 63, (reader)->count -= (taken) & 63)

/// Reads the coefficients of a block, row by row, into zeros. Returns the place of the last one in zigzag order, −1 where
/// there is something wrong.
INLINE int readBlock(Reader *r, const Codes *dc, const Codes *ac, uint32_t *mean, int16_t *block) {
  Reader reader = *r;
  refill(&reader);
  uint64_t entry = dc->entries[reader.bits >> (64 - lookupBits)];
  if (entry & isOpen) entry = CJPEG_close(entry, reader.bits);
  if (__builtin_expect(entry == 0, 0) && (entry = CJPEG_longEntry(dc, reader.bits)) == 0) return -1;
  TAKE(&reader, entry);
  *mean += (uint32_t)(int16_t)(entry >> 32);
  block[0] = (int16_t)*mean;
  uint32_t place = 0;
  while (1) {
    refill(&reader);
    // 56 bits are enough for three entries of the table, or for two and another one, of at most 26 bits.
    for (int i = 0; i < 3; i++) {
      entry = ac->entries[reader.bits >> (64 - lookupBits)];
      // Open, or 0.
      if (__builtin_expect((entry & (2 * isOpen - 1)) - 1 >= isOpen - 1, 0)) {
        refill(&reader);
        entry = entry ? CJPEG_close(entry, reader.bits) : CJPEG_longEntry(ac, reader.bits);
        if (entry == 0) return -1;
      }
      const uint32_t first = place + (uint32_t)(entry >> 8 & 255);
      const uint32_t second = first + (uint32_t)(entry >> 16 & 255);
      block[places[first]] = (int16_t)(entry >> 32);
      block[places[second]] = (int16_t)(entry >> 48);
      if (second >= 63) {
        // Full after the first: what was taken for a second begins the next block.
        TAKE(&reader, first == 63 ? entry >> 24 : entry);
        *r = reader;
        if (first == 63 || second == 63) return 63;
        // An end of block is 128 places on; anything else there lies behind the block.
        return second < 128 || (first > 63 && first < 128) ? -1 : (int)second - 128;
      }
      TAKE(&reader, entry);
      place = second;
    }
  }
}

/// Samples of two rows of groups of blocks, the ones just decoded and those before, rows counted modulo their number.
typedef struct {
  uint8_t *samples[3];
  ptrdiff_t stride;
  /// Rows of each that are kept, a power of two less 1.
  int32_t masks[3];
} Planes;

/// Bytes that may be read beside a row.
enum { margin = 64 };

static ptrdiff_t groupsAcross(const CJPEG_Frame *f) { return (f->width + 8 * f->across - 1) / (8 * f->across); }

ptrdiff_t CJPEG_scratch(const CJPEG_Frame *f) {
  const ptrdiff_t width = groupsAcross(f) * 8 * f->across + 2 * margin;
  return width * (16 * f->down + 16 + 16) + 2 * width + 4 * width;
}

typedef struct {
  const CJPEG_Frame *frame;
  const Codes *dc[3], *ac[3];
  const int16_t *steps;
  const uint8_t *scan;
  const ptrdiff_t *ends;
  ptrdiff_t parts, part;
  Reader reader;
  uint32_t means[3];
  /// Groups left until the next restart.
  int32_t left;
} Decoder;

/// Whether no more bits were taken than the part has.
INLINE int isWithin(const Decoder *d) {
  return (d->reader.next - d->scan) * 8 - d->reader.count <= d->ends[d->part] * 8;
}

INLINE int restart(Decoder *d, ptrdiff_t part) {
  if (part >= d->parts) return 0;
  d->part = part;
  d->reader = (Reader){0, 0, d->scan + (part > 0 ? d->ends[part - 1] : 0)};
  memset(d->means, 0, sizeof d->means);
  d->left = d->frame->restartInterval;
  return 1;
}

/// A block of a group: of which component, and where its samples go.
typedef struct {
  int component;
  uint8_t *to;
  int last;
} Block;

/// The blocks of a group, in the order of the scan. Returns their number.
INLINE int blocks(const CJPEG_Frame *f, int32_t row, int32_t group, const Planes *planes, Block list[6]) {
  int count = 0;
  for (int c = 0; c < 3; c++) {
    const int across = c == 0 ? f->across : 1, down = c == 0 ? f->down : 1;
    for (int i = 0; i < across * down; i++) {
      const ptrdiff_t y = (ptrdiff_t)8 * (row * down + i / across) & planes->masks[c];
      const ptrdiff_t x = (ptrdiff_t)8 * (group * across + i % across);
      list[count++] = (Block){c, planes->samples[c] + y * planes->stride + x, 0};
    }
  }
  return count;
}

/// Decodes a row of groups; samples are made of those from `first` up to `end`, if any.
CLONES static int decodeGroups(Decoder *d, int32_t row, int32_t first, int32_t end, const Planes *planes) {
  const CJPEG_Frame *f = d->frame;
  const int32_t groups = (int32_t)groupsAcross(f);
  int16_t coefficients[6][72] __attribute__((aligned(64)));
  for (int32_t group = 0; group < groups; group++) {
    if (f->restartInterval > 0 && d->left-- == 0) {
      if (!isWithin(d) || !restart(d, d->part + 1)) return 0;
      d->left--;
    }
    // Behind the end lie zeros, enough for a group.
    if (d->reader.next - d->scan > d->ends[d->part] + 8) return 0;
    Block list[6];
    const int count = blocks(f, row, group, planes, list);
    memset(coefficients, 0, sizeof coefficients);
    for (int i = 0; i < count; i++) {
      const int c = list[i].component;
      list[i].last = readBlock(&d->reader, d->dc[c], d->ac[c], &d->means[c], coefficients[i]);
      if (list[i].last < 0) return 0;
    }
    if (group < first || group >= end) continue;
    // Two blocks share the work; the last of three is its own partner.
    for (int i = 0; i < count; i += 2) {
      const int other = i + 1 < count ? i + 1 : i;
      const Block *a = &list[i], *b = &list[other];
      const int16_t *steps = d->steps + 64 * a->component, *otherSteps = d->steps + 64 * b->component;
      const int last = a->last > b->last ? a->last : b->last;
      if (last == 0) {
        fillBlock(coefficients[i][0], steps[0], a->to, planes->stride);
        fillBlock(coefficients[other][0], otherSteps[0], b->to, planes->stride);
      } else if (last < 10) {
        // The first ten lie within four rows and columns.
        inverseTransform(4, coefficients[i], coefficients[other], steps, otherSteps, a->to, b->to, planes->stride);
      } else {
        inverseTransform(8, coefficients[i], coefficients[other], steps, otherSteps, a->to, b->to, planes->stride);
      }
    }
  }
  return isWithin(d);
}

/// Chroma of a row at full width: libjpeg's "fancy" upsampling, a triangle over the nearest two samples each way.
INLINE void widen(const CJPEG_Frame *f, const Planes *planes, int c, int32_t y, int32_t left, int32_t right,
                  int16_t *restrict sums, uint8_t *restrict to) {
  const int32_t width = (f->width + 1) / 2, height = (f->height + f->down - 1) / f->down;
  const int32_t near = y / f->down;
  int32_t far = f->down == 1 ? near : near + (y % 2 ? 1 : -1);
  far = far < 0 ? 0 : far >= height ? height - 1 : far;
  const uint8_t *restrict a = planes->samples[c] + (near & planes->masks[c]) * planes->stride;
  const uint8_t *restrict b = planes->samples[c] + (far & planes->masks[c]) * planes->stride;
  const int32_t first = left / 2 > 0 ? left / 2 - 1 : 0, end = (right + 1) / 2 < width ? (right + 1) / 2 + 1 : width;
  // The nearer row counts three times. Where there is but one, it counts once, and the sum has two bits less.
  const int16_t weight = f->down == 2 ? 3 : 1, more = f->down == 2 ? 1 : 0;
  for (int32_t x = first; x < end; x++) sums[x] = (int16_t)(weight * a[x] + more * b[x]);
  if (first == 0) sums[-1] = sums[0];
  if (end == width) sums[width] = sums[width - 1];
  const int shift = f->down == 2 ? 4 : 2;
  const int16_t before = f->down == 2 ? 8 : 1, after = f->down == 2 ? 7 : 2;
  // Sixteen at a time: beyond the end there is room.
  for (int32_t x = left / 2; x < (right + 1) / 2; x += 16) {
    H16 here, last, next;
    memcpy(&here, sums + x, 32), memcpy(&last, sums + x - 1, 32), memcpy(&next, sums + x + 1, 32);
    here += here << 1;
    // The even pixel lies in the lower byte.
    const H16 pair = ((here + last + before) >> shift) | ((here + next + after) >> shift << 8);
    memcpy(to + 2 * x, &pair, 32);
  }
}

/// Rows `first` up to `end` of pixels, of columns `left` up to `right`.
CLONES static void convertRows(const CJPEG_Frame *f, const Planes *planes, int32_t first, int32_t end, int32_t left,
                               int32_t right, uint8_t *rgb, uint8_t *scratch) {
  const ptrdiff_t width = planes->stride;
  uint8_t *blue = scratch, *red = scratch + width;
  int16_t *sums = (int16_t *)(void *)(scratch + 2 * width) + margin;
  for (int32_t y = first; y < end; y++, rgb += 3 * (right - left)) {
    const uint8_t *light = planes->samples[0] + (y & planes->masks[0]) * planes->stride;
    const uint8_t *cb = planes->samples[1] + (y & planes->masks[1]) * planes->stride;
    const uint8_t *cr = planes->samples[2] + (y & planes->masks[2]) * planes->stride;
    if (f->across == 2) {
      widen(f, planes, 1, y, left, right, sums, blue);
      widen(f, planes, 2, y, left, right, sums, red);
      cb = blue, cr = red;
    }
    int32_t x = left;
    for (; x + 16 <= right; x += 16) convertPixels(light + x, cb + x, cr + x, rgb + 3 * (x - left));
    if (x < right) {
      uint8_t rest[48];
      convertPixels(light + x, cb + x, cr + x, rest);
      memcpy(rgb + 3 * (x - left), rest, (size_t)(3 * (right - x)));
    }
  }
}

int CJPEG_decode(const CJPEG_Tables *tables, const CJPEG_Frame *f, const int16_t *steps, const uint8_t *scan,
                 const ptrdiff_t *ends, ptrdiff_t parts, int32_t left, int32_t right, int32_t top, int32_t bottom,
                 uint8_t *rgb, uint8_t *scratch) {
  const ptrdiff_t width = groupsAcross(f) * 8 * f->across + 2 * margin;
  Planes planes = {
      .stride = width, .masks = {16 * f->down - 1, 15, 15}};
  planes.samples[0] = scratch + margin;
  planes.samples[1] = planes.samples[0] + width * 16 * f->down;
  planes.samples[2] = planes.samples[1] + width * 16;
  uint8_t *rowScratch = scratch + width * (16 * f->down + 32);

  Decoder decoder = {.frame = f, .steps = steps, .scan = scan, .ends = ends, .parts = parts};
  for (int c = 0; c < 3; c++) {
    decoder.dc[c] = tables->dc + (f->dc[c] & 3), decoder.ac[c] = tables->ac + (f->ac[c] & 3);
    if (!decoder.dc[c]->isSet || !decoder.ac[c]->isSet) return 0;
  }
  if (!restart(&decoder, 0)) return 0;
  // Chroma reaches one sample, at most a group, beyond the part that is wanted.
  const int32_t high = 8 * f->down, wide = 8 * f->across, rows = (f->height + high - 1) / high;
  const int32_t firstRow = top / high > 0 ? top / high - 1 : 0;
  const int32_t endRow = (bottom + high - 1) / high < rows ? (bottom + high - 1) / high + 1 : rows;
  const int32_t first = left / wide > 0 ? left / wide - 1 : 0, end = (right + wide - 1) / wide + 1;
  int32_t done = top;
  for (int32_t row = 0; row < endRow && done < bottom; row++) {
    if (!decodeGroups(&decoder, row, row < firstRow ? INT32_MAX : first, end, &planes)) return 0;
    // The last row of pixels waits for the chroma below.
    int32_t ready = (row + 1) * high - (f->down == 2 && row + 1 < rows ? 1 : 0);
    ready = ready < bottom ? ready : bottom;
    if (ready <= done) continue;
    convertRows(f, &planes, done, ready, left, right, rgb + (ptrdiff_t)3 * (right - left) * (done - top), rowScratch);
    done = ready;
  }
  return 1;
}
