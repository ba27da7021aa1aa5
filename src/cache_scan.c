/* SPDX-License-Identifier: MIT */
/*
 * Search a file for the runs of pages that are in the page cache.
 *
 * There are two ways to ask.  cachestat(2) counts the cached pages of a range:
 * a call takes as long as mincore(2) takes for half a dozen pages, and beyond
 * that it costs what is cached, by the folio.  mincore(2) answers for each page
 * and costs the same for each.  Ranges that are cached as a whole, or not at
 * all, or in large folios, want the former; small folios in disorder want the
 * latter; and one file can be all of these.  So the clock decides, anew for
 * every stretch that is neither all cached nor all not.
 */
#include "internal.h"

#include <string.h>

/* Pages that are looked at in one way. */
enum { STRETCH = 4096 };

/* Bytes that are mapped at a time where only mincore tells.  To map less more
 * often takes longer, and an address space may be small. */
enum { WINDOW = 64 << 20 };

/* Pages that mincore looks at in one call: their vector is on the stack, unless
 * only mincore tells. */
enum { PIECE = 2048 };

/* The first pages of a call, which may be one of many that each list a few
 * runs: more might be in vain. */
enum { FIRST_STRETCH = 64 };

/* Upper limit, in pages, on one cachestat(2) over cached pages.  Such a call
 * costs time for every cached page, even if its answer turns out to be useless
 * ("some").  Ranges that are not cached are free and have no limit. */
enum { CACHED_AHEAD = 16384 };

/* After so many stretches by mincore the other way has its chance again. */
enum { RETRY = 32 };

/* The ns that mincore takes for a page, until that has been measured. */
enum { PAGE_COST = 60 };

/* How far a search has come.  Lengths are in pages unless they say bytes. */
struct scan {
    int fd;
    int64_t page;       /* bytes */
    int64_t off;        /* bytes: where the range begins */
    int64_t end_off;    /* bytes: and where it ends */
    int64_t at;         /* everything before this is in runs */
    int64_t end;
    int64_t next_count; /* to be counted next */
    int64_t stretch;    /* to be looked at next if there is only mincore */
    bool has_cachestat;
    bool can_map;       /* the descriptor can be mapped, and the truth told */
    bool is_true;       /* that is known: a page was not cached */
    bool count_first;   /* counting seems to be cheaper */
    int uncounted;      /* stretches since counting was tried */
    uint64_t page_cost; /* ns of mincore */
    unsigned char *vec; /* what mincore says of a piece */
    size_t piece;       /* pages */
    struct mmapx_cache_run *runs;
    size_t room;
    size_t n;
};

/* What the functions that go on with a scan return, or -errno. */
enum {
    MORE,
    FULL, /* there is no room for another run */
    TOO_LATE, /* the deadline has passed */
};

static int64_t
lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The byte at which a page begins, as far as the range goes: the last page of
 * the largest file would end at a byte without a number. */
static int64_t
byte_of(const struct scan *s, int64_t page)
{
    uint64_t byte = (uint64_t)page * (uint64_t)s->page;

    return byte < (uint64_t)s->end_off ? (int64_t)byte : s->end_off;
}

/* The next pages are all cached or all not. */
static int
emit(struct scan *s, int64_t pages, bool cached)
{
    int64_t begin = byte_of(s, s->at);
    struct mmapx_cache_run *run = s->runs + s->n - 1;

    if (s->n == 0 || run->cached != cached) {
        if (s->n == s->room)
            return FULL;
        run = s->runs + s->n++;
        run->off = begin > s->off ? begin : s->off;
        run->cached = cached;
    }
    s->at += pages;
    run->len = byte_of(s, s->at) - run->off;
    return MORE;
}

/* --- By counting --------------------------------------------------------- */

/* How many of so many pages from at on are cached. */
static int
count(const struct scan *s, int64_t at, int64_t pages, int64_t *cached)
{
    int64_t off = byte_of(s, at);
    struct mmapx_cache c;
    int r = mmapx_os_cachestat(s->fd, off, byte_of(s, at + pages) - off, &c);

    *cached = 0;
    if (r == 0)
        *cached = c.cached < (uint64_t)pages ? (int64_t)c.cached : pages;
    return r;
}

/*
 * The run that begins at the next page: forward in steps that double, and in
 * the last of them back by halves, so that few pages beyond it are counted.
 */
static int
single_run(struct scan *s)
{
    int64_t limit = s->end - s->at;
    int64_t pages = 1;
    int64_t step = 1;
    int64_t first, cached;
    int r = count(s, s->at, 1, &first);

    for (cached = first; r == 0 && pages < limit; pages += step) {
        step = lesser(2 * step, limit - pages);
        r = count(s, s->at + pages, step, &cached);
        if (cached != first * step)
            break;
    }
    while (r == 0 && pages < limit && step > 1) {
        int64_t half = step / 2;
        bool alike;

        r = count(s, s->at + pages, half, &cached);
        alike = cached == first * half;
        pages += alike ? half : 0;
        step = alike ? step - half : half;
    }
    if (r < 0)
        return r;
    emit(s, pages, first == 1);
    return FULL;
}

/*
 * Split pages, cached of which are cached, until each part is uniform or the
 * deadline passes.  The second half has what the first half lacks, unless the
 * cache changed in between.
 */
static int
halve(struct scan *s, int64_t pages, int64_t cached, uint64_t deadline)
{
    int64_t half = pages / 2;
    int64_t left, right;
    int r;

    if (cached == 0 || cached == pages)
        return emit(s, pages, cached != 0);
    if (s->can_map && mmapx_os_clock() >= deadline)
        return TOO_LATE;
    r = count(s, s->at, half, &left);
    if (r < 0)
        return r;
    right = cached > left ? lesser(cached - left, pages - half) : 0;
    r = halve(s, half, left, deadline);
    return r == MORE ? halve(s, pages - half, right, deadline) : r;
}

/* --- By mincore ---------------------------------------------------------- */

/* The thread may have been preempted while we measured, so one sample changes
 * the average only a little. */
static void
note_cost(struct scan *s, uint64_t ns, size_t pages)
{
    uint64_t cost = ns / pages + 1;

    if (cost > 4 * s->page_cost)
        cost = 4 * s->page_cost;
    s->page_cost = (3 * s->page_cost + cost) / 4;
}

/*
 * What mincore(2) says of n pages of a window.  It says that all are cached to
 * a caller who may not know, also where cachestat(2) tells this caller more,
 * because the descriptor can write: then counting has to do.
 */
static int
look(struct scan *s, struct mmapx_i_window *w, size_t page, size_t n)
{
    unsigned char *vec = s->vec;
    int r = mmapx_i_window_look(w, page, n, vec);

    for (size_t i = 0; i < n && r == 0; i++)
        vec[i] &= 1;
    if (r == 0 && !s->is_true && mmapx_i_resident(vec, n) == n)
        r = mmapx_i_window_is_true(s->fd);
    s->is_true = s->is_true || r == 0;
    return r;
}

static int
emit_all(struct scan *s, size_t n)
{
    const unsigned char *vec = s->vec;
    int r = MORE;

    for (size_t i = 0, next; i < n && r == MORE; i = next) {
        const unsigned char *other = memchr(vec + i, !vec[i], n - i);

        next = other != NULL ? (size_t)(other - vec) : n;
        /* The whole stretch was one run, so the next one may be too: count. */
        s->count_first = next - i == n;
        r = emit(s, (int64_t)(next - i), vec[i] == 1);
    }
    return r;
}

static int
walk_by_mincore(struct scan *s, int64_t end)
{
    size_t pages = (size_t)(end - s->at);
    size_t at = 0;
    uint64_t began = mmapx_os_clock();
    struct mmapx_i_window w;
    int r = mmapx_i_window_open(&w, s->fd, byte_of(s, s->at), byte_of(s, end));

    /* If it is not open for reading, for one, counting has to do. */
    s->can_map = r == 0;
    if (r < 0)
        return s->has_cachestat ? MORE : r;
    do {
        size_t n = pages - at < s->piece ? pages - at : s->piece;

        r = look(s, &w, at, n);
        if (r == 0)
            r = emit_all(s, n);
        at += n;
    } while (at < pages && r == MORE);
    mmapx_i_window_close(&w);
    note_cost(s, mmapx_os_clock() - began, pages);
    if (r != -EPERM || !s->has_cachestat)
        return r;
    s->can_map = false;
    return MORE;
}

/* --- Both ---------------------------------------------------------------- */

/*
 * The next pages, of which cached are cached.  took is what cachestat(2) needed
 * to count them, in ns.  A long time means many small folios, for which
 * mincore(2) is cheaper.
 */
static int
walk_mixed(struct scan *s, int64_t pages, int64_t cached, uint64_t took)
{
    int64_t end = s->at + pages;
    uint64_t cost = (uint64_t)pages * s->page_cost;
    int r = TOO_LATE;

    s->uncounted = 0;
    s->count_first = took < cost / 4;
    if (s->count_first || !s->can_map)
        r = halve(s, pages, cached, mmapx_os_clock() + cost);
    if (r != TOO_LATE)
        return r;
    s->count_first = false;
    return walk_by_mincore(s, end);
}

static int
step_by_count(struct scan *s)
{
    int64_t pages = lesser(s->next_count, s->end - s->at);
    uint64_t began = mmapx_os_clock();
    int64_t cached;
    int r = count(s, s->at, pages, &cached);

    if (r < 0)
        return r;
    if (cached == 0 || cached == pages) {
        s->next_count = 2 * pages;
        if (cached != 0)
            s->next_count = lesser(s->next_count, CACHED_AHEAD);
        return emit(s, pages, cached != 0);
    }
    s->next_count = STRETCH;
    if (pages > STRETCH)
        return MORE;
    return walk_mixed(s, pages, cached, mmapx_os_clock() - began);
}

static int
step_by_mincore(struct scan *s)
{
    int64_t pages = lesser(s->stretch, s->end - s->at);

    if (pages > STRETCH && s->piece == PIECE)
        s->piece = mmapx_i_vector_map(&s->vec, PIECE);
    if (s->stretch < STRETCH || s->stretch * s->page < WINDOW)
        s->stretch *= 2;
    return walk_by_mincore(s, s->at + pages);
}

/* About how far the room for runs reaches: more would be looked at in vain. */
static int64_t
pages_to_fill(const struct scan *s)
{
    size_t room = s->room - s->n < STRETCH ? s->room - s->n : STRETCH;
    int64_t pages = s->at - s->off / s->page;

    return FIRST_STRETCH + (int64_t)room * (1 + pages / (int64_t)(s->n + 1));
}

static int
step(struct scan *s)
{
    if (!s->has_cachestat)
        return step_by_mincore(s);
    /* A single run is looked for as if there were no other. */
    if (s->room == 1)
        return single_run(s);
    if (s->count_first || !s->can_map || ++s->uncounted > RETRY)
        return step_by_count(s);
    s->stretch = lesser(STRETCH, pages_to_fill(s));
    return step_by_mincore(s);
}

/* Go through the range, from its beginning on. */
static int
go_through(struct scan *s, bool counts)
{
    int r = MORE;

    s->has_cachestat = counts;
    s->can_map = s->count_first = true;
    s->at = s->off / s->page;
    s->next_count = s->stretch = FIRST_STRETCH;
    s->n = 0;
    while (r == MORE && s->at < s->end) {
        r = step(s);
        if (r == -ENOSYS && s->has_cachestat) {
            s->has_cachestat = false;
            r = MORE;
        }
    }
    return r;
}

/* Whether nothing was found where cachestat(2) may not know: on a file system
 * that stacks. */
static bool
is_doubtful(const struct scan *s)
{
    return s->has_cachestat && s->at == s->end && s->n == 1 && !s->runs->cached
           && !mmapx_os_has_own_cache(s->fd);
}

int
mmapx_i_cache_scan(int fd, int64_t off, int64_t end,
                   struct mmapx_cache_run *runs, size_t *n)
{
    unsigned char vec[PIECE];
    struct scan s = {
        .fd = fd,
        .page = (int64_t)mmapx_os_page_size(),
        .off = off,
        .end_off = end,
        .page_cost = PAGE_COST,
        .vec = vec,
        .piece = PIECE,
        .runs = runs,
        .room = *n,
    };
    int r;

    s.end = off / s.page + (int64_t)mmapx_i_cache_pages(off, end);
    r = go_through(&s, true);
    if (r >= 0 && is_doubtful(&s))
        r = go_through(&s, false);
    if (s.vec != vec)
        mmapx_i_vector_unmap(s.vec);
    *n = s.n;
    return r < 0 ? r : 0;
}
