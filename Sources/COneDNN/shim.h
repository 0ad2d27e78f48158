#pragma once

// What oneDNN does here: products of bfloat16 matrices, and convolutions.
//
// Swift cannot call it directly: descriptors hold unnamed unions and arrays of fixed length (tuples of twelve, in
// Swift), and arguments are arrays of structures. Version 3 of the library has other descriptors altogether; all that
// version 2 (Debian's) looks like is in these files.
#include "convolution.h"
#include "products.h"

#undef COneDNN_TRY
