#pragma once
#include "CImageKernels.h"

/// Whether the taps of sixteen neighbouring outputs lie within 64 pixels: up to a scale of about 3.
int CImageKernels_dotProductsReach(CImageKernels_Taps taps);

void CImageKernels_filterRowsByDotProducts(const uint8_t *source, ptrdiff_t sourceStride, ptrdiff_t rows,
                                           ptrdiff_t width, CImageKernels_Taps taps, uint8_t *into, uint8_t *scratch);

/// The most taps an output may have there.
enum { CImageKernels_mostColumnTaps = 64 };

void CImageKernels_filterColumnsByDotProducts(const uint8_t *source, ptrdiff_t sourceStride, ptrdiff_t rowBytes,
                                              CImageKernels_Taps taps, uint8_t *into);
