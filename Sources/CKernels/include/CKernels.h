// The loops that touch every number of a batch, as plain C.
//
// Why C: one binary must run at full speed on every node of a cluster. `target_clones` compiles each loop for
// AVX-512, AVX2 and the baseline and picks one when the program starts; Swift has nothing like it, and never
// contracts a multiplication and an addition into one instruction.
//
// Conventions: matrices are row-major; a `stride` is the distance of two rows in elements; ranges of rows or
// columns are [begin, end), so that threads can share a matrix; `bf16` values are the upper half of a float.
// Functions with a storage suffix (`_f32`, `_bf16`) read and write activations of that type and compute in float.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef uint16_t bf16;

enum CKernels_Activation { CKernels_GELU = 0, CKernels_QuickGELU = 1 };

// MARK: Products

/// What multiplies matrices on this processor.
enum CKernels_ProductUnit {
  /// Nothing of its own: the kernels below must not be called.
  CKernels_NoProductUnit = 0,
  /// AVX-512's fused multiply-adds of single-precision numbers; bfloat16 is widened on the way.
  CKernels_Floats = 1,
  /// AVX-512's dot products of pairs of bfloat16.
  CKernels_DotProducts = 2,
  /// Tiles of AMX, of bfloat16.
  CKernels_AMX = 3,
  /// AVX-512's dot products of pairs of 16-bit integers, which rows and columns are scaled and rounded to on the way.
  CKernels_Integers = 4
};

/// What multiplies bfloat16 fastest, of what this processor has and the system lends.
enum CKernels_ProductUnit CKernels_product_unit(void);
/// Whether CKernels_Floats may multiply single-precision matrices here.
int CKernels_multiplies_floats(void);
/// Whether the processor has CKernels_Integers.
int CKernels_multiplies_integers(void);

/// C (m, n) = A (m, k) · B (k, n) + bias + addend.
struct CKernels_Product {
  size_t m, n, k;
  /// (m, k); transposed: stored as (k, m). bf16, or float for CKernels_Floats.
  const void *a;
  size_t a_stride;
  int a_transposed, a_is_float;
  /// (k, n); transposed: stored as (n, k). bf16, or float, which is rounded to what the unit multiplies where A is bf16.
  const void *b;
  size_t b_stride;
  int b_transposed, b_is_float;
  /// bf16 or float.
  void *c;
  size_t c_stride;
  int c_is_float;
  /// n numbers for every row, or null.
  const float *bias;
  /// (m, n), or null; C itself to add to what it holds.
  const float *addend;
  size_t addend_stride;
  /// Of f = `activation`: what f makes of C, or of `slope_at` where that is given, is stored here as well, or null. Types
  /// and strides as C's.
  void *activated;
  /// C is multiplied by the slope of f at these numbers, or null. Types and strides as C's.
  const void *slope_at;
  enum CKernels_Activation activation;
  /// m numbers that the sums of A's rows are added to by packing a transposed A, or null.
  float *row_sums;
};

/// Bytes a thread needs for itself, 64-byte aligned.
size_t CKernels_product_scratch(enum CKernels_ProductUnit unit, size_t k);
/// Whether A must be packed first; else it is read in place.
int CKernels_product_packs(const struct CKernels_Product *product, enum CKernels_ProductUnit unit);
/// Bytes of a row of packed A.
size_t CKernels_product_packed_row(enum CKernels_ProductUnit unit, size_t k);
/// Rows [begin, end) of A with k side by side in `to`, which has room for m + 64 such rows. `begin` is a multiple of 32;
/// rows up to the next multiple of 32 after `end` are of no use, or zeroed.
void CKernels_product_pack_a(const struct CKernels_Product *product, enum CKernels_ProductUnit unit, void *to,
                             size_t begin, size_t end);
/// Computes a block of C; `packed_a` is null where A is read in place. Ranges of columns best begin at multiples of 64.
void CKernels_product(const struct CKernels_Product *product, enum CKernels_ProductUnit unit, const void *packed_a,
                      size_t first_row, size_t end_row, size_t first_column, size_t end_column, void *scratch);

/// Tells the processor that this thread waits in a loop.
static inline void CKernels_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// MARK: Conversion

void CKernels_narrow(const float *x, bf16 *y, size_t count);
void CKernels_widen(const bf16 *x, float *y, size_t count);

// MARK: Rows and columns of floats

/// y[r] = bias (or 0) + addend[r] (or 0), for rows of `columns` floats.
void CKernels_fill_rows(float *y, size_t y_stride, const float *bias, const float *addend, size_t addend_stride,
                        size_t begin, size_t end, size_t columns);
/// y += x.
void CKernels_add(const float *x, float *y, size_t count);
/// y[i] = terms[0][i] + terms[1][i] + …, added in this order, for i in [begin, end); `y` may be one of the terms.
void CKernels_sum_f32(const float *const *terms, size_t count, float *y, size_t begin, size_t end);
/// The same in single precision, with the sum rounded to what bf16 can hold.
void CKernels_sum_bf16(const bf16 *const *terms, size_t count, float *y, size_t begin, size_t end);
/// y[i] = x[index[i]].
void CKernels_gather_rows(const float *x, const int32_t *index, float *y, size_t begin, size_t end, size_t columns);
/// y[index[i]] += x[i], restricted to columns [begin, end).
void CKernels_scatter_add_rows(const float *x, const int32_t *index, size_t rows, float *y, size_t columns,
                               size_t begin, size_t end);
/// Sum of squares, in double precision.
double CKernels_sum_of_squares(const float *x, size_t count);
/// x *= factor.
void CKernels_scale(float *x, float factor, size_t count);

// MARK: Normalised rows

/// y = x / ‖x‖ by rows; keeps 1 / ‖x‖.
void CKernels_normalize_rows(const float *x, float *y, float *inverse_norm, size_t begin, size_t end, size_t columns);
/// dx = (dy − (dy · y) y) / ‖x‖ by rows.
void CKernels_normalize_rows_backward(const float *dy, const float *y, const float *inverse_norm, float *dx,
                                      size_t begin, size_t end, size_t columns);

// MARK: Contrastive loss

/// What is known of every row, or of every column, of the logits. Each array has room for 64 more.
struct CKernels_LogitStatistics {
  /// Σ exp(logit − reference).
  double *sums;
  /// The largest logit so far, from −∞; untouched where logits are small.
  float *references;
  /// The largest logit of another pair so far, from −∞.
  float *rivals;
  /// For the second pass: the log-sum-exp; 1 / Σ exp(logit) where logits are small.
  const float *weights;
};

/// The logits (rows, columns) = multiplier · images · textsᵀ of a rank's pictures and everybody's captions, and the
/// gradients, all walked in tiles. Operands are bf16 or integers, or float where `unit` is CKernels_NoProductUnit.
struct CKernels_Contrast {
  size_t rows, columns, dimension;
  /// A tile has so many rows, a multiple of CKernels_contrast_block_rows, and columns, a multiple of 64.
  size_t tile_rows, tile_columns;
  /// What multiplies, and what multiplies Gᵀ · images: the same, or, beside integers, single precision.
  enum CKernels_ProductUnit unit, turned_unit;
  /// A picture's numbers in Gᵀ · images are scaled with those of so many pictures together, if they are integers: a
  /// divisor of tile_rows and of rows, at most 64. Else tile_rows.
  size_t group_rows;
  float multiplier;
  /// Row i's own caption is column first_own + i.
  size_t first_own;
  /// Whether no |logit| exceeds 64, so that exp(logit) and sums of it are far from the ends of single precision.
  int is_small;
  /// As they are if float, else CKernels_contrast_pack_rows of them, with room for 32 more.
  const void *images;
  size_t images_stride;
  /// Texts as 32 columns a panel, for logits.
  const void *text_panels;
  /// Each tile's texts, and each group's images for turned_unit, as they lie, as panels of 32 columns, for gradients:
  /// CKernels_contrast_tile_bytes apart.
  const void *text_tiles, *image_tiles;
  struct CKernels_LogitStatistics image, text;
  /// Each row's own logit.
  float *own;
  /// Second pass: Σ softmaxes · logit of some rows at a time is added to the first of them.
  double *products;
  /// Second pass: (rows, dimension) and (columns, dimension), to which G · texts and Gᵀ · images are added, G being 2B
  /// times the gradient of the logits.
  float *d_images, *d_texts;
};

/// Rows that go through together.
size_t CKernels_contrast_block_rows(enum CKernels_ProductUnit unit);
/// Bytes of `count` rows as panels for gradients.
size_t CKernels_contrast_tile_bytes(enum CKernels_ProductUnit unit, size_t count, size_t dimension);
/// Bytes of `count` rows as panels for logits.
size_t CKernels_contrast_panels_bytes(enum CKernels_ProductUnit unit, size_t count, size_t dimension);
/// Numbers of a packed row.
size_t CKernels_contrast_row_length(enum CKernels_ProductUnit unit, size_t dimension);
/// Rows [begin, end) of x (count, dimension) as left operands of logits, of bf16 or integers, into the same of all rows.
void CKernels_contrast_pack_rows(enum CKernels_ProductUnit unit, const float *x, size_t dimension, void *to,
                                 size_t begin, size_t end);
/// Bytes of 64-byte aligned memory a thread needs for itself.
size_t CKernels_contrast_scratch(const struct CKernels_Contrast *contrast);
/// Panels [begin, end) for logits out of x (count, dimension), into the beginning of all panels.
void CKernels_contrast_pack_panels(enum CKernels_ProductUnit unit, const float *x, size_t count, size_t dimension,
                                   void *to, size_t begin, size_t end);
/// The panels for gradients out of x (count, dimension).
void CKernels_contrast_pack_tile(enum CKernels_ProductUnit unit, const float *x, size_t count, size_t dimension,
                                 void *to);
/// The first pass over tiles [first_row, end_row) × [first_column, end_column), in tiles: sums, references, rivals and own
/// logits. Threads must have neither rows nor columns in common.
void CKernels_contrast_sums(const struct CKernels_Contrast *contrast, size_t first_row, size_t end_row,
                            size_t first_column, size_t end_column, void *scratch);
/// The second pass.
void CKernels_contrast_gradients(const struct CKernels_Contrast *contrast, size_t first_row, size_t end_row,
                                 size_t first_column, size_t end_column, void *scratch);
/// The largest sum of squares of a row among [begin, end); not a number if one is.
float CKernels_largest_square(const float *x, size_t columns, size_t begin, size_t end);

// MARK: Places

/// Pictures, captions, and what each has to beat to come before another's own: rows are pictures, columns captions. Ties
/// are decided by the numbers of rows and columns, the lower first. Arrays of columns have room for whole blocks of 64.
struct CKernels_Places {
  size_t rows, columns, dimension;
  /// (rows, dimension)
  const float *images;
  /// Captions as CKernels_contrast_pack_panels leaves them for single precision.
  const float *panels;
  /// Of each row the similarity of its own caption, and the column of that.
  const float *row_scores;
  const int32_t *row_owns;
  /// Of each column the similarity of its own picture, and the row of that, which may be negative or beyond the last.
  const float *column_scores;
  const int32_t *column_owns;
};

/// Rows that go through together at best.
size_t CKernels_places_rows(size_t dimension);
/// Bytes of 64-byte aligned memory a thread needs for itself.
size_t CKernels_places_scratch(size_t dimension);
/// How many columns come before the own one of each row of [first_row, end_row), at most CKernels_places_rows; and, added
/// to column_counts, how many of these rows come before the own one of each column.
void CKernels_places(const struct CKernels_Places *places, size_t first_row, size_t end_row, int32_t *row_counts,
                     int32_t *column_counts, void *scratch);
/// The similarities of columns [begin, end) with their own rows, where those are here; no others are written. Reads no
/// scores.
void CKernels_own_scores(const struct CKernels_Places *places, size_t begin, size_t end, float *scores, void *scratch);

// MARK: Search

/// Rows that go by, and the queries that look for similar ones among them.
struct CKernels_Search {
  size_t queries, dimension;
  /// (any number of rows, dimension), read in place.
  const float *rows;
  /// Queries as CKernels_contrast_pack_panels leaves them for single precision.
  const float *panels;
};
/// A row that is more similar to a query than what it had to beat.
struct CKernels_Hit {
  int32_t row, query;
  float score;
};

/// Rows that go through together at best.
size_t CKernels_search_rows(size_t dimension);
/// Queries that go through together at most.
size_t CKernels_search_queries(void);
/// Bytes of 64-byte aligned memory a thread needs for itself.
size_t CKernels_search_scratch(void);
/// The rows of [first_row, end_row) whose similarity to one of the queries from `first_query`, a multiple of
/// CKernels_search_queries, is larger than what that query has in `to_beat`: in order, as many as are returned. `hits` has
/// room for all of these rows with all of these queries; `to_beat` begins at query 0.
size_t CKernels_search(const struct CKernels_Search *search, size_t first_row, size_t end_row, size_t first_query,
                       const float *to_beat, struct CKernels_Hit *hits, void *scratch);

// MARK: Optimizer

struct CKernels_AdamW {
  float learning_rate, beta1, beta2, epsilon, weight_decay;
  /// 1 / (1 − beta1^t) and 1 / √(1 − beta2^t).
  float correction1, correction2;
  /// Multiplies the gradient first: the factor of gradient clipping.
  float gradient_scale;
};
void CKernels_adamw(struct CKernels_AdamW settings, float *values, const float *gradients, float *first,
                    float *second, size_t count);

// MARK: Pictures

/// Whether this processor has CKernels_patches_bf16_wide, which makes the same numbers as CKernels_patches_bf16 sooner.
int CKernels_picks_bytes(void);
void CKernels_patches_bf16_wide(const uint8_t *pixels, size_t height, size_t width, size_t patch, const int32_t *seen,
                                size_t per_picture, const float *factor, const float *offset, bf16 *y, size_t begin,
                                size_t end);

/// Rows [begin, end) of a patch matrix out of 8-bit RGB pictures of height × width: row = picture, patch row, patch
/// column; columns = channel, y, x, as in a convolution's weight. Values are byte × factor[channel] + offset[channel].
/// `per_picture` rows belong to a picture: its patches that `seen` numbers, or all of them where it is null.
#define CKERNELS_DECLARE(T, S)                                                                                       \
  void CKernels_patches_##S(const uint8_t *pixels, size_t height, size_t width, size_t patch,                       \
                            const int32_t *seen, size_t per_picture, const float *factor, const float *offset, T *y, \
                            size_t begin, size_t end);                                                              \
  /* y = (x − mean) · rstd · weight + bias by rows; keeps (mean, rstd) in `statistics` unless it is null. */         \
  void CKernels_layer_norm_##S(const float *x, const float *weight, const float *bias, T *y, float *statistics,     \
                               size_t begin, size_t end, size_t columns, float epsilon);                            \
  /* dx += the gradient with respect to x, by rows; `copy`, unless null, receives it rounded. */                     \
  /* d_weight += Σ dy · x̂ and d_bias += Σ dy over these rows. */                                                     \
  void CKernels_layer_norm_backward_##S(const T *dy, const float *x, const float *statistics, const float *weight,  \
                                        float *dx, bf16 *copy, float *d_weight, float *d_bias, size_t begin,        \
                                        size_t end, size_t columns);                                                \
  /* sums += Σ over rows of x, for columns [begin, end). */                                                         \
  void CKernels_column_sums_##S(const T *x, size_t stride, size_t rows, size_t begin, size_t end, float *sums);     \
  void CKernels_activation_##S(const T *x, T *y, size_t count, enum CKernels_Activation kind);                      \
  /* dx = dy · activation'(x); `dx` may be `dy`. */                                                                 \
  void CKernels_activation_backward_##S(const T *dy, const T *x, T *dx, size_t count,                               \
                                        enum CKernels_Activation kind);

CKERNELS_DECLARE(float, f32)
CKERNELS_DECLARE(bf16, bf16)
#undef CKERNELS_DECLARE

// MARK: Convolutions

/// Rows [begin, end) of a matrix of neighbourhoods: row = output pixel, columns = the 3 × 3 pixels around input pixel
/// (stride · i, stride · j), from the top left, zeros beyond the picture. `pixel` is the bytes of one pixel.
void CKernels_neighborhoods(const char *x, size_t height, size_t width, size_t pixel, size_t stride, char *y, size_t begin,
                            size_t end);
/// A weight (outputs, inputs, 3, 3) as (outputs, 3, 3, inputs), for outputs [begin, end).
void CKernels_taps_first(const float *w, size_t inputs, float *y, size_t begin, size_t end);
/// The weight of the backward twin of a convolution of stride 1, (inputs, 3, 3, outputs) with the taps turned around, for
/// inputs [begin, end).
void CKernels_taps_turned(const float *w, size_t outputs, size_t inputs, float *y, size_t begin, size_t end);
/// w = g or w += g, with g (outputs, 3, 3, inputs) and w (outputs, inputs, 3, 3), for outputs [begin, end).
void CKernels_add_taps_last(const float *g, size_t inputs, float *w, int accumulates, size_t begin, size_t end);

#define CKERNELS_DECLARE(T, S)                                                                                       \
  /* y = byte × factor[channel] + offset[channel], for pixels [begin, end) of 8-bit RGB. */                          \
  void CKernels_pixels_##S(const uint8_t *pixels, const float *factor, const float *offset, T *y, size_t begin,      \
                           size_t end);                                                                              \
  /* The mean of each size × size pixels, for output pixels [begin, end). */                                         \
  void CKernels_average_pool_##S(const T *x, size_t height, size_t width, size_t channels, size_t size, T *y,        \
                                 size_t begin, size_t end);                                                          \
  /* Its backward twin, for input pixels [begin, end). */                                                            \
  void CKernels_average_pool_backward_##S(const T *dy, size_t height, size_t width, size_t channels, size_t size,    \
                                          T *dx, size_t begin, size_t end);                                          \
  /* sums = Σ over rows [begin, end) of x, or of (x − mean)² unless `mean` is null. */                               \
  void CKernels_channel_sums_##S(const T *x, const float *mean, size_t channels, size_t begin, size_t end,           \
                                 float *sums);                                                                       \
  /* y = x · gain + shift (+ shortcut), and then max(0, y) if it rectifies. */                                       \
  void CKernels_batch_norm_##S(const T *x, const float *gain, const float *shift, const T *shortcut, int rectifies,  \
                               T *y, size_t channels, size_t begin, size_t end);                                     \
  /* dx = dy where y > 0, else 0; `dx` may be `dy`. */                                                               \
  void CKernels_rectifier_backward_##S(const T *dy, const T *y, T *dx, size_t count);                                \
  /* sums (2, channels) = Σ over rows of dy, and of dy · x̂. */                                                       \
  void CKernels_batch_norm_sums_##S(const T *dy, const T *x, const float *mean, const float *rstd, size_t channels,  \
                                    size_t begin, size_t end, float *sums);                                          \
  /* dx = gain · rstd · (dy − share · sums[0] − share · sums[1] · x̂); `dx` may be `dy`. */                           \
  void CKernels_batch_norm_backward_##S(const T *dy, const T *x, const float *mean, const float *rstd,               \
                                        const float *gain, const float *sums, float share, T *dx, size_t channels,   \
                                        size_t begin, size_t end);                                                   \
  /* y += x. */                                                                                                      \
  void CKernels_add_same_##S(const T *x, T *y, size_t count);                                                        \
  /* For pictures [begin, end): tokens (pixels + 1, channels) = the mean of the pixels, then they, all with their    \
     positions; means (channels) = the first of them. */                                                             \
  void CKernels_pool_tokens_##S(const T *x, size_t pixels, const float *positions, T *tokens, T *means,              \
                                size_t channels, size_t begin, size_t end);                                          \
  /* Its backward twin for x. */                                                                                     \
  void CKernels_pool_tokens_backward_##S(const float *d_tokens, size_t pixels, T *dx, size_t channels, size_t begin, \
                                         size_t end);

CKERNELS_DECLARE(float, f32)
CKERNELS_DECLARE(bf16, bf16)
#undef CKERNELS_DECLARE

// MARK: Attention

/// One call of attention: `heads` heads of `width` columns each over segments of rows.
///
/// Segment s has queries in rows [query_offsets[s], query_offsets[s + 1]) and keys and values in rows
/// [key_offsets[s], key_offsets[s + 1]). With `causal`, query i of a segment sees its keys 0 … i.
struct CKernels_Attention {
  size_t heads, width;
  const int32_t *query_offsets, *key_offsets;
  int causal;
  float scale;
};

/// Floats of scratch memory one thread needs for segments of at most this many keys.
size_t CKernels_attention_scratch(size_t keys, size_t width, int backward);

#define CKERNELS_DECLARE(T, S)                                                                                       \
  /* For (segment, head) pairs [begin, end): out = softmax(scale · q kᵀ) v; keeps the log-sum-exp of every row and   \
     head in `lse` (rows, heads) unless it is null. */                                                              \
  void CKernels_attention_##S(struct CKernels_Attention shape, const T *q, size_t q_stride, const T *k, const T *v, \
                              size_t kv_stride, T *out, size_t out_stride, float *lse, float *scratch,              \
                              size_t begin, size_t end);                                                            \
  void CKernels_attention_backward_##S(struct CKernels_Attention shape, const T *d_out, const T *out,               \
                                       size_t out_stride, const T *q, size_t q_stride, const T *k, const T *v,      \
                                       size_t kv_stride, const float *lse, T *dq, size_t dq_stride, T *dk, T *dv,   \
                                       size_t dkv_stride, float *scratch, size_t begin, size_t end);

CKERNELS_DECLARE(float, f32)
CKERNELS_DECLARE(bf16, bf16)
#undef CKERNELS_DECLARE

/// The same on a unit that multiplies bfloat16; `scratch` is 64-byte aligned and has as many bytes as this.
size_t CKernels_attention_blocks_scratch(size_t keys, size_t width, int backward);
void CKernels_attention_blocks(struct CKernels_Attention shape, enum CKernels_ProductUnit unit, const bf16 *q,
                               size_t q_stride, const bf16 *k, const bf16 *v, size_t kv_stride, bf16 *out,
                               size_t out_stride, float *lse, void *scratch, size_t begin, size_t end);
void CKernels_attention_blocks_backward(struct CKernels_Attention shape, enum CKernels_ProductUnit unit,
                                        const bf16 *d_out, const bf16 *out, size_t out_stride, const bf16 *q,
                                        size_t q_stride, const bf16 *k, const bf16 *v, size_t kv_stride,
                                        const float *lse, bf16 *dq, size_t dq_stride, bf16 *dk, bf16 *dv,
                                        size_t dkv_stride, void *scratch, size_t begin, size_t end);
