/* SPDX-License-Identifier: MIT */
/* Writing back, and never forgetting that it failed. */
#include "internal.h"

/* One bit is not enough to tell them apart: MS_SYNC is 0 on some systems. */
static bool
flags_are_valid(int flags)
{
    return flags == MS_SYNC || flags == MS_ASYNC
           || flags == (MS_SYNC | MS_INVALIDATE)
           || flags == (MS_ASYNC | MS_INVALIDATE);
}

/* The failure that the handle remembers, as -errno; 0 if there is none. */
static int
remembered(struct mmapx *m)
{
    return -(int)__atomic_load_n(&m->reserved[MMAPX_I_ERROR],
                                 __ATOMIC_RELAXED);
}

/* Threads may sync one mapping side by side: the first failure stays. */
static int
remember(struct mmapx *m, int r)
{
    uintptr_t none = 0;

    if (r < 0)
        __atomic_compare_exchange_n(&m->reserved[MMAPX_I_ERROR], &none,
                                    (uintptr_t)-r, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED);
    return r;
}

/*
 * msync(2).  Its errors are the disk's, whatever they are, but for those that
 * say that the call was wrong; and a file system may use the same errno.  What
 * is wrong with a call is told again by one that waits for nothing, a lost
 * write is told once.
 */
static int
write_back(struct mmapx *m, const struct mmapx_i_span *span, int flags)
{
    int gently = (flags & ~MS_SYNC) | MS_ASYNC;
    int r = mmapx_os_msync(span->addr, span->len, flags);

    if (r == -EINTR)
        return r;
    if ((r == -EBUSY || r == -EINVAL || r == -ENOMEM)
        && mmapx_os_msync(span->addr, span->len, gently) == r)
        return r;
    return remember(m, r);
}

/* fsync(2), likewise: of its errors only EINVAL is ambiguous. */
static int
flush(struct mmapx *m, int fd)
{
    int r = mmapx_os_flush(fd);

    if (r == -EBADF || r == -EINTR
        || (r == -EINVAL && mmapx_os_flush(fd) == r))
        return r;
    return remember(m, r);
}

static int
sync_range(struct mmapx *m, size_t off, size_t len, int flags,
           struct mmapx_i_span *span)
{
    int r;

    if (!flags_are_valid(flags))
        return -EINVAL;
    r = mmapx_i_span(m, off, len, MMAPX_I_OUTWARD, span);
    if (r < 0)
        return r;
    r = remembered(m);
    if (r < 0 || span->len == 0)
        return r;
    return write_back(m, span, flags);
}

static int
sync_file(struct mmapx *m, int fd, size_t off, size_t len)
{
    struct mmapx_i_span span;
    int r = mmapx_i_range(m, off, &len);

    if (r < 0)
        return r;
    if (fd < 0)
        return -EBADF;
    r = sync_range(m, off, len, MS_SYNC, &span);
    return r < 0 || span.len == 0 ? r : flush(m, fd);
}

static int
sync_reset(struct mmapx *m)
{
    size_t len = 0;
    int r = mmapx_i_range(m, 0, &len);

    if (r == 0)
        m->reserved[MMAPX_I_ERROR] = 0;
    return r;
}

int
mmapx_sync(struct mmapx *m, size_t off, size_t len, int flags)
{
    struct mmapx_i_span span;

    return mmapx_i_result(sync_range(m, off, len, flags, &span));
}

int
mmapx_sync_file(struct mmapx *m, int fd, size_t off, size_t len)
{
    return mmapx_i_result(sync_file(m, fd, off, len));
}

int
mmapx_sync_reset(struct mmapx *m)
{
    return mmapx_i_result(sync_reset(m));
}
