// The rows that are more similar to queries than all but a few that went by before.
//
// Queries are packed and rows are read in place: of the many there are nothing is moved. Every similarity is a sum in the
// order of k, whatever block its row falls into and whatever other queries there are.
#include "common.h"
#include "contrast.h"
#include "product.h"

enum { LANES = 16 };

typedef int32_t words __attribute__((vector_size(64), aligned(4)));

// As many as stay in the second-level cache while groups of queries go by.
size_t CKernels_search_rows(size_t dimension) { return CKernels_places_rows(dimension); }

size_t CKernels_search_queries(void) { return BLOCK_WIDTH; }

size_t CKernels_search_scratch(void) { return BLOCK_ROWS * BLOCK_WIDTH * sizeof(float); }

// Appends what beats, row by row, to `count` hits.
CLONES static size_t pick(const float *block, size_t first_row, size_t rows, size_t first_query, size_t queries,
                          const float *to_beat, struct CKernels_Hit *hits, size_t count) {
  for (size_t r = 0; r < rows; r++) {
    const float *scores = block + r * BLOCK_WIDTH;
    size_t q = 0;
    // Hardly any row beats anything: sixteen queries are asked at once.
    for (; q + LANES <= queries; q += LANES) {
      words beats = *(const vector *)(scores + q) > *(const vector *)(to_beat + q);
      if (!__builtin_reduce_or(beats)) continue;
      for (size_t i = q; i < q + LANES; i++) {
        if (scores[i] > to_beat[i]) {
          hits[count++] = (struct CKernels_Hit){(int32_t)(first_row + r), (int32_t)(first_query + i), scores[i]};
        }
      }
    }
    for (; q < queries; q++) {
      if (scores[q] > to_beat[q]) {
        hits[count++] = (struct CKernels_Hit){(int32_t)(first_row + r), (int32_t)(first_query + q), scores[q]};
      }
    }
  }
  return count;
}

size_t CKernels_search(const struct CKernels_Search *s, size_t first_row, size_t end_row, size_t first_query,
                       const float *to_beat, struct CKernels_Hit *hits, void *scratch) {
  float *block = scratch;
  size_t left = s->queries - first_query, queries = left < BLOCK_WIDTH ? left : BLOCK_WIDTH;
  const float *panels = s->panels + first_query * s->dimension;
  size_t count = 0, next = PANEL * s->dimension;
  for (size_t row = first_row; row < end_row; row += FLOAT_ROWS) {
    size_t rows = end_row - row < FLOAT_ROWS ? end_row - row : FLOAT_ROWS;
    struct Left a = {s->rows + row * s->dimension, s->dimension, 1};
    product_floats_block(a, rows, 0, panels, next, queries > PANEL ? 2 : 1, s->dimension, block);
    count = pick(block, row, rows, first_query, queries, to_beat + first_query, hits, count);
  }
  return count;
}
