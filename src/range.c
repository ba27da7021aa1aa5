/* SPDX-License-Identifier: MIT */
/* Byte ranges and the pages they mean. */
#include "internal.h"

unsigned char *
mmapx_i_round_down(const void *addr, size_t page)
{
    return (unsigned char *)((uintptr_t)addr & ~(uintptr_t)(page - 1));
}

size_t
mmapx_i_round_up(size_t len, size_t page)
{
    return (len + page - 1) & ~(page - 1);
}

/* The first byte of the mapping's first page. */
unsigned char *
mmapx_i_base(const struct mmapx *m)
{
    return mmapx_i_round_down(m->addr, mmapx_i_page_size(m));
}

/* The bytes of the mapping's first page that lie before the offset. */
size_t
mmapx_i_head(const struct mmapx *m)
{
    return (size_t)mmapx_i_offset(m) & (mmapx_i_page_size(m) - 1);
}

/* What the mapping takes from its base on, in whole pages, if it has len bytes.
 * An empty one has a page too. */
size_t
mmapx_i_extent_of(const struct mmapx *m, size_t len)
{
    size_t page = mmapx_i_page_size(m);

    return len > 0 ? mmapx_i_round_up(mmapx_i_head(m) + len, page) : page;
}

size_t
mmapx_i_extent(const struct mmapx *m)
{
    return mmapx_i_extent_of(m, mmapx_i_len(m));
}

/* What is the mapping's own from its base on, the room included. */
size_t
mmapx_i_whole(const struct mmapx *m)
{
    size_t extent = mmapx_i_extent(m);
    size_t room = mmapx_i_room(m);

    return extent > room ? extent : room;
}

/* What the mapping has in memory, and the handle's own part of a new place. */
struct mmapx_i_place
mmapx_i_place(const struct mmapx *m)
{
    return (struct mmapx_i_place){ mmapx_i_base(m), mmapx_i_extent(m),
                                   mmapx_i_room(m) };
}

/*
 * Others may read the handle while the mapping grows within its room: nothing
 * is stored that has not changed, and the length last, after its bytes are
 * there.
 */
void
mmapx_i_set_place(struct mmapx *m, const struct mmapx_i_place *place,
                  size_t len)
{
    unsigned char *addr = place->base + (len > 0 ? mmapx_i_head(m) : 0);

    if (m->addr != addr)
        m->addr = addr;
    if (mmapx_i_room(m) != place->room)
        __atomic_store_n(&m->reserved[MMAPX_I_ROOM], place->room,
                         __ATOMIC_RELAXED);
    __atomic_store_n(&m->len, len, __ATOMIC_RELEASE);
}

/* The pages of the system that bytes off to end of a file touch. */
uint64_t
mmapx_i_cache_pages(int64_t off, int64_t end)
{
    uint64_t page = mmapx_os_page_size();

    if (off == end)
        return 0;
    return ((uint64_t)end + page - 1) / page - (uint64_t)off / page;
}

/* Widen the non-empty byte range [off, end) to whole pages.  The largest file
 * ends before its last page does. */
void
mmapx_i_cache_widen(int64_t *off, int64_t *end)
{
    int64_t page = (int64_t)mmapx_os_page_size();
    int64_t rest = page - 1 - (*end - 1) % page;

    *off -= *off % page;
    *end += rest < INT64_MAX - *end ? rest : INT64_MAX - *end;
}

/* The same as mmapx_i_range(), and how long the mapping was when it was
 * looked at. */
static int
range_of(const struct mmapx *m, size_t off, size_t *len, size_t *whole)
{
    if (m == NULL || mmapx_i_kind(m) == MMAPX_I_UNMAPPED)
        return -EINVAL;
    *whole = mmapx_i_len(m);
    if (off > *whole)
        return -EINVAL;
    if (*len == MMAPX_TO_END)
        *len = *whole - off;
    return *len <= *whole - off ? 0 : -EINVAL;
}

/* Check a range of a handle and replace MMAPX_TO_END by the length it means. */
int
mmapx_i_range(const struct mmapx *m, size_t off, size_t *len)
{
    size_t whole;

    return range_of(m, off, len, &whole);
}

/*
 * Check a range and round it to pages.  span->len is 0 where there is nothing
 * to act on.
 */
int
mmapx_i_span(const struct mmapx *m, size_t off, size_t len,
             enum mmapx_i_rounding rounding, struct mmapx_i_span *span)
{
    size_t whole;
    int r = range_of(m, off, &len, &whole);

    if (r < 0)
        return r;

    size_t page = mmapx_i_page_size(m);
    uintptr_t mask = ~(uintptr_t)(page - 1);
    uintptr_t begin = (uintptr_t)m->addr + off;
    uintptr_t end = begin + len;
    bool own_edges = rounding != MMAPX_I_INWARD_PAGES
                     && mmapx_i_kind(m) != MMAPX_I_VIEW;
    bool begin_is_edge = (begin & ~mask) == 0 || (own_edges && off == 0);
    bool end_is_edge = (end & ~mask) == 0 || (own_edges && off + len == whole);

    *span = (struct mmapx_i_span){ NULL, 0 };
    if (len == 0)
        return 0;
    if (rounding == MMAPX_I_EXACT && !(begin_is_edge && end_is_edge))
        return -EINVAL;

    bool widen = rounding == MMAPX_I_OUTWARD;
    uintptr_t first = begin & mask;
    uintptr_t last = end & mask;

    if (!begin_is_edge && !widen)
        first += page;
    if ((end & ~mask) != 0 && (end_is_edge || widen))
        last += page;
    if (first < last) {
        span->addr = (unsigned char *)first;
        span->len = last - first;
    }
    return 0;
}

/* The bytes that a run of pages has of the left ones from off on: its first
 * page begins before off, its last may end behind them. */
size_t
mmapx_i_clip_run(const struct mmapx *m, size_t off, size_t left,
                 const struct mmapx_i_span *run)
{
    size_t lead;

    if (run->len == 0)
        return 0;
    lead = (size_t)((unsigned char *)m->addr + off - run->addr);
    return run->len - lead < left ? run->len - lead : left;
}
