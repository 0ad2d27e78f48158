// Counts what this process asks the allocator and the system for, by standing in for both.
//
// Why C: the functions are found by their names when the program is linked, and Swift cannot define them.
#pragma once

#include <stddef.h>

/// Starts counting from zero.
void CAllocations_begin(void);
/// Stops counting.
void CAllocations_end(void);
/// Requests since the beginning.
size_t CAllocations_count(void);
/// The largest of them, in bytes.
size_t CAllocations_largest(void);
/// Bytes of all of them.
size_t CAllocations_bytes(void);
