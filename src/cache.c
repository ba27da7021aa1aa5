/* SPDX-License-Identifier: MIT */
/* The page cache of a file, by descriptor: counting and evicting. */
#include "internal.h"

/* Bytes that are mapped at a time: little enough for any address space, and
 * enough that mapping costs nothing beside looking. */
enum { MAP_WINDOW = 64 << 20 };

/* Pages that are looked at in one call, by a vector on the stack. */
enum { PAGES = 2048 };

/* Pages to be looked at, at most, to find out whether some have stayed. */
enum { FEW = 1 << 14 };

enum {
    ALL_KNOWN = MMAPX_CACHE_CACHED | MMAPX_CACHE_DIRTY | MMAPX_CACHE_WRITEBACK
                | MMAPX_CACHE_EVICTED | MMAPX_CACHE_RECENTLY_EVICTED,
};

/* The size of what is open as fd, or is a handle (O_PATH), if it has a page
 * cache. */
static int
size_of(int fd, int64_t *size)
{
    struct mmapx_os_stat st;
    int r = mmapx_os_stat(fd, &st);

    if (r < 0)
        return r;
    if (st.type != MMAPX_OS_FILE && st.type != MMAPX_OS_BLOCK)
        return -ENODEV;
    /* Huge pages are no cache of anything. */
    if (st.page != mmapx_os_page_size())
        return -ENOTSUP;
    return mmapx_i_object_size(fd, &st, size);
}

/* The size of what is open as fd, if it has a page cache. */
int
mmapx_i_cache_size(int fd, int64_t *size)
{
    int r = mmapx_os_access(fd);

    return r < 0 ? r : size_of(fd, size);
}

/* Check the numbers of a range; -1 becomes the length "to the end". */
static int
check_range(int64_t off, int64_t *len)
{
    if (*len == (int64_t)MMAPX_TO_END) /* not -1 where a size is narrower */
        *len = -1;
    if (off < 0 || *len < -1)
        return -EINVAL;
    return *len > INT64_MAX - off ? -EOVERFLOW : 0;
}

/* The bytes that a range means of an object of that size: what lies past the
 * end has no pages. */
static void
clip_range(int64_t *off, int64_t len, int64_t *end, int64_t size)
{
    if (*off > size)
        *off = size;
    *end = len == -1 || len > size - *off ? size : *off + len;
}

/* Check a range of a descriptor.  *off and *end become the bytes that it
 * means. */
int
mmapx_i_cache_range(int fd, int64_t *off, int64_t len, int64_t *end)
{
    int64_t size = 0;
    int r = check_range(*off, &len);

    if (r == 0)
        r = mmapx_i_cache_size(fd, &size);
    if (r == 0)
        clip_range(off, len, end, size);
    return r;
}

/*
 * The result r, but -ENODEV for what looks like a file of which nothing is
 * cached, and never can be: the text of procfs and sysfs.
 */
int
mmapx_i_cache_probe(int fd, int r)
{
    struct mmapx m;
    int mapped = mmapx_i_map(&m, fd, 0, 0, PROT_NONE, MAP_SHARED);

    if (mapped == 0)
        mmapx_i_unmap(&m);
    return mapped == -ENODEV ? mapped : r;
}

/* The cached pages of a window, by a vector of n bytes. */
static int
count_window(struct mmapx_i_window *w, uint64_t pages, unsigned char *vec,
             size_t n, uint64_t *cached)
{
    int r = 0;

    for (size_t at = 0; at < pages && r == 0; at += n) {
        if (n > pages - at)
            n = (size_t)pages - at;
        r = mmapx_i_window_look(w, at, n, vec);
        if (r == 0)
            *cached += mmapx_i_resident(vec, n);
    }
    return r;
}

static int
count_windows(int fd, int64_t off, int64_t end, unsigned char *vec, size_t n,
              uint64_t *cached)
{
    int r = 0;

    for (int64_t len; off < end && r == 0; off += len) {
        struct mmapx_i_window w;

        len = MAP_WINDOW - off % MAP_WINDOW;
        if (len > end - off)
            len = end - off;
        r = mmapx_i_window_open(&w, fd, off, off + len);
        if (r < 0)
            return r;
        r = count_window(&w, mmapx_i_cache_pages(off, off + len), vec, n,
                         cached);
        mmapx_i_window_close(&w);
    }
    return r;
}

/* By mincore(2): what is cached, and nothing else.  To a caller who may not
 * know, the kernel says that all is cached, so a page that is not shows the
 * truth. */
int
mmapx_i_cache_count(int fd, int64_t off, int64_t end, struct mmapx_cache *c)
{
    uint64_t pages = mmapx_i_cache_pages(off, end);
    unsigned char few[PAGES];
    unsigned char *vec = few;
    size_t n = PAGES;
    int r;

    *c = (struct mmapx_cache){ .known = MMAPX_CACHE_CACHED };
    if (pages > PAGES)
        n = mmapx_i_vector_map(&vec, PAGES);
    r = count_windows(fd, off, end, vec, n, &c->cached);
    if (vec != few)
        mmapx_i_vector_unmap(vec);
    return r == 0 && c->cached >= pages ? mmapx_i_window_is_true(fd) : r;
}

/*
 * The same for counting.  Neither cachestat(2) nor mmap(2) takes a handle, so
 * where there are pages to count nobody else has to ask whether it is one: a
 * call less for each of many files.
 */
static int
range_to_count(int fd, int64_t *off, int64_t len, int64_t *end)
{
    int64_t size;
    int r = check_range(*off, &len);
    int access;

    if (r < 0)
        return r;
    r = size_of(fd, &size);
    if (r == 0)
        clip_range(off, len, end, size);
    if (r == 0 && *off < *end)
        return 0;
    access = mmapx_os_access(fd);
    return access < 0 ? access : r;
}

static int
cache_stat(int fd, int64_t off, int64_t len, struct mmapx_cache *c)
{
    struct mmapx_cache found = { .known = ALL_KNOWN }; /* of nothing */
    int64_t end = off;
    bool doubtful;
    int r;

    if (c == NULL)
        return -EINVAL;
    r = range_to_count(fd, &off, len, &end);
    if (r < 0)
        return r;
    if (off < end)
        r = mmapx_os_cachestat(fd, off, end - off, &found);
    doubtful = r == 0 && found.cached == 0 && !mmapx_os_has_own_cache(fd);
    if (r == -ENOSYS || (doubtful && off < end))
        r = mmapx_i_cache_count(fd, off, end, &found);
    else if (r == -EPERM || doubtful)
        r = mmapx_i_cache_probe(fd, r);
    if (r < 0)
        return r;
    found.pages = mmapx_i_cache_pages(off, end);
    *c = found;
    return 0;
}

/*
 * Whether clean pages have stayed in the cache.  Where only mincore(2) tells,
 * and there are many pages, they may have.
 */
static bool
some_stayed(int fd, int64_t off, int64_t end, bool own_cache)
{
    struct mmapx_cache c;
    int r = mmapx_os_cachestat(fd, off, end - off, &c);

    if (r == 0 && (c.cached > 0 || own_cache))
        return c.cached > c.dirty;
    if (mmapx_i_cache_pages(off, end) > FEW)
        return true;
    return mmapx_i_cache_count(fd, off, end, &c) < 0 || c.cached > 0;
}

/* Bytes that are tried first of a range which is long against them. */
enum { TRIED_FIRST = 2 << 20, LONG = 8 * TRIED_FIRST };

/* What is to be dropped of a file, in whole pages. */
struct range {
    int64_t off;
    int64_t end;
    bool to_end;    /* of the file */
    bool own_cache; /* see mmapx_os_has_own_cache() */
};

/* Drop the range as far as end: 1 if all has gone that could go, 0 if not; or
 * an errno. */
static int
drop(int fd, const struct range *range, int64_t end)
{
    bool to_end = range->to_end && end == range->end;
    int r = mmapx_os_evict(fd, range->off, end - range->off, to_end);

    return r < 0 ? r : !some_stayed(fd, range->off, end, range->own_cache);
}

static int
find_range(int fd, int64_t off, int64_t len, struct range *range)
{
    int64_t size = 0;
    int r = check_range(off, &len);

    if (r == 0)
        r = mmapx_i_cache_size(fd, &size);
    if (r < 0)
        return r;
    range->off = off;
    clip_range(&range->off, len, &range->end, size);
    range->to_end = range->end == size;
    range->own_cache = mmapx_os_has_own_cache(fd);
    return range->own_cache ? 0 : mmapx_i_cache_probe(fd, 0);
}

/*
 * To drop a page that this process has mapped, its mappings are looked for,
 * which takes long where there are many: only if pages have stayed.  To try
 * each of them in vain takes long as well: the first ones tell of the others.
 */
static int
evict(int fd, int64_t off, int64_t len)
{
    struct range range;
    int r = find_range(fd, off, len, &range);

    if (r < 0 || range.off == range.end)
        return r;
    /* The last unit of the cache may be larger than the last page. */
    mmapx_i_cache_widen(&range.off, &range.end);
    r = range.end - range.off < LONG
            ? 1
            : drop(fd, &range, range.off + TRIED_FIRST);
    if (r > 0)
        r = drop(fd, &range, range.end);
    if (r != 0)
        return r < 0 ? r : 0;
    mmapx_os_unmap_file(fd, range.off, range.end);
    return mmapx_os_evict(fd, range.off, range.end - range.off, range.to_end);
}

int
mmapx_cache_stat(int fd, int64_t off, int64_t len, struct mmapx_cache *c)
{
    return mmapx_i_result(cache_stat(fd, off, len, c));
}

int
mmapx_cache_evict(int fd, int64_t off, int64_t len)
{
    return mmapx_i_result(evict(fd, off, len));
}
