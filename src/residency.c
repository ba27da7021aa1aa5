/* SPDX-License-Identifier: MIT */
/* Which pages of a mapping are in memory. */
#include "internal.h"

#include <string.h>

/* Bytes of mincore(2)'s vector at a time.  Larger steps save less than one part
 * in fifty, and the vector is on the caller's stack. */
enum { VECTOR = 2048 };

/* The first window of a search for the end of a run; it doubles from there. */
enum { FIRST_VECTOR = 64 };

/*
 * Linux answers "all resident" about a file that the caller neither owns nor
 * may write; anonymous memory is the caller's own.
 */
static bool
may_know(const struct mmapx *m, const struct mmapx_i_span *span)
{
    struct mmapx_os_owner owner = mmapx_i_owner(m);

    switch (mmapx_i_kind(m)) {
    case MMAPX_I_ANON:
        return true;
    case MMAPX_I_VIEW:
        return mmapx_os_may_see_memory(span->addr, span->len);
    default:
        return mmapx_os_may_see_residency(&owner);
    }
}

static int
checked_span(const struct mmapx *m, size_t off, size_t len,
             struct mmapx_i_span *span)
{
    int r = mmapx_i_span(m, off, len, MMAPX_I_OUTWARD, span);

    if (r < 0 || span->len == 0)
        return r;
    return may_know(m, span) ? 0 : -EPERM;
}

/*
 * mincore(2) for n pages of the mapping, 0 or 1 each.  The kernel answers in
 * pages of the system; a huge page is resident as a whole, so its first counts.
 */
static int
query(const struct mmapx *m, unsigned char *addr, size_t n, unsigned char *vec)
{
    size_t page = mmapx_i_page_size(m);
    size_t small = mmapx_os_page_size();
    int r = 0;

    if (page == small)
        r = mmapx_os_mincore(addr, n * page, vec);
    for (size_t i = 0; i < n && r == 0; i++) {
        if (page != small)
            r = mmapx_os_mincore(addr + i * page, small, &vec[i]);
        vec[i] &= 1;
    }
    return r;
}

/* Eight at a time: of the bytes of a word that are 0 or 1, the topmost byte of
 * this product is the sum. */
size_t
mmapx_i_resident(const unsigned char *vec, size_t n)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    size_t count = 0;
    size_t i = 0;

    for (; n - i >= sizeof ones; i += sizeof ones) {
        uint64_t word;

        memcpy(&word, vec + i, sizeof word);
        count += (size_t)((word & ones) * ones >> 56);
    }
    for (; i < n; i++)
        count += vec[i] & 1;
    return count;
}

static int
residency(const struct mmapx *m, size_t off, size_t len, unsigned char *vec,
          size_t nvec)
{
    struct mmapx_i_span span;
    size_t n;
    int r = checked_span(m, off, len, &span);

    if (r < 0 || span.len == 0)
        return r;
    n = span.len / mmapx_i_page_size(m);
    if (nvec < n)
        return -ERANGE;
    return vec != NULL ? query(m, span.addr, n, vec) : -EINVAL;
}

static int
resident_count(const struct mmapx *m, size_t off, size_t len, size_t *pages)
{
    unsigned char vec[VECTOR];
    struct mmapx_i_span span;
    size_t count = 0;
    int r = checked_span(m, off, len, &span);

    if (r < 0)
        return r;
    if (pages == NULL)
        return -EINVAL;

    size_t page = mmapx_i_page_size(m);
    size_t n;

    for (size_t left = span.len / page; left > 0; left -= n) {
        n = left < VECTOR ? left : VECTOR;
        r = query(m, span.addr, n, vec);
        if (r < 0)
            return r;
        count += mmapx_i_resident(vec, n);
        span.addr += n * page;
    }
    *pages = count;
    return 0;
}

/* Length in pages of the run that starts at the first page of span. */
static int
run_length(const struct mmapx *m, const struct mmapx_i_span *span, size_t *run,
           unsigned char *first)
{
    unsigned char vec[VECTOR];
    size_t page = mmapx_i_page_size(m);
    size_t pages = span->len / page;
    size_t window = FIRST_VECTOR;
    size_t done = 0;

    while (done < pages) {
        size_t n = pages - done < window ? pages - done : window;
        int r = query(m, span->addr + done * page, n, vec);

        if (r < 0)
            return r;
        if (done == 0)
            *first = vec[0];

        const unsigned char *other = memchr(vec, !*first, n);

        if (other != NULL) {
            *run = done + (size_t)(other - vec);
            return 0;
        }
        done += n;
        window = window < VECTOR ? window * 2 : window;
    }
    *run = pages;
    return 0;
}

static int
resident_run(const struct mmapx *m, size_t off, struct mmapx_run *run)
{
    struct mmapx_i_span span;
    size_t left = MMAPX_TO_END;
    size_t pages = 0;
    unsigned char first = 0;
    int r = mmapx_i_range(m, off, &left);

    if (r < 0)
        return r;
    r = checked_span(m, off, left, &span);
    if (r < 0)
        return r;
    if (run == NULL)
        return -EINVAL;
    r = run_length(m, &span, &pages, &first);
    if (r < 0)
        return r;
    span.len = pages * mmapx_i_page_size(m);
    *run = (struct mmapx_run){ .off = off,
                               .len = mmapx_i_clip_run(m, off, left, &span),
                               .resident = first };
    return 0;
}

int
mmapx_residency(const struct mmapx *m, size_t off, size_t len,
                unsigned char *vec, size_t nvec)
{
    return mmapx_i_result(residency(m, off, len, vec, nvec));
}

size_t
mmapx_page_count(const struct mmapx *m, size_t off, size_t len)
{
    struct mmapx_i_span span;

    if (mmapx_i_span(m, off, len, MMAPX_I_OUTWARD, &span) < 0
        || span.len == 0)
        return 0;
    return span.len / mmapx_i_page_size(m);
}

int
mmapx_resident_count(const struct mmapx *m, size_t off, size_t len,
                     size_t *pages)
{
    return mmapx_i_result(resident_count(m, off, len, pages));
}

int
mmapx_resident_run(const struct mmapx *m, size_t off, struct mmapx_run *run)
{
    return mmapx_i_result(resident_run(m, off, run));
}
