/* SPDX-License-Identifier: MIT */
/* Bringing pages in, with an error where they cannot be had. */
#include "internal.h"

/* Bytes for one system call.  It is long against the cost of a call, and a
 * signal waits no longer than for that much to be read. */
enum { STEP = 32 << 20 };

struct touch {
    struct mmapx_i_span span;
    size_t page;
    bool writes;
};

/* Touch each page, for writing by a store that changes nothing: of a word,
 * since not every machine has atomic bytes. */
static int
touch(void *arg)
{
    const struct touch *t = arg;

    for (size_t i = 0; i < t->span.len; i += t->page) {
        void *word = t->span.addr + i;

        if (t->writes)
            __atomic_fetch_or((uintptr_t *)word, 0, __ATOMIC_RELAXED);
        else
            (void)*(volatile unsigned char *)word;
    }
    return 0;
}

/* For kernels without the advice. */
static int
populate_by_touch(const struct mmapx *m, const struct mmapx_i_span *span,
                  bool writes)
{
    struct touch t = { *span, mmapx_i_page(m), writes };
    int value;
    int r;

    /* Where it may be done is not known, and a wrong touch is a crash. */
    if (mmapx_i_has(m, MMAPX_I_MIXED))
        return -ENOTSUP;
    r = mmapx_i_guard(m, touch, &t, &value);
    return r == -EIO ? -EFAULT : r;
}

static int
populate_by_advice(const struct mmapx_i_span *span, enum mmapx_advice advice)
{
    struct mmapx_i_span step;
    int r = 0;

    for (size_t done = 0; done < span->len && r == 0; done += step.len) {
        step.addr = span->addr + done;
        step.len = span->len - done < STEP ? span->len - done : STEP;
        do
            r = mmapx_i_madvise(&step, advice);
        while (r == -EINTR);
    }
    return r;
}

int
mmapx_i_populate(const struct mmapx *m, size_t off, size_t len, int flags)
{
    bool writes = flags == MMAPX_POPULATE_WRITE;
    uintptr_t needed = writes ? MMAPX_I_WRITES : MMAPX_I_READS;
    struct mmapx_i_span span;
    int r;

    if (flags != MMAPX_POPULATE_READ && flags != MMAPX_POPULATE_WRITE)
        return -EINVAL;
    r = mmapx_i_span(m, off, len, MMAPX_I_OUTWARD, &span);
    if (r < 0 || span.len == 0)
        return r;
    if (!mmapx_i_has(m, MMAPX_I_MIXED) && !mmapx_i_has(m, needed))
        return -EACCES;

    r = populate_by_advice(&span, writes ? MMAPX_MADV_POPULATE_WRITE
                                         : MMAPX_MADV_POPULATE_READ);
    if (r == -ENOTSUP)
        return populate_by_touch(m, &span, writes);
    /* The range is right, so it is the protection that is not. */
    return r == -EINVAL ? -EACCES : r;
}

int
mmapx_populate(const struct mmapx *m, size_t off, size_t len, int flags)
{
    return mmapx_i_result(mmapx_i_populate(m, off, len, flags));
}
