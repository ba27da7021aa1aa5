/* SPDX-License-Identifier: MIT */
/* The parts of a file that have data, and what of them is cached. */
#include "cache_load.h"

#include <string.h>

/*
 * How much of the range is cached, for sure: none, all, or perhaps some.
 * cachestat(2) has pages among its own that are still being read, or that could
 * not be; mincore(2) has not, and takes longer.
 */
static enum amount
how_cached(int fd, int64_t off, int64_t end)
{
    uint64_t pages = mmapx_i_cache_pages(off, end);
    struct mmapx_cache c = { .cached = pages }, mapped = { .cached = 0 };
    int r = mmapx_os_cachestat(fd, off, end - off, &c);

    if (r == 0 && c.cached == 0 && mmapx_os_has_own_cache(fd))
        return NONE;
    if (r == 0 && c.cached > 0 && c.cached < pages)
        return SOME;
    if (mmapx_i_cache_count(fd, off, end, &mapped) < 0 || mapped.cached == 0)
        return r == 0 && c.cached > 0 ? SOME : NONE;
    return mapped.cached < pages ? SOME : ALL;
}

/* Note for each unit of a part how much of it is cached, by halves. */
static void
survey(int fd, struct part *part, int64_t off, int64_t end)
{
    enum amount cached = how_cached(fd, off, end);
    int64_t middle = (off + (end - off) / 2) / UNIT * UNIT;

    if (cached == SOME && off < middle) {
        survey(fd, part, off, middle);
        survey(fd, part, middle, end);
        return;
    }
    for (size_t i = mmapx_i_unit_of(part, off);
         i <= mmapx_i_unit_of(part, end - 1); i++)
        part->cached[i] = (unsigned char)cached;
    part->fresh = part->fresh && cached == NONE;
}

/*
 * Where all was cached before, as in a file that has been loaded already, all
 * is for certain if mincore(2) says so.  To ask cachestat(2) first would only
 * take longer then.
 */
static bool
all_goes_on(const struct loader *l, const struct part *part)
{
    struct mmapx_cache mapped;

    return l->was_all
           && mmapx_i_cache_count(l->fd, part->off, part->end, &mapped) == 0
           && mapped.cached >= mmapx_i_cache_pages(part->off, part->end);
}

/* Note the same for a part as a whole. */
static void
survey_part(struct loader *l, struct part *part)
{
    size_t first = mmapx_i_unit_of(part, part->off);
    size_t units = mmapx_i_unit_of(part, part->end - 1) - first + 1;

    l->was_all = all_goes_on(l, part);
    if (l->was_all) {
        memset(part->cached + first, ALL, units);
        part->fresh = false;
        return;
    }
    survey(l->fd, part, part->off, part->end);
    l->was_all = true;
    for (size_t i = 0; i < units; i++)
        l->was_all = l->was_all && part->cached[first + i] == ALL;
}

/* Go to the next data.  The answer may be that there are none up to where it
 * ends, and that the question has to be asked again. */
static void
skip_hole(struct loader *l)
{
    int64_t from = -1;

    while (l->at < l->end && l->at >= l->data_end && l->at > from) {
        from = l->at;
        l->told
            = mmapx_i_next_data(l->fd, &l->at, l->end, &l->data_end);
    }
    if (l->at >= l->data_end)
        l->data_end = l->end;
}

void
mmapx_i_next_part(struct loader *l, struct part *part)
{
    int64_t left, last;

    skip_hole(l);
    left = PART - l->at % PART;
    last = l->data_end < l->end ? l->data_end : l->end;
    part->off = l->at;
    part->end = left < last - l->at ? l->at + left : last;
    part->before_hole = part->end == l->data_end && part->end < l->end;
    part->fresh = true;
    if (part->off < part->end)
        survey_part(l, part);
    l->at = part->end;
}
