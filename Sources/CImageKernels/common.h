#pragma once
#include "CImageKernels.h"

/// Fraction bits of a weight.
enum { precision = 22 };

/// Compiled for three instruction sets, of which the processor's is taken at run time.
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))

/// Inlined into each version of its caller, or it would be compiled for the plainest processor only.
#define INLINE static inline __attribute__((always_inline))
