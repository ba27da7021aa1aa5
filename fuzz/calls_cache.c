/* SPDX-License-Identifier: MIT */
/*
 * The page cache by descriptor.  No byte of a file or of a mapping may change
 * by any of these calls.  What memfds hold stays in memory, so that the answers
 * are compared with mincore(2)'s; of files on a disk, which the system drops as
 * it likes, only what cannot be otherwise.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A range of a file, and what of it is in the file. */
struct extent {
    struct file *file;
    int fd;
    int64_t off;
    int64_t len; /* as it is passed */
    size_t from;
    size_t to;
};

static struct extent
take_extent(void)
{
    struct extent x = { .file = &files[take_below(FILES)] };
    size_t size = x.file->size;
    size_t most = size + 2 * page;

    x.fd = take_below(4) == 0 ? x.file->read_only : x.file->fd;
    x.off = (int64_t)(take_size(most) % most);
    switch (take_below(4)) {
    case 0:
        x.len = -1;
        break;
    case 1:
        x.len = INT64_MAX - x.off;
        break;
    default:
        x.len = (int64_t)(take_size(most) % most);
        break;
    }
    x.from = (size_t)x.off < size ? (size_t)x.off : size;
    x.to = size;
    if (x.len >= 0 && (uint64_t)x.len < size - x.from)
        x.to = x.from + (size_t)x.len;
    return x;
}

static size_t
first_page(const struct extent *x)
{
    return x->from / page;
}

static size_t
end_page(const struct extent *x)
{
    return x->from == x->to ? first_page(x) : (x->to - 1) / page + 1;
}

/* Whether this many cached pages are right where mincore(2) says another
 * number.  Blocks of memory that fallocate(2) reserved are cached pages for
 * cachestat(2), and not for mincore(2) until somebody touches them. */
static bool
is_right(const struct extent *x, uint64_t cached, uint64_t by_mincore)
{
    return on_disk || cached == by_mincore
           || (x->file->reserved && cached > by_mincore);
}

/* The pages of the extent that are cached, as a mapping of it has it. */
static size_t
look(const struct extent *x, unsigned char *vec)
{
    size_t pages = end_page(x) - first_page(x);
    size_t len = pages * page;
    size_t cached = 0;
    void *p;

    if (pages == 0)
        return 0;
    p = mmap(NULL, len, PROT_READ, MAP_SHARED, x->fd,
             (off_t)(first_page(x) * page));
    need(p != MAP_FAILED && mincore(p, len, (void *)vec) == 0);
    need(munmap(p, len) == 0);
    for (size_t i = 0; i < pages; i++)
        cached += vec[i] &= 1;
    return cached;
}

/* A run that begins at a byte: whole pages, all alike. */
static void
check_run(const struct extent *x, const struct mmapx_cache_run *run, size_t at,
          const unsigned char *vec)
{
    size_t end = at + (size_t)run->len;

    if (run->off != (int64_t)at || run->len <= 0 || end > x->to
        || (end % page != 0 && end != x->to)
        || (run->cached != 0 && run->cached != 1))
        fail("a run of %lld bytes at %lld", (long long)run->len,
             (long long)run->off);
    for (size_t p = at / page; p * page < end; p++)
        if (!is_right(x, (uint64_t)run->cached, vec[p - first_page(x)]))
            fail("page %zu is in a run with cached %d", p, run->cached);
}

/* List the extent, with room for few runs at a time. */
static void
check_runs(const struct extent *x, const unsigned char *vec)
{
    struct mmapx_cache_run runs[8];
    size_t room = 1 + take_below(8);
    size_t at = x->from;

    do {
        int64_t len = x->len == -1 ? -1 : x->len - ((int64_t)at - x->off);
        size_t n = room;

        expect(mmapx_cache_runs(x->fd, at == x->from ? x->off : (int64_t)at,
                                at == x->from ? x->len : len, runs, &n),
               0);
        if (n > room || (n == 0) != (at == x->to))
            fail("%zu runs at %zu of %zu bytes", n, at, x->to);
        for (size_t i = 0; i < n; i++) {
            check_run(x, &runs[i], at, vec);
            if (i > 0 && runs[i].cached == runs[i - 1].cached)
                fail("two runs of one kind at %zu", at);
            at += (size_t)runs[i].len;
        }
        if (n < room && at != x->to)
            fail("no more runs at %zu of %zu bytes", at, x->to);
    } while (at < x->to);
}

void
do_cache(void)
{
    unsigned char vec[FILE_PAGES + REGION_PAGES];
    struct extent x = take_extent();
    struct mmapx_cache_run run;
    struct mmapx_cache c;
    size_t cached = look(&x, vec);

    doing = "cache_stat";
    expect(mmapx_cache_stat(x.fd, x.off, x.len, &c), 0);
    if (c.pages != end_page(&x) - first_page(&x))
        fail("%llu pages, not %zu", (unsigned long long)c.pages,
             end_page(&x) - first_page(&x));
    if ((c.known & MMAPX_CACHE_CACHED) == 0 || c.cached > c.pages
        || c.dirty > c.pages || c.writeback > c.pages)
        fail("%llu pages are cached, known %#x", (unsigned long long)c.cached,
             c.known);
    if (!is_right(&x, c.cached, cached))
        fail("%llu pages are cached, not %zu", (unsigned long long)c.cached,
             cached);
    doing = "cache_runs";
    check_runs(&x, vec);
    doing = "cache_run";
    expect(mmapx_cache_run(x.fd, x.off, &run), 0);
    x.len = -1;
    x.to = x.file->size;
    look(&x, vec);
    if (x.from < x.to)
        check_run(&x, &run, x.from, vec);
    else if (run.len != 0)
        fail("a run of %lld bytes past the end", (long long)run.len);
}

void
do_load(void)
{
    struct extent x = take_extent();

    doing = "cache_load";
    expect(mmapx_cache_load(x.fd, x.off, x.len), 0);
    check_all();
}

/* What is mapped, dirty or a mapping's own is not to be lost. */
void
do_evict(void)
{
    struct extent x = take_extent();

    doing = "cache_evict";
    expect(mmapx_cache_evict(x.fd, x.off, x.len), 0);
    check_all();
}

/* One bad range among good ones makes the call fail, wherever it stands. */
void
do_cache_prefetch(void)
{
    struct mmapx_cache_range ranges[3];
    int fd = -1;

    for (size_t i = 0; i < 3; i++) {
        struct extent x = take_extent();

        fd = x.fd;
        ranges[i] = (struct mmapx_cache_range){ x.off, x.len };
    }
    doing = "cache_prefetch";
    expect(mmapx_cache_prefetch(fd, ranges, 3), 0);
    expect(mmapx_cache_prefetch(-1, ranges, 3), EBADF);
    expect(mmapx_cache_prefetch(fd, NULL, 3), EINVAL);
    expect(mmapx_cache_prefetch(fd, NULL, 0), 0);
    if (take_below(2) == 0)
        ranges[take_below(3)].off = -1 - (int64_t)take();
    else
        ranges[take_below(3)].len = -2 - (int64_t)take();
    expect(mmapx_cache_prefetch(fd, ranges, 3), EINVAL);
    check_all();
}

/* A call with arguments that are none, and what it may not have stored to. */
void
do_cache_bad(void)
{
    struct extent x = take_extent();
    struct mmapx_cache_run run, run_before;
    struct mmapx_cache c, before;
    size_t n = 1;
    int outcome = EINVAL;

    memset(&c, 7, sizeof c);
    memset(&before, 7, sizeof before);
    memset(&run, 7, sizeof run);
    memset(&run_before, 7, sizeof run_before);
    doing = "a cache call with bad arguments";
    switch (take_below(4)) {
    case 0:
        x.off = -1 - (int64_t)take();
        break;
    case 1:
        x.len = -2 - (int64_t)take();
        break;
    case 2:
        x.off = INT64_MAX - take();
        x.len = INT64_MAX - x.off + 1 + take();
        outcome = EOVERFLOW;
        break;
    default:
        x.fd = -1;
        outcome = EBADF;
        break;
    }
    expect(mmapx_cache_stat(x.fd, x.off, x.len, &c), outcome);
    expect(mmapx_cache_runs(x.fd, x.off, x.len, &run, &n), outcome);
    if (x.off < 0 || x.fd < 0)
        expect(mmapx_cache_run(x.fd, x.off, &run), outcome);
    expect(mmapx_cache_load(x.fd, x.off, x.len), outcome);
    expect(mmapx_cache_evict(x.fd, x.off, x.len), outcome);
    expect(mmapx_cache_stat(x.file->fd, 0, -1, NULL), EINVAL);
    expect(mmapx_cache_run(x.file->fd, 0, NULL), EINVAL);
    expect(mmapx_cache_runs(x.file->fd, 0, -1, NULL, &n), EINVAL);
    expect(mmapx_cache_runs(x.file->fd, 0, -1, &run, NULL), EINVAL);
    if (memcmp(&c, &before, sizeof c) != 0
        || memcmp(&run, &run_before, sizeof run) != 0 || n != 1)
        fail("a failure changed what it was to fill");
    n = 0;
    expect(mmapx_cache_runs(x.file->fd, 0, -1, &run, &n), EINVAL);
}
