// Patches, LayerNorm, column sums and the two activation functions, for float and bfloat16 activations.
#include "activation_functions.h"

#define T float
#define LOAD load_f32
#define STORE store_f32
#define NAME(f) f##_f32
#include "activations.inc"
#undef T
#undef LOAD
#undef STORE
#undef NAME

#define T bf16
#define LOAD load_bf16
#define STORE store_bf16
#define NAME(f) f##_bf16
#include "activations.inc"
