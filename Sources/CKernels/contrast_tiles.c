// The logits of the contrastive loss and its gradients, tile by tile.
//
// A tile of logits exists only as blocks in the first-level cache: the first pass adds them to the statistics of their
// rows and columns and forgets them, the second leaves their gradients G in the second-level cache for two more products.
// Operands come packed: every text meets every picture, so that packing is paid once. Products are bfloat16's or 16-bit
// integers' where the caller wants them and the processor has them, else single precision's.
#include "common.h"
#include "contrast.h"
#include "product.h"

_Static_assert(BLOCK_ROWS >= MOST_ROWS && BLOCK_WIDTH == 2 * PANEL, "blocks and panels");

// MARK: Any precision

static int is_float(enum CKernels_ProductUnit unit) { return unit == CKernels_NoProductUnit; }
static int is_integer(enum CKernels_ProductUnit unit) { return unit == CKernels_Integers; }
static size_t size_of_number(enum CKernels_ProductUnit unit) { return is_float(unit) ? sizeof(float) : sizeof(bf16); }
// The length of an inner dimension of k in panels.
static size_t inner(enum CKernels_ProductUnit unit, size_t k) { return is_float(unit) ? k : rounded(k, STEP); }
// Numbers of a panel of an inner length; integers' units lie behind them.
static size_t panel_length(enum CKernels_ProductUnit unit, size_t inner) {
  return is_integer(unit) ? product_integers_panel(inner) : inner * PANEL;
}
// Numbers of a row of an inner length, which begins at a multiple of 64 bytes.
static size_t row_length(enum CKernels_ProductUnit unit, size_t inner) {
  return is_integer(unit) ? product_integers_row(inner) : inner;
}

// A block of products; those of integers are added to rows of c instead, if there is a c.
static void multiply_block(enum CKernels_ProductUnit unit, struct Left a, size_t m, size_t rows, const void *panels,
                           size_t n, size_t columns, size_t k, float *block, float *c, size_t c_stride) {
  size_t count = columns > PANEL ? 2 : 1, next = panel_length(unit, k), at = n / PANEL * next, from = m * a.row_step;
  if (is_float(unit)) {
    a.numbers = (const float *)a.numbers + from;
    product_floats_block(a, rows, 0, (const float *)panels + at, next, count, k, block);
  } else if (is_integer(unit)) {
    product_integers_block((const int16_t *)a.numbers + from, a.row_step, (const int16_t *)panels + at, next, count, k,
                           block, c, c_stride);
  } else {
    product_block(unit, (const bf16 *)a.numbers + from, a.row_step, (const bf16 *)panels + at, next, count, k, block);
  }
}

// Left operands (rows, k) and right ones (k, columns), group by group of k. What follows a group lies so many numbers
// further on.
struct Groups {
  struct Left left;
  const void *panels;
  size_t k, count, left_step, panels_step;
};

// c += Σ left · panels.
static void multiply_and_add(enum CKernels_ProductUnit unit, struct Groups g, size_t rows, size_t columns, float *c,
                             float *block) {
  size_t step = CKernels_contrast_block_rows(unit), size = size_of_number(unit);
  for (size_t m = 0; m < rows; m += step) {
    size_t height = rows - m < step ? rows - m : step;
    for (size_t n = 0; n < columns; n += BLOCK_WIDTH) {
      size_t width = columns - n < BLOCK_WIDTH ? columns - n : BLOCK_WIDTH;
      float *to = c + m * columns + n;
      int adds = is_integer(unit) && height == step && width == BLOCK_WIDTH;
      for (size_t i = 0; i < g.count; i++) {
        struct Left a = g.left;
        a.numbers = (const char *)a.numbers + i * g.left_step * size;
        const void *panels = (const char *)g.panels + i * g.panels_step * size;
        multiply_block(unit, a, m, height, panels, n, width, g.k, block, adds ? to : NULL, columns);
        if (!adds) contrast_accumulate(block, height, width, to, columns);
      }
    }
  }
}

size_t CKernels_contrast_block_rows(enum CKernels_ProductUnit unit) {
  return is_float(unit) ? FLOAT_ROWS : (unit == CKernels_AMX ? AMX_ROWS : DOT_ROWS);
}

// MARK: Packing

size_t CKernels_contrast_tile_bytes(enum CKernels_ProductUnit unit, size_t count, size_t dimension) {
  return panel_length(unit, inner(unit, count)) * (rounded(dimension, PANEL) / PANEL) * size_of_number(unit);
}

size_t CKernels_contrast_panels_bytes(enum CKernels_ProductUnit unit, size_t count, size_t dimension) {
  return rounded(count, PANEL) / PANEL * panel_length(unit, inner(unit, dimension)) * size_of_number(unit);
}

size_t CKernels_contrast_row_length(enum CKernels_ProductUnit unit, size_t dimension) {
  return row_length(unit, inner(unit, dimension));
}

void CKernels_contrast_pack_rows(enum CKernels_ProductUnit unit, const float *x, size_t dimension, void *to,
                                 size_t begin, size_t end) {
  size_t length = CKernels_contrast_row_length(unit, dimension);
  for (size_t row = begin; row < end; row++) {
    bf16 *target = (bf16 *)to + row * length;
    if (is_integer(unit)) {
      product_integers_pack_row((struct Numbers){x, dimension, 1}, row, dimension, (int16_t *)target);
    } else {
      CKernels_narrow(x + row * dimension, target, dimension);
      memset(target + dimension, 0, (length - dimension) * sizeof(bf16));
    }
  }
}

// A panel (k, 32) of rows of x: a line of each row at a time.
CLONES void contrast_transpose(const float *restrict x, size_t stride, size_t rows, size_t columns,
                               float *restrict panel) {
  for (size_t k = 0; k < columns; k += 16) {
    size_t end = columns - k < 16 ? columns : k + 16;
    for (size_t n = 0; n < rows; n++) {
      for (size_t i = k; i < end; i++) panel[i * PANEL + n] = x[n * stride + i];
    }
    for (size_t i = k; i < end && rows < PANEL; i++) memset(panel + i * PANEL + rows, 0, (PANEL - rows) * sizeof(float));
  }
}

void CKernels_contrast_pack_panels(enum CKernels_ProductUnit unit, const float *x, size_t count, size_t dimension,
                                   void *to, size_t begin, size_t end) {
  struct CKernels_Product product = {.n = count, .k = dimension, .b = x, .b_stride = dimension, .b_transposed = 1,
                                     .b_is_float = 1};
  size_t bytes = CKernels_contrast_panels_bytes(unit, PANEL, dimension);
  for (size_t panel = begin; panel < end; panel++) {
    size_t n = panel * PANEL, rows = count - n < PANEL ? count - n : PANEL;
    void *target = (char *)to + panel * bytes;
    if (is_float(unit)) {
      contrast_transpose(x + n * dimension, dimension, rows, dimension, target);
    } else if (is_integer(unit)) {
      product_integers_pack_turned_panel((struct Numbers){x, dimension, 1}, n, rows, dimension, target);
    } else {
      product_pack_panel(&product, n, target);
    }
  }
}

void CKernels_contrast_pack_tile(enum CKernels_ProductUnit unit, const float *x, size_t count, size_t dimension,
                                 void *to) {
  struct CKernels_Product product = {.n = dimension, .k = count, .b = x, .b_stride = dimension, .b_is_float = 1};
  size_t length = panel_length(unit, inner(unit, count));
  for (size_t n = 0; n < dimension; n += PANEL) {
    size_t columns = dimension - n < PANEL ? dimension - n : PANEL, at = n / PANEL * length;
    if (is_integer(unit)) {
      product_integers_pack_panel((struct Numbers){x, dimension, 1}, n, count, columns, (int16_t *)to + at);
      continue;
    }
    if (!is_float(unit)) {
      product_pack_panel(&product, n, (bf16 *)to + at);
      continue;
    }
    for (size_t k = 0; k < count; k++) {
      float *row = (float *)to + at + k * PANEL;
      memcpy(row, x + k * dimension + n, columns * sizeof(float));
      memset(row + columns, 0, (PANEL - columns) * sizeof(float));
    }
  }
}

// MARK: The two passes

// A thread's memory.
struct Room {
  float *block;
  struct Lanes *lanes;
  // G of a tile and, unless single precision multiplies it, Gᵀ. Rows begin in different sets of the first-level cache.
  void *gradients;
  size_t stride;
  bf16 *turned;
  // From one row of Gᵀ to the next, and from one group of its numbers to the next.
  size_t turned_stride, group_stride;
  // G of a tile before it is made of integers, which needs the lengths of whole rows and columns.
  float *exact;
  size_t exact_stride;
};

// Lays a thread's memory out from `scratch`, and returns its length in bytes.
static size_t lay_out(const struct CKernels_Contrast *p, void *scratch, struct Room *room) {
  size_t rows = p->tile_rows + MOST_ROWS, columns = p->tile_columns + MOST_ROWS;
  room->stride = p->tile_columns + 32;
  room->group_stride = row_length(p->turned_unit, inner(p->turned_unit, p->group_rows));
  room->turned_stride =
      is_float(p->turned_unit) ? 0 : rounded(p->tile_rows / p->group_rows * room->group_stride, 2 * STEP) + 3 * STEP;
  room->exact_stride = is_integer(p->unit) ? p->tile_columns + 16 : 0;
  char *at = scratch;
  room->block = (float *)at;
  at += BLOCK_ROWS * BLOCK_WIDTH * sizeof(float);
  room->lanes = (struct Lanes *)at;
  at += sizeof(struct Lanes);
  room->gradients = at;
  at += rounded(rows * room->stride * size_of_number(p->unit), 64);
  room->turned = (bf16 *)at;
  at += columns * room->turned_stride * sizeof(bf16);
  room->exact = (float *)at;
  return (size_t)(at - (char *)scratch) + rows * room->exact_stride * sizeof(float);
}

size_t CKernels_contrast_scratch(const struct CKernels_Contrast *p) {
  struct Room room;
  return lay_out(p, NULL, &room);
}

// The rows and columns of a tile.
static struct Block tile(const struct CKernels_Contrast *p, size_t row, size_t column) {
  struct Block t = {.row = row * p->tile_rows, .column = column * p->tile_columns};
  t.rows = p->rows - t.row < p->tile_rows ? p->rows - t.row : p->tile_rows;
  t.columns = p->columns - t.column < p->tile_columns ? p->columns - t.column : p->tile_columns;
  return t;
}

// A block of products, without the multiplier.
static void multiply_logits(const struct CKernels_Contrast *p, struct Block b, float *block) {
  struct Left images = {p->images, p->images_stride, 1};
  multiply_block(p->unit, images, b.row, b.rows, p->text_panels, b.column, b.columns, inner(p->unit, p->dimension),
                 block, NULL, 0);
}

// The block of a tile that begins at a row and a column of it.
static struct Block block_at(const struct CKernels_Contrast *p, struct Block t, size_t row, size_t column) {
  size_t step = CKernels_contrast_block_rows(p->unit), down = t.rows - row, right = t.columns - column;
  struct Block b = {t.row + row, down < step ? down : step, t.column + column,
                    right < BLOCK_WIDTH ? right : BLOCK_WIDTH};
  return b;
}

static void sum_tile(const struct CKernels_Contrast *p, struct Block t, const struct Room *room) {
  for (size_t row = 0; row < t.rows; row += CKernels_contrast_block_rows(p->unit)) {
    contrast_begin_rows(room->lanes);
    for (size_t column = 0; column < t.columns; column += BLOCK_WIDTH) {
      struct Block b = block_at(p, t, row, column);
      multiply_logits(p, b, room->block);
      contrast_sum(p, b, room->block, room->lanes);
    }
    contrast_end_rows(p, t.row + row, block_at(p, t, row, 0).rows, room->lanes);
  }
}

// Keeps a block of G, and of Gᵀ, for products.
static void keep(const struct CKernels_Contrast *p, const struct Room *room, size_t row, size_t column, size_t rows,
                 int is_last) {
  size_t at = row * room->stride + column;
  if (is_float(p->unit) || is_integer(p->unit)) {
    size_t stride = is_float(p->unit) ? room->stride : room->exact_stride;
    float *to = (is_float(p->unit) ? (float *)room->gradients : room->exact) + row * stride + column;
    for (size_t r = 0; r < rows; r++) memcpy(to + r * stride, room->block + r * BLOCK_WIDTH, BLOCK_WIDTH * sizeof(float));
    return;
  }
  bf16 *turned = room->turned + column * room->turned_stride + row;
  product_narrow_block(room->block, rows, (bf16 *)room->gradients + at, room->stride);
  product_turn_block(room->block, rows, turned, room->turned_stride);
  // Zeros up to the end of the inner length, which a block of fewer than 32 rows may not reach.
  if (is_last) product_turn_block(room->block, 0, turned + 32, room->turned_stride);
}

static void differentiate_tile(const struct CKernels_Contrast *p, struct Block t, const struct Room *room) {
  size_t step = CKernels_contrast_block_rows(p->unit);
  for (size_t row = 0; row < t.rows; row += step) {
    for (size_t column = 0; column < t.columns; column += BLOCK_WIDTH) {
      struct Block b = block_at(p, t, row, column);
      multiply_logits(p, b, room->block);
      contrast_differentiate(p, b, room->block);
      keep(p, room, row, column, b.rows, row + step >= t.rows);
    }
  }
  if (!is_integer(p->unit)) return;
  struct Numbers exact = {room->exact, room->exact_stride, 1};
  for (size_t row = 0; row < t.rows; row++) {
    product_integers_pack_row(exact, row, t.columns, (int16_t *)room->gradients + row * room->stride);
  }
  if (is_float(p->turned_unit)) return;
  for (size_t row = 0, group = 0; row < t.rows; row += p->group_rows, group++) {
    struct Numbers part = {room->exact + row * room->exact_stride, room->exact_stride, 1};
    product_integers_pack_columns(part, 0, p->group_rows, t.columns, NULL,
                                  (int16_t *)room->turned + group * room->group_stride, room->turned_stride);
  }
}

// d_images += G · texts and d_texts += Gᵀ · images for a tile.
static void add_products(const struct CKernels_Contrast *p, struct Block t, const struct Room *room) {
  size_t width = p->dimension;
  size_t text_tile = CKernels_contrast_tile_bytes(p->unit, p->tile_columns, width);
  size_t image_group = CKernels_contrast_tile_bytes(p->turned_unit, p->group_rows, width);
  struct Groups texts = {
      .left = {room->gradients, room->stride, 1},
      .panels = (const char *)p->text_tiles + t.column / p->tile_columns * text_tile,
      .k = inner(p->unit, t.columns),
      .count = 1,
  };
  multiply_and_add(p->unit, texts, t.rows, width, p->d_images + t.row * width, room->block);

  // All of a tile is one group, unless they are integers.
  int is_whole = p->group_rows == p->tile_rows;
  struct Groups images = {
      .left = {room->turned, room->turned_stride, 1},
      .panels = (const char *)p->image_tiles + t.row / p->group_rows * image_group,
      .k = inner(p->turned_unit, is_whole ? t.rows : p->group_rows),
      .count = is_whole ? 1 : t.rows / p->group_rows,
      .left_step = room->group_stride,
      .panels_step = image_group / size_of_number(p->turned_unit),
  };
  if (is_float(p->unit)) images.left = (struct Left){room->gradients, 1, room->stride};
  if (is_integer(p->unit) && is_float(p->turned_unit)) images.left = (struct Left){room->exact, 1, room->exact_stride};
  multiply_and_add(p->turned_unit, images, t.columns, width, p->d_texts + t.column * width, room->block);
}

void CKernels_contrast_sums(const struct CKernels_Contrast *p, size_t first_row, size_t end_row, size_t first_column,
                            size_t end_column, void *scratch) {
  struct Room room;
  lay_out(p, scratch, &room);
  product_begin(p->unit);
  for (size_t column = first_column; column < end_column; column++) {
    for (size_t row = first_row; row < end_row; row++) sum_tile(p, tile(p, row, column), &room);
  }
  product_end(p->unit);
}

void CKernels_contrast_gradients(const struct CKernels_Contrast *p, size_t first_row, size_t end_row,
                                 size_t first_column, size_t end_column, void *scratch) {
  struct Room room;
  lay_out(p, scratch, &room);
  product_begin(p->unit);
  for (size_t column = first_column; column < end_column; column++) {
    for (size_t row = first_row; row < end_row; row++) {
      struct Block t = tile(p, row, column);
      differentiate_tile(p, t, &room);
      add_products(p, t, &room);
    }
  }
  product_end(p->unit);
}

CLONES float CKernels_largest_square(const float *x, size_t columns, size_t begin, size_t end) {
  float largest = 0;
  for (size_t r = begin; r < end; r++) {
    RELAXED
    const float *row = x + r * columns;
    float sum = 0;
    for (size_t c = 0; c < columns; c++) sum += row[c] * row[c];
    if (!(sum <= largest)) largest = sum;
  }
  return largest;
}
