/* SPDX-License-Identifier: MIT */
/* Keeping pages in memory. */
#include "internal.h"

static int
lock_on_fault(unsigned char *addr, size_t len)
{
    size_t limit;
    int r = mmapx_os_mlock_onfault(addr, len);

    /* EINVAL can only mean the flag.  EPERM means a limit of 0, or a filter
     * that does not let the system call through. */
    if (r == -EINVAL || r == -ENOSYS)
        return -ENOTSUP;
    if (r == -EPERM && mmapx_os_lock_limit(&limit) == 0 && limit > 0)
        return -ENOTSUP;
    return r;
}

static int
lock(const struct mmapx *m, size_t off, size_t len, int flags)
{
    struct mmapx_i_span span;
    int r;

    if ((flags & ~MMAPX_LOCK_ONFAULT) != 0)
        return -EINVAL;
    r = mmapx_i_span(m, off, len, MMAPX_I_OUTWARD, &span);
    if (r < 0 || span.len == 0)
        return r;
    r = flags == 0 ? mmapx_os_mlock(span.addr, span.len)
                   : lock_on_fault(span.addr, span.len);
    /* The kernel leaves the range marked, and what comes in later locked. */
    if (r < 0 && r != -ENOTSUP)
        mmapx_os_munlock(span.addr, span.len);
    return r;
}

static int
unlock(const struct mmapx *m, size_t off, size_t len)
{
    struct mmapx_i_span span;
    int r = mmapx_i_span(m, off, len, MMAPX_I_OUTWARD, &span);

    return r < 0 || span.len == 0 ? r : mmapx_os_munlock(span.addr, span.len);
}

static int
lock_limit(size_t *limit, size_t *locked)
{
    size_t most;
    size_t used = 0;
    int r = mmapx_os_lock_limit(&most);

    if (r == 0 && locked != NULL)
        r = mmapx_os_locked(&used);
    if (r < 0)
        return r;
    if (limit != NULL)
        *limit = most;
    if (locked != NULL)
        *locked = used;
    return 0;
}

int
mmapx_lock(const struct mmapx *m, size_t off, size_t len, int flags)
{
    return mmapx_i_result(lock(m, off, len, flags));
}

int
mmapx_unlock(const struct mmapx *m, size_t off, size_t len)
{
    return mmapx_i_result(unlock(m, off, len));
}

int
mmapx_lock_limit(size_t *limit, size_t *locked)
{
    return mmapx_i_result(lock_limit(limit, locked));
}
