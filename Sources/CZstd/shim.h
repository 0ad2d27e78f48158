#include <zstd.h>

// Both names are macros that compute (0ULL - 1 and 0ULL - 2), which Swift does not import.
static inline unsigned long long CZstd_contentSizeUnknown(void) { return ZSTD_CONTENTSIZE_UNKNOWN; }
static inline unsigned long long CZstd_contentSizeError(void) { return ZSTD_CONTENTSIZE_ERROR; }
