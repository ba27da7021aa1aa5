/* SPDX-License-Identifier: MIT */
/*
 * The lock of a mapping that grows: its new part is locked like its last page.
 *
 * The kernel brings in what is added to a locked mapping, and tries without end
 * to read a page that cannot be read.  So the last page is locked on fault
 * while the mapping grows, which the new part gets from it; and what is new is
 * brought in afterwards, when the file is there, by a call that fails.
 */
#include "internal.h"

/* Where the system does not tell how the page is locked, the handle knows
 * whether anything was locked on fault. */
void
mmapx_i_loosen_lock(const struct mmapx *m, struct mmapx_i_growth *g)
{
    size_t page = mmapx_i_page_size(m);
    unsigned char *last = g->old.base + g->old.extent - page;

    g->lock = mmapx_os_lock_of(last);
    if (g->lock == MMAPX_OS_LOCKED_SOMEHOW)
        g->lock = mmapx_i_has_any(m, MMAPX_I_LOCKED_ONFAULT)
                      ? MMAPX_OS_LOCKED_ONFAULT
                      : MMAPX_OS_LOCKED;
    g->is_loose = g->lock == MMAPX_OS_LOCKED && mmapx_i_lies_on_file(m)
                  && mmapx_i_lock_on_fault(last, page) == 0;
}

/* Lock the pages from one byte behind the base to another, as mmapx_lock()
 * does.  What cannot be brought in stays locked on fault. */
static int
lock_pages(const struct mmapx *m, size_t from, size_t to)
{
    size_t head = mmapx_i_head(m);
    size_t off = from > head ? from - head : 0;
    size_t len = to - head < m->len ? to - head - off : MMAPX_TO_END;

    return mmapx_i_lock_file(m, off, len,
                             &(struct mmapx_i_span){
                                 mmapx_i_place(m).base + from, to - from });
}

/* The same for the old last page of a mapping that is in its old place, or
 * whole in its new one. */
void
mmapx_i_tighten_lock(const struct mmapx *m, const struct mmapx_i_growth *g)
{
    if (g->is_loose && mmapx_i_place(m).extent >= g->old.extent)
        lock_pages(m, g->old.extent - mmapx_i_page_size(m), g->old.extent);
}

/*
 * The new part is locked if the last page is.  This only counts it, where that
 * is possible: its pages come when the file is long enough, in
 * mmapx_i_lock_new().
 */
int
mmapx_i_lock_like(const struct mmapx_i_growth *g, unsigned char *place,
                  size_t n)
{
    int r;

    if (g->lock == MMAPX_OS_NOT_LOCKED)
        return 0;
    r = mmapx_i_lock_on_fault(place, n);
    if (r == -ENOTSUP)
        return 0;
    return r == -ENOMEM || r == -EPERM ? -EAGAIN : r;
}

/* The first of the pages that lie past the file's end, or where they end. */
static size_t
first_past_end(const struct mmapx *m, size_t from, size_t to)
{
    const unsigned char *base = mmapx_i_place(m).base;
    size_t page = mmapx_i_page_size(m);

    while (from < to) {
        size_t middle = from + (to - from) / page / 2 * page;

        if (mmapx_os_is_past_end(base + middle))
            to = middle;
        else
            from = middle + page;
    }
    return to;
}

/* Past the file's end there is nothing to read, and so nothing to wait for. */
static void
lock_file_and_rest(const struct mmapx *m, size_t from, size_t to)
{
    size_t end;

    if (lock_pages(m, from, to) != -ENOMEM)
        return;
    end = first_past_end(m, from, to);
    if (end < to && (end == from || lock_pages(m, from, end) == 0))
        mmapx_os_mlock(mmapx_i_place(m).base + end, to - end);
}

/* What is new is locked, now that the file is there. */
void
mmapx_i_lock_new(const struct mmapx *m, const struct mmapx_i_growth *g)
{
    size_t old = g->old.extent;
    size_t new = g->now.extent;
    bool is_tried = !g->is_loose && !g->may_fail && !g->by_fd
                    && g->now.room == 0; /* by the kernel */

    if (g->lock != MMAPX_OS_LOCKED || new <= old || is_tried)
        return;
    mmapx_i_tighten_lock(m, g);
    if (mmapx_i_lies_on_file(m))
        lock_file_and_rest(m, old, new);
    else
        mmapx_os_mlock(g->now.base + old, new - old);
}
