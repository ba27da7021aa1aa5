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

/*
 * msync(2) reports both bad arguments and failed write-backs, sometimes with
 * the same errno.  Ask again without waiting: a bad argument fails again in the
 * same way, a failed write-back is reported only once.
 */
static int
write_back(struct mmapx *m, const struct mmapx_i_span *span, int flags)
{
    int no_wait = (flags & ~MS_SYNC) | MS_ASYNC;
    int r = mmapx_os_msync(span->addr, span->len, flags);

    if (r == -EINTR)
        return r;
    if ((r == -EBUSY || r == -EINVAL || r == -ENOMEM)
        && mmapx_os_msync(span->addr, span->len, no_wait) == r)
        return r;
    return r < 0 ? mmapx_i_lose_of(m, r) : 0;
}

/*
 * fsync(2).  Only EINVAL can mean the descriptor or the disk.  What is lost is
 * the descriptor's file's, whether or not that is the mapping's.
 */
static int
flush(struct mmapx *m, int fd)
{
    struct mmapx_os_stat st;
    int r = mmapx_os_flush(fd);

    if (r == 0 || r == -EBADF || r == -EINTR
        || (r == -EINVAL && mmapx_os_flush(fd) == r))
        return r;
    if (mmapx_os_stat(fd, &st) < 0 || mmapx_i_is_object(m, &st))
        return mmapx_i_lose_of(m, r);
    mmapx_i_lose(mmapx_i_known_identity(&st), r);
    mmapx_i_remember(m, r);
    return r;
}

/* What others were told while a call of this thread succeeded beside them. */
static int
hear_others(struct mmapx *m)
{
    int lost;

    mmapx_i_report_await(mmapx_i_file_of(m));
    lost = mmapx_i_lost(m);
    return lost < 0 ? mmapx_i_remember(m, lost) : 0;
}

/*
 * A loss that another mapping has reported is no reason not to write: what can
 * be written is, and the kernel's report to the file that this mapping was made
 * of is used up now, and not after the reset.
 */
static int
sync_range(struct mmapx *m, size_t off, size_t len, int flags,
           struct mmapx_i_span *span)
{
    bool waits;
    struct mmapx_i_call *call;
    int lost;
    int r;

    if (!flags_are_valid(flags))
        return -EINVAL;
    r = mmapx_i_span(m, off, len, MMAPX_I_OUTWARD, span);
    if (r == 0)
        r = mmapx_i_remembered(m);
    if (r < 0)
        return r;
    lost = mmapx_i_lost(m);
    /* What does not wait for the disk is told of no loss, and waits for
     * nobody. */
    waits = span->len > 0 && (flags & MS_ASYNC) == 0;
    if (waits) {
        call = mmapx_i_report_begin(mmapx_i_file_of(m));
        r = write_back(m, span, flags);
        mmapx_i_report_end(call);
    } else if (span->len > 0) {
        r = write_back(m, span, flags);
    }
    if (lost < 0)
        return mmapx_i_remember(m, lost);
    return r < 0 || !waits ? r : hear_others(m);
}

static int
sync_file(struct mmapx *m, int fd, size_t off, size_t len)
{
    struct mmapx_i_span span;
    struct mmapx_i_call *call;
    int flushed;
    int r = mmapx_i_range(m, off, &len);

    if (r < 0)
        return r;
    if (fd < 0)
        return -EBADF;
    r = mmapx_i_remembered(m);
    if (r < 0)
        return r;
    r = sync_range(m, off, len, MS_SYNC, &span);
    /* After a loss too, for the report to the descriptor's file. */
    if (span.len == 0 || (r < 0 && mmapx_i_remembered(m) == 0))
        return r;
    call = mmapx_i_report_begin(mmapx_i_file_of(m));
    flushed = flush(m, fd);
    mmapx_i_report_end(call);
    if (flushed == 0)
        flushed = hear_others(m);
    if (mmapx_i_has_any(m, MMAPX_I_SHARED)
        && mmapx_i_has_any(m, MMAPX_I_PROT_W | MMAPX_I_MIXED))
        mmapx_os_note_change(fd);
    return r < 0 ? r : flushed;
}

static int
sync_reset(struct mmapx *m)
{
    size_t len = 0;
    int r = mmapx_i_range(m, 0, &len);

    if (r == 0)
        mmapx_i_forget_losses(m);
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
