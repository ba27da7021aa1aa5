/* SPDX-License-Identifier: MIT */
/* What the tests of growing and of room share. */
#ifndef MMAPX_TESTS_RESIZING_H
#define MMAPX_TESTS_RESIZING_H

#include "support.h"

#include <sys/stat.h>

enum {
    MAYMOVE = MMAPX_RESIZE_MAYMOVE,
    BOTH = MMAPX_RESIZE_FILE,
    SPARSE = MMAPX_RESIZE_SPARSE,
    CUT = MMAPX_RESIZE_CUT,
    RW = PROT_READ | PROT_WRITE,
};

static inline size_t
file_size(int fd)
{
    struct stat st;

    ck_assert_int_eq(fstat(fd, &st), 0);
    return (size_t)st.st_size;
}

static inline void
check_zero(const void *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (((const char *)p)[i] != 0)
            ck_abort_msg("byte %zu is not zero", i);
}

/* A resize that fails with code and leaves mapping and file alone. */
#define RESIZE_FAILS(code, m, fd, len, flags)                                  \
    check_resize_fails(code, m, fd, len, flags, __LINE__)

static inline void
check_resize_fails(int code, struct mmapx *m, int fd, size_t len, int flags,
                   int line)
{
    struct mmapx before = *m;
    size_t size = fd >= 0 ? file_size(fd) : 0;
    int r;

    errno = 0;
    r = mmapx_resize(m, fd, len, flags);
    ck_assert_msg(r == -1 && errno == code, "line %d: %d, %s, not %s", line, r,
                  errno_name(errno), errno_name(code));
    ck_assert_mem_eq(m, &before, sizeof before);
    if (fd >= 0)
        ck_assert_uint_eq(file_size(fd), size);
}

#endif /* MMAPX_TESTS_RESIZING_H */
