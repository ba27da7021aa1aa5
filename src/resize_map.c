/* SPDX-License-Identifier: MIT */
/*
 * The mapping's part of a resize: longer in place or elsewhere, and back again.
 *
 * A mapping grows before its file does, and the file may fail.  So a mapping
 * that moves keeps its old place until mmapx_i_grow_done().
 */
#include "internal.h"

/* --- Growing -------------------------------------------------------------- */

/*
 * In place the kernel extends the mapping that ends there: that of the last
 * page, whatever the others are.
 */
static int
grow_in_place(const struct mmapx *m, struct mmapx_i_growth *g, size_t new)
{
    size_t page = mmapx_i_page_size(m);
    size_t rest = g->old.extent - page;
    void *last = g->old.base + rest;

    g->now.extent = new;
    return mmapx_os_mremap(&last, page, new - rest, false);
}

/*
 * The kernel moves what is one mapping in one step.  It does not keep the old
 * place, so it is the second choice where the file may fail afterwards, for
 * processes that have no room for both places.
 */
static int
grow_elsewhere(const struct mmapx *m, struct mmapx_i_growth *g, size_t new)
{
    void *base = g->old.base;
    int r = g->may_fail ? mmapx_i_relocate(m, g, new, 0) : -ENOMEM;

    if (r != -ENOMEM || g->is_torn)
        return r;
    r = mmapx_os_mremap(&base, g->old.extent, new, true);
    if (r == -EFAULT && !g->may_fail)
        return mmapx_i_relocate(m, g, new, 0);
    g->now = (struct mmapx_i_place){ base, new, 0 };
    g->is_lost = true;
    return r == -EFAULT ? -ENOMEM : r;
}

/* The new part comes from the descriptor, and what is there stays as it is. */
static int
grow_by_fd(const struct mmapx *m, struct mmapx_i_growth *g, size_t new,
           bool may_move)
{
    void *end = g->old.base + g->old.extent;
    int r;

    g->now.extent = new;
    r = mmapx_i_map_new(m, g, &end, new - g->old.extent);
    if (r != -ENOMEM || !may_move)
        return r;
    return mmapx_i_relocate(m, g, new, 0);
}

static int
grow_without_room(const struct mmapx *m, int fd, struct mmapx_i_growth *g,
                  size_t new, bool may_move)
{
    bool huge = mmapx_i_page_size(m) != mmapx_os_page_size();
    int r;

    r = g->by_fd ? grow_by_fd(m, g, new, may_move) : grow_in_place(m, g, new);
    if (r == -ENOSYS || (r == -EINVAL && huge))
        return mmapx_i_grow_anew(m, fd, g, new, may_move);
    /* No address space has such a length. */
    if (r == -EINVAL && !g->by_fd)
        return -ENOMEM;
    if (r == -ENOMEM && may_move && !g->by_fd)
        r = grow_elsewhere(m, g, new);
    /* What a driver has made may be for good. */
    return r == -EFAULT ? -ENOTSUP : r;
}

/*
 * What mmapx_guard_zeros() has replaced is memory, and would become longer as
 * such: then it takes a descriptor.  The handle knows that there was something,
 * and the system whether it is still there.
 */
static int
look_for_replaced(const struct mmapx *m, int fd, struct mmapx_i_growth *g)
{
    struct mmapx_i_span span = { g->old.base, g->old.extent };
    struct mmapx_os_stat st;

    if (!mmapx_i_has_any(m, MMAPX_I_REPLACED)
        || (mmapx_i_replaced(m, &span) == 0 && span.len == 0))
        return 0;
    g->by_fd = true;
    g->fd = fd;
    if (fd < 0 || mmapx_i_kind(m) != MMAPX_I_FILE)
        return -ENOTSUP;
    return mmapx_i_stat_object(m, fd, &st);
}

/*
 * Give the mapping new bytes of pages, as many as it has or more.  The handle
 * stays as it is: it is mmapx_i_grow_done() that changes it.
 */
int
mmapx_i_grow(const struct mmapx *m, int fd, size_t new, bool may_move,
             struct mmapx_i_growth *g)
{
    int r;

    g->now = g->old = mmapx_i_place(m);
    if (new <= g->old.extent)
        return 0;
    /* The kernel would grow it, but not the memory behind it. */
    if (mmapx_i_has_any(m, MMAPX_I_SHARED)
        && (mmapx_i_kind(m) == MMAPX_I_ANON
            || mmapx_i_kind(m) == MMAPX_I_DEVICE))
        return -ENOTSUP;
    r = look_for_replaced(m, fd, g);
    if (r < 0)
        return r;
    mmapx_i_loosen_lock(m, g);
    if (g->old.room == 0)
        return grow_without_room(m, fd, g, new, may_move);
    return mmapx_i_grow_in_room(m, fd, new, may_move, g);
}

/* Give up what lies behind the bytes that are kept. */
int
mmapx_i_drop(const struct mmapx_i_place *place, size_t keep)
{
    unsigned char *tail = place->base + keep;
    size_t n = place->extent - keep;

    if (n == 0)
        return 0;
    return place->room > 0 ? mmapx_i_take_back(tail, n)
                           : mmapx_os_munmap(tail, n);
}

/* Give up the room behind an extent that is no longer there. */
static void
drop_room(const struct mmapx_i_place *place)
{
    if (place->room > place->extent)
        mmapx_os_munmap(place->base + place->extent,
                        place->room - place->extent);
}

/*
 * A mapping that has not grown.  Where it could not move back the handle has
 * all of it in its new place, or as much from its beginning as is in one place.
 */
void
mmapx_i_grow_failed(struct mmapx *m, const struct mmapx_i_growth *g)
{
    size_t most = g->now.extent - mmapx_i_head(m);

    if (g->was_hole || g->is_torn) {
        if (g->now.base != g->old.base && g->now.extent == g->old.extent)
            drop_room(&g->old);
        mmapx_i_set_place(m, &g->now, m->len < most ? m->len : most);
    }
    mmapx_i_tighten_lock(m, g);
}

/* The same after it had grown. */
void
mmapx_i_grow_undo(struct mmapx *m, struct mmapx_i_growth *g)
{
    const struct mmapx_i_place *old = &g->old;
    struct mmapx_i_place now = g->now;

    if (now.base == old->base) {
        mmapx_i_drop(&now, old->extent);
        if (now.room > old->room)
            mmapx_os_munmap(now.base + old->room, now.room - old->room);
    } else if (g->is_copy) {
        mmapx_os_munmap(now.base, now.extent);
    } else {
        mmapx_os_munmap(now.base + old->extent, now.extent - old->extent);
        drop_room(&now);
        mmapx_i_move_back(g, now.base, old->extent, old->base);
    }
    mmapx_i_grow_failed(m, g);
}

void
mmapx_i_grow_done(struct mmapx *m, const struct mmapx_i_growth *g, size_t len)
{
    if (g->now.base != g->old.base) {
        if (!g->is_lost)
            mmapx_os_munmap(g->old.base, g->old.extent);
        drop_room(&g->old);
    }
    mmapx_i_set_place(m, &g->now, len);
    mmapx_i_lock_new(m, g);
}
