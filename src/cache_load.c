/* SPDX-License-Identifier: MIT */
/* Loading a file into the page cache: what is left out, and what is read. */
#include "internal.h"

/* Bytes that are asked for at once while loading.  The kernel answers a large
 * request with large input and output; from here on more brought nothing. */
enum { LOAD_STEP = 2 << 20 };

/* Less than this is sooner read once more than asked about. */
enum { LEAST_SKIP = 128 << 10 };

/* How much of the range is cached, for sure: all, perhaps a part, or none that
 * we know of, which is also what an error means.  cachestat(2) counts pages
 * that are still being read, or that could not be; mincore(2) does not, and
 * takes longer. */
enum amount { NONE, PART, ALL };

static enum amount
cached_amount(int fd, int64_t off, int64_t end)
{
    uint64_t pages = mmapx_i_cache_pages(off, end);
    struct mmapx_cache c, mapped;

    if (mmapx_os_cachestat(fd, off, end - off, &c) < 0 || c.cached == 0)
        return NONE;
    if (c.cached < pages)
        return PART;
    return mmapx_i_cache_count(fd, off, end, &mapped) == 0
                   && mapped.cached >= pages
               ? ALL
               : PART;
}

static bool
is_cached(int fd, int64_t off, int64_t end)
{
    return cached_amount(fd, off, end) == ALL;
}

/* Leave out what is cached at the ends of a range.  What lies between is not
 * cut up: one request keeps a disk busier than two. */
static void
leave_out_cached_ends(int fd, int64_t *off, int64_t *end)
{
    for (int64_t half = (*end - *off) / 2; half >= LEAST_SKIP; half /= 2) {
        if (is_cached(fd, *off, *off + half))
            *off += half;
        if (is_cached(fd, *end - half, *end))
            *end -= half;
    }
}

/* Read through the cache, as far as the file reaches; *off follows. */
static int
read_through_cache(int fd, int64_t *off, int64_t end)
{
    int64_t n = 1;

    while (*off < end && n > 0) {
        do
            n = mmapx_os_read_and_discard(fd, *off, end - *off);
        while (n == -EINTR);
        if (n < 0)
            return (int)n;
        *off += n;
    }
    return 0;
}

/* The same where reading goes past the cache. */
static int
read_by_faults(int fd, int64_t *off, int64_t end)
{
    struct mmapx m;
    int r = mmapx_i_map(&m, fd, *off, (size_t)(end - *off), PROT_READ,
                        MAP_SHARED);

    if (r < 0)
        return r;
    r = mmapx_i_populate(&m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ);
    mmapx_i_unmap(&m);
    *off = end;
    return r == -EFAULT ? -EIO : r;
}

static int
load(int fd, int64_t off, int64_t len)
{
    int (*read_range)(int fd, int64_t *off, int64_t end)
        = mmapx_os_bypasses_cache(fd) ? read_by_faults : read_through_cache;
    int64_t data_end = 0; /* from off on there are data as far as this */
    int64_t end;
    int r = mmapx_i_cache_range(fd, &off, len, &end);

    if (r == 0)
        r = mmapx_i_cache_probe(fd, 0);
    while (r == 0 && off < end) {
        int64_t step = LOAD_STEP - off % LOAD_STEP;
        int64_t next = step < end - off ? off + step : end;
        int64_t at = off;
        int64_t wanted = next;
        enum amount cached = cached_amount(fd, off, next);

        if (cached == ALL) {
            off = next;
            continue;
        }
        if (off >= data_end)
            mmapx_os_next_data(fd, &off, end, &data_end);
        if (off > at)
            continue; /* it was a hole */
        if (cached == PART)
            leave_out_cached_ends(fd, &at, &wanted);
        r = read_range(fd, &at, wanted);
        if (at < wanted)
            break; /* an error, or the file has become shorter */
        off = next;
    }
    return r;
}

int
mmapx_cache_load(int fd, int64_t off, int64_t len)
{
    return mmapx_i_result(load(fd, off, len));
}
