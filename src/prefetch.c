/* SPDX-License-Identifier: MIT */
/* Reading ahead: many small places at once, without waiting for them. */
#include "internal.h"

#include <sys/uio.h>

/* The kernel reads only so much of a request as its read-ahead window has, and
 * forgets the rest.  No window is smaller than this where there is one. */
enum { PREFETCH_STEP = 128 << 10 };

/* Places for one system call: enough to hide what the call itself costs, and
 * little enough for a small stack. */
enum { BATCH = 64 };

/* --- By mapping ----------------------------------------------------------- */

struct batch {
    int advice;      /* the system's number of WILLNEED */
    bool one_by_one; /* the kernel does not take several at once */
    size_t n;
    struct iovec list[BATCH];
};

/* Begin what has been collected.  Where the kernel stops at a place that it
 * cannot read, go on behind it: the touch will say why. */
static void
batch_begin(struct batch *b)
{
    size_t at = 0;

    while (at < b->n && !b->one_by_one) {
        size_t done = 0;
        int r = mmapx_os_madvise_batch(b->list + at, b->n - at, b->advice,
                                       &done);

        if (r == -ENOTSUP)
            b->one_by_one = true;
        else
            at += done < b->n - at ? done + 1 : done;
    }
    for (; at < b->n; at++)
        mmapx_os_madvise(b->list[at].iov_base, b->list[at].iov_len, b->advice);
    b->n = 0;
}

static void
batch_add(struct batch *b, const struct mmapx_i_span *span)
{
    for (size_t at = 0, len; at < span->len; at += len) {
        len = span->len - at < PREFETCH_STEP ? span->len - at : PREFETCH_STEP;
        /* Some systems have a char pointer there. */
        b->list[b->n++] = (struct iovec){ (void *)(span->addr + at), len };
        if (b->n == BATCH)
            batch_begin(b);
    }
}

static int
prefetch(const struct mmapx *m, const struct mmapx_range *ranges, size_t n)
{
    struct batch batch = { .advice = mmapx_os_advice(MMAPX_MADV_WILLNEED) };
    struct mmapx_i_span span;
    int r = mmapx_i_span(m, 0, 0, MMAPX_I_OUTWARD, &span);

    if (r == 0 && ranges == NULL && n > 0)
        r = -EINVAL;
    for (size_t i = 0; i < n && r == 0; i++)
        r = mmapx_i_span(m, ranges[i].off, ranges[i].len, MMAPX_I_OUTWARD,
                         &span);
    if (r < 0)
        return r;
    if (batch.advice < 0)
        return batch.advice;

    for (size_t i = 0; i < n; i++) {
        mmapx_i_span(m, ranges[i].off, ranges[i].len, MMAPX_I_OUTWARD, &span);
        batch_add(&batch, &span);
    }
    batch_begin(&batch);
    return 0;
}

/* --- By descriptor -------------------------------------------------------- */

/* A range of a file of a size as [*off, *end); empty behind the file's end. */
static int
clip(const struct mmapx_cache_range *range, int64_t size, int64_t *off,
     int64_t *end)
{
    int64_t len = range->len;

    if (len == (int64_t)MMAPX_TO_END) /* not -1 where a size is narrower */
        len = -1;
    if (range->off < 0 || len < -1 || len > INT64_MAX - range->off)
        return -EINVAL;
    *off = range->off < size ? range->off : size;
    *end = len == -1 || len > size - *off ? size : *off + len;
    return 0;
}

/* Only a long range is worth the question where the file's holes are. */
static int
prefetch_range(int fd, int64_t off, int64_t end)
{
    int64_t data_end = end - off > PREFETCH_STEP ? off : end;

    while (off < end) {
        int64_t len;

        if (off >= data_end)
            mmapx_i_next_data(fd, &off, end, &data_end);
        len = data_end - off < PREFETCH_STEP ? data_end - off : PREFETCH_STEP;
        if (off < end && mmapx_os_readahead(fd, off, len) == -ENOTSUP)
            return -ENOTSUP;
        off += len;
    }
    return 0;
}

static int
cache_prefetch(int fd, const struct mmapx_cache_range *ranges, size_t n)
{
    int64_t off, end, size;
    int r = mmapx_i_cache_size(fd, &size);

    if (r == 0 && ranges == NULL && n > 0)
        r = -EINVAL;
    for (size_t i = 0; i < n && r == 0; i++)
        r = clip(&ranges[i], size, &off, &end);
    for (size_t i = 0; i < n && r == 0; i++) {
        clip(&ranges[i], size, &off, &end);
        r = prefetch_range(fd, off, end);
    }
    return r;
}

/* -------------------------------------------------------------------------- */

int
mmapx_prefetch(const struct mmapx *m, const struct mmapx_range *ranges,
               size_t n)
{
    return mmapx_i_result(prefetch(m, ranges, n));
}

int
mmapx_cache_prefetch(int fd, const struct mmapx_cache_range *ranges, size_t n)
{
    return mmapx_i_result(cache_prefetch(fd, ranges, n));
}
