#include <cblas.h>

// Exported by OpenBLAS, and in none of its headers: a buffer for the operands that one product repacks.
void *blas_memory_alloc(int position);
void blas_memory_free(void *buffer);

/// Has OpenBLAS reserve the buffers that so many products at a time repack their operands in. Left to itself it reserves
/// one whenever more products than ever before happen to run side by side: in any step, sooner or later.
///
/// Why C: the functions are declared in no header that a module map could name.
static inline void COpenBLAS_reserve_buffers(int count) {
  void *buffers[256];
  if (count > 256) count = 256;
  for (int i = 0; i < count; i++) buffers[i] = blas_memory_alloc(0);
  for (int i = 0; i < count; i++) blas_memory_free(buffers[i]);
}
