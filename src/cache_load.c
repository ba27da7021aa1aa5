/* SPDX-License-Identifier: MIT */
/* Bringing a part of a file into the page cache. */
#include "cache_load.h"

/* Bytes that are asked for at once.  The kernel answers a large request with
 * large input and output; from here on more brought nothing. */
enum { READ_STEP = 2 << 20 };

/* Bytes that a mapping is populated by.  After a failure so much is read once
 * more, to find the page that it was. */
enum { MAP_STEP = 8 << 20 };

/* Bytes that are begun before they are waited for, in small pieces; and where
 * the data are far away, since FUSE has 12 requests under way at most, and
 * forgets some of what is begun beyond that. */
enum { AHEAD = 16 << 20, FAR_AHEAD = 2 << 20 };

/*
 * Where much is to be read, it is found out how long it takes to read a unit,
 * so many times.  More ns than this each time: somebody far away is asked, and
 * it pays to have many questions on their way.
 */
enum { MUCH = 4 << 20, SAMPLES = 2, LONG = 300 * 1000 };

/* --- Ways to bring it in -------------------------------------------------- */

/* Read through the cache, as far as the file reaches. */
static int
read_in(struct loader *l, int64_t off, int64_t end)
{
    while (off < end) {
        int64_t step = READ_STEP - off % READ_STEP;
        int64_t n;

        if (step > end - off)
            step = end - off;
        do
            n = mmapx_os_read_and_discard(l->fd, off, step);
        while (n == -EINTR);
        if (n < 0)
            return (int)n;
        if (n == 0) {
            l->cut = true;
            break;
        }
        off += n;
    }
    return 0;
}

/*
 * The same where reading goes past the cache.  Nothing may be read while it is
 * mapped: where all memory is locked, the kernel brings it in then, and tries
 * without end to read a page that cannot be read.
 */
static int
fault_in(struct loader *l, int64_t off, int64_t end)
{
    struct mmapx m;
    int r = mmapx_i_map(&m, l->fd, off, (size_t)(end - off), PROT_NONE,
                        MAP_SHARED);

    if (r < 0)
        return r;
    r = mmapx_i_protect(&m, 0, MMAPX_TO_END, PROT_READ);
    if (r == 0)
        r = mmapx_i_populate(&m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ, false);
    mmapx_i_unmap(&m);
    return r == -EFAULT ? -EIO : r;
}

static int
bring_in(struct loader *l, int64_t off, int64_t end)
{
    return l->past_cache ? fault_in(l, off, end) : read_in(l, off, end);
}

static int
populate(unsigned char *addr, size_t len)
{
    struct mmapx_i_span span = { addr, len };
    int r;

    do
        r = mmapx_i_madvise(&span, MMAPX_MADV_POPULATE_READ);
    while (r == -EINTR);
    return r;
}

/* Whether the touch of one page brings in the block that it is in. */
static bool
brings_blocks(const struct mmapx_i_window *w)
{
    unsigned char vec[512];
    size_t n = w->len / mmapx_os_page_size();

    if (n > sizeof vec)
        n = sizeof vec;
    return populate(w->addr, mmapx_os_page_size()) == 0
           && mmapx_os_mincore(w->addr, n * mmapx_os_page_size(), vec) == 0
           && mmapx_i_resident(vec, n) == n;
}

/*
 * Through a mapping with the advice for huge pages, for which the kernel reads
 * by huge pages and keeps the disk busy, however small its read-ahead is: Linux
 * since 5.18, where the file system has large folios.  How far that went, which
 * may be nowhere; the rest is to be read.
 */
static int64_t
map_in(struct loader *l, int64_t off, int64_t end)
{
    struct mmapx_i_window w;
    size_t done = 0;

    if (mmapx_i_window_open(&w, l->fd, off, end) < 0)
        return off;
    struct mmapx_i_span all = { w.addr, w.len };

    if (mmapx_os_mprotect(w.addr, w.len, PROT_READ) < 0
        || mmapx_i_madvise(&all, MMAPX_MADV_HUGEPAGE) < 0)
        l->touches = PAGES;
    if (l->touches == UNTRIED)
        l->touches = brings_blocks(&w) ? BLOCKS : PAGES;
    while (l->touches == BLOCKS && done < w.len) {
        size_t step = w.len - done < MAP_STEP ? w.len - done : MAP_STEP;

        if (populate((unsigned char *)w.addr + done, step) < 0)
            break;
        done += step;
    }
    mmapx_i_window_close(&w);
    return done < (size_t)(end - off) ? off + (int64_t)done : end;
}

/* --- Part by part --------------------------------------------------------- */

/* Blocks are what the kernel has in one huge page, and reads at once. */
static bool
has_blocks(void)
{
    size_t page = mmapx_os_page_size();

    return page / 8 * page == mmapx_os_large_alignment;
}

/*
 * The end of the block that begins at off, if it can be brought in as one: all
 * of it is data for certain, since on tmpfs the touch of a hole takes memory;
 * nothing of it is cached; and no hole follows that would come with it.  Else
 * off.  The last block of a file is as long as it is.
 */
static int64_t
whole_block(const struct loader *l, const struct part *part, int64_t off)
{
    int64_t block = (int64_t)mmapx_os_large_alignment;
    int64_t end = off;

    if (l->touches == PAGES || !l->told || off % block != 0)
        return off;
    if (part->before_hole && part->end - off <= 2 * block)
        return off;
    if (part->end - off >= block)
        end = off + block;
    else if (part->end == l->size && part->end - off >= 2 * (int64_t)UNIT)
        end = part->end;
    for (int64_t at = off; at < end; at += UNIT < end - at ? UNIT : end - at)
        if (part->cached[mmapx_i_unit_of(part, at)] != NONE)
            return off;
    return end;
}

static bool
is_far(const struct loader *l)
{
    return l->samples == SAMPLES && l->is_far;
}

enum way { LEAVE, READ, BEGIN_AND_READ, MAP };

/* How the unit or the block at off is brought in, and where it ends. */
static enum way
way_at(const struct loader *l, const struct part *part, int64_t off,
       int64_t *end)
{
    enum amount cached = (enum amount)part->cached[mmapx_i_unit_of(part, off)];
    int64_t block_end = whole_block(l, part, off);

    *end = block_end;
    if (block_end > off)
        return MAP;
    *end = UNIT - off % UNIT < part->end - off ? off - off % UNIT + UNIT
                                               : part->end;
    if (cached == ALL)
        return LEAVE;
    return part->fresh && !part->before_hole && !is_far(l) ? READ
                                                           : BEGIN_AND_READ;
}

/*
 * Begin small pieces, so that the disk has many of them to do.  They are read
 * exactly, where reading them would read on into a hole behind them or into
 * what is cached already.
 */
static void
begin_ahead(struct loader *l, const struct part *part, int64_t off)
{
    int64_t ahead = is_far(l) ? FAR_AHEAD : AHEAD;
    int64_t next;

    if (l->begun < off)
        l->begun = off;
    for (; l->begun < part->end && l->begun - off < ahead; l->begun = next)
        if (way_at(l, part, l->begun, &next) == BEGIN_AND_READ)
            mmapx_os_readahead(l->fd, l->begun, next - l->begun);
}

/* Read a little, and see how long that takes: by what is begun, since after a
 * read FUSE forgets more of what is begun later by the same descriptor. */
static int
take_sample(struct loader *l, int64_t off, int64_t end)
{
    uint64_t began = mmapx_os_clock();
    int r;

    mmapx_os_readahead(l->fd, off, end - off);
    r = bring_in(l, off, end);
    l->is_far = (l->samples == 0 || l->is_far)
                && mmapx_os_clock() - began > LONG;
    l->samples++;
    l->begun = end; /* what follows may be begun now */
    return r;
}

/* Bring in what is to be brought in alike.  *end is how far that came: nowhere
 * where it turned out that there are no blocks. */
static int
load_stretch(struct loader *l, const struct part *part, enum way way,
             int64_t off, int64_t *end)
{
    begin_ahead(l, part, off);
    if (way == MAP)
        off = map_in(l, off, *end);
    if (way == MAP && l->touches == PAGES) {
        *end = off;
        return 0;
    }
    return way != LEAVE && off < *end ? bring_in(l, off, *end) : 0;
}

static int
load_part(struct loader *l, const struct part *part)
{
    int64_t next;
    int r = 0;

    for (int64_t off = part->off; off < part->end && r == 0 && !l->cut;
         off = next) {
        enum way way = way_at(l, part, off, &next);
        int64_t more;

        /* Not where more is begun after each piece. */
        while (next < part->end && !is_far(l)
               && way_at(l, part, next, &more) == way)
            next = more;
        if ((way == READ || way == BEGIN_AND_READ) && l->samples < SAMPLES
            && next - off >= MUCH) {
            next = off + UNIT;
            r = take_sample(l, off, next);
        } else {
            r = load_stretch(l, part, way, off, &next);
        }
    }
    return r;
}

static int
load(int fd, int64_t off, int64_t len)
{
    struct loader l = { .fd = fd, .past_cache = mmapx_os_bypasses_cache(fd) };
    struct part parts[2];
    int r = mmapx_i_cache_range(fd, &off, len, &l.end);

    if (r == 0)
        r = mmapx_i_cache_probe(fd, 0);
    if (r < 0)
        return r;
    if (mmapx_i_cache_size(fd, &l.size) < 0)
        l.size = -1; /* where it ends is not known */
    l.touches = has_blocks() ? UNTRIED : PAGES;
    l.at = off;
    mmapx_i_next_part(&l, &parts[0]);
    for (size_t i = 0; parts[i].off < parts[i].end && r == 0 && !l.cut;
         i = 1 - i) {
        mmapx_i_next_part(&l, &parts[1 - i]);
        r = load_part(&l, &parts[i]);
    }
    return r;
}

int
mmapx_cache_load(int fd, int64_t off, int64_t len)
{
    return mmapx_i_result(load(fd, off, len));
}
