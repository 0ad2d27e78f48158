#define _GNU_SOURCE
#include "CAllocations.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

// glibc's own names for what the functions below stand in for.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_bool counting;
static atomic_size_t requests, largest, bytes;

static void note(size_t size) {
  if (!atomic_load_explicit(&counting, memory_order_relaxed)) return;
  atomic_fetch_add(&requests, 1);
  atomic_fetch_add(&bytes, size);
  size_t most = atomic_load(&largest);
  while (size > most && !atomic_compare_exchange_weak(&largest, &most, size)) {
  }
}

void *malloc(size_t size) {
  note(size);
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  note(count * size);
  return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
  note(size);
  return __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  note(size);
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
  note(size);
  *result = __libc_memalign(alignment, size);
  return *result ? 0 : ENOMEM;
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
  note(length);
  return (void *)syscall(SYS_mmap, address, length, protection, flags, file, offset);
}

void CAllocations_begin(void) {
  atomic_store(&requests, 0);
  atomic_store(&largest, 0);
  atomic_store(&bytes, 0);
  atomic_store(&counting, 1);
}

void CAllocations_end(void) { atomic_store(&counting, 0); }
size_t CAllocations_count(void) { return atomic_load(&requests); }
size_t CAllocations_largest(void) { return atomic_load(&largest); }
size_t CAllocations_bytes(void) { return atomic_load(&bytes); }
