// The logits of the contrastive loss and its gradients, tile by tile.
//
// A tile of logits exists only as blocks in the first-level cache: the first pass adds them to the statistics of their
// rows and columns and forgets them, the second leaves their gradients G in the second-level cache for two more products.
// Operands come packed: every text meets every picture, so that packing is paid once. Products are bfloat16's where the
// caller wants them and the processor has them, else the single-precision ones below.
#include "common.h"
#include "contrast.h"
#include "product.h"

// A matrix as the left operand of a product: rows `row_step` numbers apart, k `k_step`.
struct Left {
  const void *numbers;
  size_t row_step, k_step;
};

// MARK: Products in single precision

enum { STRIP = 6, FLOAT_ROWS = 24 };
_Static_assert(FLOAT_ROWS % STRIP == 0 && BLOCK_ROWS >= MOST_ROWS && BLOCK_WIDTH == 2 * PANEL, "blocks and panels");

typedef float vector __attribute__((vector_size(64), aligned(4)));

// Six rows times columns [first, first + 16 · WIDTH) of two panels (k, 32).
#define FLOAT_STRIP(WIDTH)                                                                                          \
  INLINE void float_strip_##WIDTH(const float *const row[STRIP], size_t k_step, const float *b, size_t next,        \
                                  size_t first, size_t k, float *c) {                                               \
    vector sum[STRIP][WIDTH];                                                                                       \
    _Pragma("unroll") for (size_t r = 0; r < STRIP; r++) {                                                          \
      _Pragma("unroll") for (size_t j = 0; j < WIDTH; j++) sum[r][j] = (vector){0};                                 \
    }                                                                                                               \
    for (size_t p = 0; p < k; p++) {                                                                                \
      vector column[WIDTH];                                                                                         \
      _Pragma("unroll") for (size_t j = 0; j < WIDTH; j++) {                                                        \
        size_t at = first + 16 * j;                                                                                 \
        column[j] = *(const vector *)(b + at / PANEL * next + p * PANEL + at % PANEL);                              \
      }                                                                                                             \
      _Pragma("unroll") for (size_t r = 0; r < STRIP; r++) {                                                        \
        _Pragma("unroll") for (size_t j = 0; j < WIDTH; j++) sum[r][j] += row[r][p * k_step] * column[j];           \
      }                                                                                                             \
    }                                                                                                               \
    _Pragma("unroll") for (size_t r = 0; r < STRIP; r++) {                                                          \
      _Pragma("unroll") for (size_t j = 0; j < WIDTH; j++) {                                                        \
        *(vector *)(c + r * BLOCK_WIDTH + first + 16 * j) = sum[r][j];                                              \
      }                                                                                                             \
    }                                                                                                               \
  }
FLOAT_STRIP(1)
#if defined(__x86_64__)
FLOAT_STRIP(2)
FLOAT_STRIP(4)

// As many sums as AVX-512 has room for.
__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma"))) static void wide_strip(
    const float *const row[STRIP], size_t k_step, const float *b, size_t next, size_t panels, size_t k, float *c) {
  if (panels == 2) {
    float_strip_4(row, k_step, b, next, 0, k, c);
  } else {
    float_strip_2(row, k_step, b, next, 0, k, c);
  }
}
#endif

CLONES void contrast_float_strip(const float *const row[STRIP], size_t k_step, const float *b, size_t next,
                                 size_t panels, size_t k, float *c) {
  for (size_t first = 0; first < panels * PANEL; first += 16) float_strip_1(row, k_step, b, next, first, k, c);
}

static void float_block(struct Left a, size_t rows, const float *b, size_t next, size_t panels, size_t k, float *c) {
#if defined(__x86_64__)
  int is_wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
#endif
  for (size_t first = 0; first < rows; first += STRIP) {
    const float *row[STRIP];
    for (size_t r = 0; r < STRIP; r++) {
      size_t at = first + r < rows ? first + r : rows - 1;
      row[r] = (const float *)a.numbers + at * a.row_step;
    }
    float *to = c + first * BLOCK_WIDTH;
#if defined(__x86_64__)
    if (is_wide) {
      wide_strip(row, a.k_step, b, next, panels, k, to);
      continue;
    }
#endif
    contrast_float_strip(row, a.k_step, b, next, panels, k, to);
  }
}

// MARK: Either precision

static int is_float(enum CKernels_ProductUnit unit) { return unit == CKernels_NoProductUnit; }
static size_t size_of_number(enum CKernels_ProductUnit unit) { return is_float(unit) ? sizeof(float) : sizeof(bf16); }
// The length of an inner dimension of k in panels.
static size_t inner(enum CKernels_ProductUnit unit, size_t k) { return is_float(unit) ? k : rounded(k, STEP); }

static void multiply_block(enum CKernels_ProductUnit unit, struct Left a, size_t m, size_t rows, const void *panels,
                           size_t n, size_t columns, size_t k, float *block) {
  size_t count = columns > PANEL ? 2 : 1, next = k * PANEL;
  if (is_float(unit)) {
    a.numbers = (const float *)a.numbers + m * a.row_step;
    float_block(a, rows, (const float *)panels + n * k, next, count, k, block);
  } else {
    const bf16 *from = (const bf16 *)a.numbers + m * a.row_step;
    product_block(unit, from, a.row_step, (const bf16 *)panels + n * k, next, count, k, block);
  }
}

// c += a · panels, a (rows, k).
static void multiply_and_add(enum CKernels_ProductUnit unit, struct Left a, size_t rows, const void *panels,
                             size_t columns, size_t k, float *c, float *block) {
  size_t step = CKernels_contrast_block_rows(unit);
  for (size_t m = 0; m < rows; m += step) {
    size_t height = rows - m < step ? rows - m : step;
    for (size_t n = 0; n < columns; n += BLOCK_WIDTH) {
      size_t width = columns - n < BLOCK_WIDTH ? columns - n : BLOCK_WIDTH;
      multiply_block(unit, a, m, height, panels, n, width, k, block);
      contrast_accumulate(block, height, width, c + m * columns + n, columns);
    }
  }
}

size_t CKernels_contrast_block_rows(enum CKernels_ProductUnit unit) {
  return is_float(unit) ? FLOAT_ROWS : (unit == CKernels_AMX ? AMX_ROWS : DOT_ROWS);
}

// MARK: Packing

size_t CKernels_contrast_tile_bytes(enum CKernels_ProductUnit unit, size_t count, size_t dimension) {
  return inner(unit, count) * rounded(dimension, PANEL) * size_of_number(unit);
}

size_t CKernels_contrast_panels_bytes(enum CKernels_ProductUnit unit, size_t count, size_t dimension) {
  return rounded(count, PANEL) * inner(unit, dimension) * size_of_number(unit);
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
    } else {
      product_pack_panel(&product, n, target);
    }
  }
}

void CKernels_contrast_pack_tile(enum CKernels_ProductUnit unit, const float *x, size_t count, size_t dimension,
                                 void *to) {
  struct CKernels_Product product = {.n = dimension, .k = count, .b = x, .b_stride = dimension, .b_is_float = 1};
  for (size_t n = 0; n < dimension; n += PANEL) {
    if (!is_float(unit)) {
      product_pack_panel(&product, n, (bf16 *)to + n * inner(unit, count));
      continue;
    }
    size_t columns = dimension - n < PANEL ? dimension - n : PANEL;
    for (size_t k = 0; k < count; k++) {
      float *row = (float *)to + n * count + k * PANEL;
      memcpy(row, x + k * dimension + n, columns * sizeof(float));
      memset(row + columns, 0, (PANEL - columns) * sizeof(float));
    }
  }
}

// MARK: The two passes

// A thread's memory.
struct Room {
  float *block;
  // G of a tile, and Gᵀ where it cannot be read in place.
  void *gradients;
  bf16 *transposed;
};

static size_t gradient_bytes(const struct CKernels_Contrast *p) {
  return rounded((p->tile_rows + MOST_ROWS) * p->tile_columns * size_of_number(p->unit), 64);
}

size_t CKernels_contrast_scratch(const struct CKernels_Contrast *p) {
  size_t transposed = is_float(p->unit) ? 0 : (p->tile_columns + 64) * rounded(p->tile_rows, STEP) * sizeof(bf16);
  return BLOCK_ROWS * BLOCK_WIDTH * sizeof(float) + gradient_bytes(p) + transposed;
}

static struct Room room(const struct CKernels_Contrast *p, void *scratch) {
  struct Room room = {.block = scratch};
  room.gradients = room.block + BLOCK_ROWS * BLOCK_WIDTH;
  room.transposed = (bf16 *)((char *)room.gradients + gradient_bytes(p));
  return room;
}

// The rows and columns of a tile.
static struct Block tile(const struct CKernels_Contrast *p, size_t row, size_t column) {
  struct Block t = {.row = row * p->tile_rows, .column = column * p->tile_columns};
  t.rows = p->rows - t.row < p->tile_rows ? p->rows - t.row : p->tile_rows;
  t.columns = p->columns - t.column < p->tile_columns ? p->columns - t.column : p->tile_columns;
  return t;
}

// Calls `act` with the blocks of a tile; the block of products, without the multiplier, is in the room.
static void for_each_block(const struct CKernels_Contrast *p, struct Block t, struct Room *room,
                           void (*act)(const struct CKernels_Contrast *, struct Block t, struct Block, struct Room *)) {
  struct Left images = {p->images, p->images_stride, 1};
  size_t step = CKernels_contrast_block_rows(p->unit), k = inner(p->unit, p->dimension);
  for (size_t row = t.row; row < t.row + t.rows; row += step) {
    for (size_t column = t.column; column < t.column + t.columns; column += BLOCK_WIDTH) {
      size_t down = t.row + t.rows - row, right = t.column + t.columns - column;
      struct Block b = {row, down < step ? down : step, column, right < BLOCK_WIDTH ? right : BLOCK_WIDTH};
      multiply_block(p->unit, images, b.row, b.rows, p->text_panels, b.column, b.columns, k, room->block);
      act(p, t, b, room);
    }
  }
}

static void sum(const struct CKernels_Contrast *p, struct Block t, struct Block b, struct Room *room) {
  (void)t;
  contrast_sum(p, b, room->block);
}

static void differentiate(const struct CKernels_Contrast *p, struct Block t, struct Block b, struct Room *room) {
  contrast_differentiate(p, b, room->block);
  size_t at = (b.row - t.row) * p->tile_columns + b.column - t.column;
  if (is_float(p->unit)) {
    float *to = (float *)room->gradients + at;
    for (size_t r = 0; r < b.rows; r++) {
      memcpy(to + r * p->tile_columns, room->block + r * BLOCK_WIDTH, BLOCK_WIDTH * sizeof(float));
    }
  } else {
    product_narrow_block(room->block, b.rows, (bf16 *)room->gradients + at, p->tile_columns);
  }
}

void CKernels_contrast_sums(const struct CKernels_Contrast *p, size_t first_row, size_t end_row, size_t first_column,
                            size_t end_column, void *scratch) {
  struct Room own = room(p, scratch);
  product_begin(p->unit);
  for (size_t column = first_column; column < end_column; column++) {
    for (size_t row = first_row; row < end_row; row++) for_each_block(p, tile(p, row, column), &own, sum);
  }
  product_end(p->unit);
}

// d_images += G · texts and d_texts += Gᵀ · images for a tile.
static void add_products(const struct CKernels_Contrast *p, struct Block t, const struct Room *room) {
  size_t width = p->dimension, stride = p->tile_columns;
  const char *texts = p->text_tiles, *images = p->image_tiles;
  texts += t.column / p->tile_columns * CKernels_contrast_tile_bytes(p->unit, p->tile_columns, width);
  images += t.row / p->tile_rows * CKernels_contrast_tile_bytes(p->unit, p->tile_rows, width);
  struct Left left = {room->gradients, stride, 1}, transposed = {room->gradients, 1, stride};
  if (!is_float(p->unit)) {
    struct CKernels_Product turn = {.m = t.columns, .k = t.rows, .a = room->gradients, .a_stride = stride,
                                    .a_transposed = 1};
    CKernels_product_pack_a(&turn, room->transposed, 0, t.columns);
    transposed = (struct Left){room->transposed, rounded(t.rows, STEP), 1};
  }
  multiply_and_add(p->unit, left, t.rows, texts, width, inner(p->unit, t.columns), p->d_images + t.row * width,
                   room->block);
  multiply_and_add(p->unit, transposed, t.columns, images, width, inner(p->unit, t.rows), p->d_texts + t.column * width,
                   room->block);
}

void CKernels_contrast_gradients(const struct CKernels_Contrast *p, size_t first_row, size_t end_row,
                                 size_t first_column, size_t end_column, void *scratch) {
  struct Room own = room(p, scratch);
  product_begin(p->unit);
  for (size_t column = first_column; column < end_column; column++) {
    for (size_t row = first_row; row < end_row; row++) {
      struct Block t = tile(p, row, column);
      for_each_block(p, t, &own, differentiate);
      add_products(p, t, &own);
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
