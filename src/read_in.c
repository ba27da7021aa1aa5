/* SPDX-License-Identifier: MIT */
/*
 * Reading a stretch of a mapping of a file into the page cache before it is
 * populated.  The faults of the mapping itself would read page by page where it
 * has the advice RANDOM, and by the read-ahead window, which is often small,
 * where it has none; and its advice is not ours to change.
 */
#include "internal.h"

/* A place is looked at in so many bytes, and no more places than that. */
enum { SPARSE_LOOK = 16 << 20, MOST_LOOKS = 4 };

/* Pages that are looked at in one call. */
enum { LOOK = 1024 };

/* Fewer missing pages than this are left to faults. */
enum { FEW_PAGES = 8 };

/* Bytes that are begun by one request, see prefetch.c; and that are populated
 * by one, while which signals wait. */
enum { WINDOW = 128 << 10, STEP = 32 << 20 };

static size_t
missing_at(unsigned char *addr, size_t n)
{
    unsigned char vec[LOOK];

    if (mmapx_os_mincore(addr, n * mmapx_os_page_size(), vec) < 0)
        return 0;
    return n - mmapx_i_resident(vec, n);
}

/* Whether a few places are there.  To look at each page would cost more than to
 * map it, where all of them are there.  The first page says little: it is what
 * a program has looked at before. */
static bool
seems_cached(const struct mmapx_i_span *span)
{
    size_t page = mmapx_os_page_size();
    size_t pages = span->len / page;
    size_t looks = 2 + span->len / SPARSE_LOOK;

    if (looks > MOST_LOOKS)
        looks = MOST_LOOKS;
    for (size_t i = 1; i <= looks; i++)
        if (missing_at(span->addr + pages * i / (looks + 1) * page, 1) > 0)
            return false;
    return true;
}

static bool
has_few_missing(const struct mmapx_i_span *span)
{
    size_t page = mmapx_os_page_size();
    size_t pages = span->len / page;
    size_t missing = 0;

    for (size_t at = 0; at < pages && missing < FEW_PAGES; at += LOOK)
        missing += missing_at(span->addr + at * page,
                              pages - at < LOOK ? pages - at : LOOK);
    return missing < FEW_PAGES;
}

/* Whether the kernel would bring in a second mapping at once, because the first
 * is locked: it tries without end to read a page that cannot be read. */
static bool
is_locked(const struct mmapx_i_span *span)
{
    enum mmapx_os_lock lock = mmapx_os_lock_of(span->addr);

    return lock != MMAPX_OS_NOT_LOCKED && lock != MMAPX_OS_LOCKED_ONFAULT;
}

/*
 * Through a second mapping of the same, which needs no descriptor, and whose
 * advice is ours: the kernel reads it by huge pages.  Only what is shared has
 * one.
 */
static int
read_aside(const struct mmapx_i_span *span)
{
    void *addr = span->addr;
    int r = mmapx_os_mremap(&addr, 0, span->len, true);

    if (r < 0)
        return r;
    struct mmapx_i_span aside = { addr, span->len };

    (void)mmapx_i_madvise(&aside, MMAPX_MADV_NORMAL);
    (void)mmapx_i_madvise(&aside, MMAPX_MADV_HUGEPAGE);
    for (size_t at = 0; at < span->len && (r == 0 || r == -EINTR);
         at += r == 0 ? aside.len : 0) {
        aside.addr = (unsigned char *)addr + at;
        aside.len = span->len - at < STEP ? span->len - at : STEP;
        r = mmapx_i_madvise(&aside, MMAPX_MADV_POPULATE_READ);
    }
    mmapx_os_munmap(addr, span->len);
    return r == -ENOTSUP ? r : 0; /* the kernel does not populate */
}

/* By what only begins to read.  The pages come in one by one. */
static void
begin(const struct mmapx_i_span *span)
{
    for (size_t at = 0; at < span->len; at += WINDOW) {
        struct mmapx_i_span step = { span->addr + at, span->len - at };

        if (step.len > WINDOW)
            step.len = WINDOW;
        (void)mmapx_i_madvise(&step, MMAPX_MADV_WILLNEED);
    }
}

/* What cannot be read is found when it is populated. */
void
mmapx_i_read_in(const struct mmapx *m, const struct mmapx_i_span *span,
                bool loose)
{
    if (mmapx_i_kind(m) != MMAPX_I_FILE
        || mmapx_i_page_size(m) != mmapx_os_page_size()
        || span->len / mmapx_os_page_size() < FEW_PAGES || seems_cached(span)
        || has_few_missing(span))
        return;
    /* Pages that were replaced are private. */
    if (!mmapx_i_has_any(m, MMAPX_I_SHARED)
        || mmapx_i_has_any(m, MMAPX_I_REPLACED) || (!loose && is_locked(span))
        || read_aside(span) < 0)
        begin(span);
}
