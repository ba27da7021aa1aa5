/* SPDX-License-Identifier: MIT */
/* The file's part of a resize. */
#include "internal.h"

/* Bytes by which a file grows that are written with zeros. */
enum {
    LEAST_ZEROED = 64 << 10, /* below, pages come one by one in any case */
    MOST_ZEROED = 16 << 20,
};

/* Bytes that are allocated at once, so that signals are seen in between. */
enum { MOST_ALLOCATED = 64 << 20 };

/* Beyond its limit the kernel does not merely fail, it sends SIGXFSZ. */
int
mmapx_i_check_file_limit(int64_t size)
{
    int64_t limit;
    int r = mmapx_os_file_limit(&limit);

    return r == 0 && size > limit ? -EFBIG : r;
}

/*
 * Allocate what lies between from and end.  Some file systems stop at any
 * signal and give back what they had, older tmpfs among them: what was done in
 * earlier steps is kept, and the step becomes smaller until one gets through.
 */
static int
allocate(int fd, int64_t from, int64_t end)
{
    int64_t page = (int64_t)mmapx_os_page_size();
    int64_t step = MOST_ALLOCATED;

    while (from < end) {
        int64_t n = end - from < step ? end - from : step;
        int r = mmapx_os_allocate(fd, from, n);

        if (r == 0)
            from += n;
        else if (r != -EINTR)
            return r;
        step = r == 0 ? step * 2 : n / 2;
        if (step > MOST_ALLOCATED)
            step = MOST_ALLOCATED;
        if (step < page)
            step = page;
    }
    return 0;
}

static int
write_zeros(int fd, int64_t from, int64_t end)
{
    struct mmapx_os_stat st;
    uintptr_t identity;
    int r = mmapx_os_stat(fd, &st);

    if (r < 0)
        return r;
    identity = mmapx_i_known_identity(&st);
    while (from < end) {
        struct mmapx_i_call *call = mmapx_i_report_begin(identity + 1);
        int64_t n = mmapx_os_write_zeros(fd, from, end - from);

        mmapx_i_report_write(call, fd, identity, n);
        if (n > 0)
            from += n;
        else if (n != -EINTR)
            return n < 0 ? (int)n : -EIO;
    }
    return 0;
}

/*
 * Allocate by writing, where the file system has no other way.  The file grows
 * with it, so one that cannot be cut again is refused.  A descriptor that
 * writes past the cache writes whole pages; the caller sets the size anyway.
 */
static int
allocate_by_zeros(int fd, int64_t from, int64_t end)
{
    int64_t page = (int64_t)mmapx_os_page_size();
    int r;

    if (mmapx_os_bypasses_cache(fd)) {
        from += (page - from % page) % page;
        end += (page - end % page) % page;
        r = mmapx_i_check_file_limit(end);
        if (r < 0)
            return r;
    }
    r = mmapx_os_set_size(fd, from);
    return r < 0 ? r : write_zeros(fd, from, end);
}

/*
 * Allocated blocks that have not been written come into the cache page by page,
 * as they are stored to.  What is about to be stored to anyway, a step of a log
 * or the like, is written with zeros, in large units: the stores take a quarter
 * of the time then.  To write more than that unasked would be too much.
 */
static int
add_blocks(int fd, int64_t from, int64_t end,
           const struct mmapx_os_growth *growth, bool *is_long)
{
    int64_t len = end - from;
    int r = allocate(fd, from, end);

    if (r == -ENOTSUP)
        return allocate_by_zeros(fd, from, end);
    /* The blocks are there, so that a failure here loses nothing. */
    if (r == 0 && growth->zeros_pay && len >= LEAST_ZEROED
        && len <= MOST_ZEROED)
        *is_long = write_zeros(fd, from, end) == 0;
    return r;
}

/*
 * Blocks that the program has reserved behind the end stay its own: to set a
 * size that a file has gives them back, and so does the way back.
 */
static int
grow(int fd, int64_t old, int64_t new, bool sparse,
     const struct mmapx_os_growth *growth)
{
    bool is_long = false;
    int r;

    if (!sparse && new - old > growth->available)
        return -ENOSPC;
    r = growth->keeps_tail ? mmapx_os_clear_tail(fd, old) : 0;
    if (r == 0 && !sparse)
        r = add_blocks(fd, old, new, growth, &is_long);
    if (r == 0 && !is_long)
        r = mmapx_os_lengthen(fd, new);
    /* What was allocated past the end is given back, as far as it may be. */
    if (r < 0)
        mmapx_os_set_size(fd, old);
    return r;
}

/* What can be said about a change of a file's size before anything is done. */
int
mmapx_i_check_file_change(const struct mmapx_i_file_change *change)
{
    if (change->new == change->old)
        return 0;
    if (!change->growth.is_writable)
        return -EBADF;
    return change->new > change->old ? mmapx_i_check_file_limit(change->new)
                                     : 0;
}

/* Give the file its new size.  After a failure it has its old one. */
int
mmapx_i_change_file(const struct mmapx_i_file_change *change)
{
    if (change->new > change->old)
        return grow(change->fd, change->old, change->new, change->sparse,
                    &change->growth);
    if (change->new < change->old)
        return mmapx_os_set_size(change->fd, change->new);
    return 0;
}
