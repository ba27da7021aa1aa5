/* SPDX-License-Identifier: MIT */
/*
 * posix_fadvise(2), and what stands for it where a system has none (macOS,
 * OpenBSD): the library drops what is to be dropped, and all other advice is
 * taken for given.
 */
#ifndef MMAPX_TOOLS_FADVISE_H
#define MMAPX_TOOLS_FADVISE_H

#include <fcntl.h>

#ifndef POSIX_FADV_NORMAL
#include "libmmapx.h"

#include <errno.h>

enum {
    POSIX_FADV_NORMAL,
    POSIX_FADV_RANDOM,
    POSIX_FADV_WILLNEED,
    POSIX_FADV_DONTNEED,
};

/* A length of 0 reaches to the end of the file. */
static inline int
posix_fadvise(int fd, off_t off, off_t len, int advice)
{
    if (advice != POSIX_FADV_DONTNEED)
        return 0;
    return mmapx_cache_evict(fd, off, len == 0 ? -1 : len) < 0 ? errno : 0;
}
#endif

#endif /* MMAPX_TOOLS_FADVISE_H */
