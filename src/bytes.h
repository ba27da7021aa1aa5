/* SPDX-License-Identifier: MIT */
#ifndef MMAPX_BYTES_H
#define MMAPX_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Whether bytes, of which there is at least one, are all zero. */
static inline bool
mmapx_i_is_zero(const unsigned char *bytes, size_t len)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

#endif /* MMAPX_BYTES_H */
