/* SPDX-License-Identifier: MIT */
/* Keeping pages in memory. */
#include "internal.h"

int
mmapx_i_lock_on_fault(void *addr, size_t len)
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

/* Whether the limit on locked memory forbids so much more, or may do so. */
static bool
is_above_limit(size_t len)
{
    size_t limit, locked;

    if (mmapx_os_locks_unlimited())
        return false;
    return mmapx_os_lock_limit(&limit) < 0 || mmapx_os_locked_bytes(&locked) < 0
           || locked > limit || len > limit - locked;
}

/*
 * ENOMEM stands for the limit, for a gap, and for vm.max_map_count, which
 * EAGAIN tells from the others.  A gap is one to msync(2) too.
 */
static int
refine(const struct mmapx_i_span *span, int r)
{
    if (r == -ENOMEM && !is_above_limit(span->len)
        && mmapx_os_msync(span->addr, span->len, MS_ASYNC) != -ENOMEM)
        return -EAGAIN;
    return r;
}

/* Bring in what has been marked to be locked.  Protection that forbids it is
 * mlock(2)'s to judge, and so is what populating cannot do here. */
static int
bring_in(const struct mmapx *m, size_t off, size_t len,
         const struct mmapx_i_span *span, bool loose)
{
    bool copies = !mmapx_i_has_any(m, MMAPX_I_SHARED | MMAPX_I_MIXED)
                  && mmapx_i_has_any(m, MMAPX_I_PROT_W);
    unsigned char *end = span->addr + span->len;
    int r = mmapx_i_populate(m, off, len, MMAPX_POPULATE_READ, loose);

    if (r == 0 && copies)
        r = mmapx_i_populate(m, off, len, MMAPX_POPULATE_WRITE, loose);
    if (r == -EFAULT && mmapx_os_is_past_end(end - mmapx_os_page_size()))
        return -ENOMEM;
    return r;
}

/*
 * mlock(2) tries without end to read a page that cannot be read, and no signal
 * ends that.  So the range is only marked first, what comes in is locked then,
 * and it is brought in by a call that fails.  At last nothing is left to read,
 * only copies of private pages to be made; and the range is not to stay one
 * that the kernel fills only when it is touched, also when it grows.
 */
int
mmapx_i_lock_file(const struct mmapx *m, size_t off, size_t len,
                  const struct mmapx_i_span *span)
{
    int r = mmapx_i_lock_on_fault(span->addr, span->len);

    if (r < 0 && r != -ENOTSUP)
        return refine(span, r);
    r = bring_in(m, off, len, span, r == 0);
    if (r == 0 || r == -EACCES || r == -ENOTSUP)
        r = mmapx_os_mlock(span->addr, span->len);
    return r;
}

/* Memory that no file lies behind is there, or cannot be had at once. */
static int
lock_memory(const struct mmapx_i_span *span)
{
    int r = mmapx_os_mlock(span->addr, span->len);

    /* Marking alone tells what cannot be had from what cannot be marked. */
    if (r == -ENOMEM && mmapx_i_lock_on_fault(span->addr, span->len) == -ENOMEM)
        return refine(span, r);
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
    if (flags != 0)
        r = refine(&span, mmapx_i_lock_on_fault(span.addr, span.len));
    else if (mmapx_i_lies_on_file(m))
        r = mmapx_i_lock_file(m, off, len, &span);
    else
        r = lock_memory(&span);
    /* The kernel leaves the range marked, and what comes in later locked. */
    if (r < 0 && r != -ENOTSUP)
        mmapx_os_munlock(span.addr, span.len);
    if (r == 0 && flags != 0)
        mmapx_i_note(m, MMAPX_I_LOCKED_ONFAULT);
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
        r = mmapx_os_locked_bytes(&used);
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
