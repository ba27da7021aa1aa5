/* SPDX-License-Identifier: MIT */
/*
 * Room: address space behind a mapping that is its own, so that it grows while
 * others read it.  What is reserved is a mapping too, which nobody may touch
 * and which takes no memory; what grows is mapped over it in one step.
 */
#include "internal.h"

/* What a system without mremap(2) says, and one that cannot move this kind. */
static int
translate(int r)
{
    return r == -ENOSYS || r == -EINVAL || r == -EFAULT ? -ENOTSUP : r;
}

/* --- Growing over the reservation ----------------------------------------- */

/*
 * A shared mapping is its own source: its last page is mapped once more, as
 * long as is wanted, elsewhere and without that page then moved to its place.
 */
static int
extend_by_itself(const struct mmapx *m, unsigned char *end, size_t n)
{
    size_t page = mmapx_i_page_size(m);
    unsigned char *aside;
    int r = mmapx_i_take_some(n + page, (uintptr_t)end - page, &aside);

    if (r < 0)
        return r;
    r = mmapx_os_mremap_copy(end - page, n + page, aside);
    if (r == 0)
        r = mmapx_os_mremap_to(aside + page, n, end, n);
    mmapx_os_munmap(aside, r < 0 ? n + page : page);
    return translate(r);
}

static int
extend_memory(const struct mmapx *m, unsigned char *end, size_t n)
{
    int prot = mmapx_i_last_protection(m, end);

    return prot < 0 ? prot
                    : mmapx_i_map_over(end, n, prot,
                                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Whether the descriptor gives what the mapping has: a shared one made of less
 * could not be made writable later, which matters where there is a choice. */
static bool
suffices(const struct mmapx *m, int fd, const struct mmapx_i_growth *g)
{
    return fd >= 0
           && (!mmapx_i_has_any(m, MMAPX_I_SHARED) || g->by_fd
               || mmapx_os_reads_and_writes(fd));
}

/* The descriptor may be of another file, or not let itself be mapped in this
 * way, which is nobody's error where it is not needed. */
static int
extend_file(const struct mmapx *m, int fd, const struct mmapx_i_growth *g,
            size_t n)
{
    unsigned char *end = g->old.base + g->old.extent;
    bool shared = mmapx_i_has_any(m, MMAPX_I_SHARED);
    int64_t offset = mmapx_i_offset(m) - (int64_t)mmapx_i_head(m)
                     + (int64_t)g->old.extent;
    int prot = suffices(m, fd, g) ? mmapx_i_last_protection(m, end) : -ENOTSUP;
    struct mmapx_os_stat st;
    int r = prot < 0 ? prot : mmapx_i_stat_object(m, fd, &st);

    if (r == 0)
        r = mmapx_i_map_over(end, n, prot, shared ? MAP_SHARED : MAP_PRIVATE,
                             fd, offset);
    if (r == 0 || !shared || r == -ENOMEM || r == -EAGAIN || g->by_fd)
        return r;
    return extend_by_itself(m, end, n);
}

/*
 * A kernel before 6.12 that could not map over the reservation has ended that.
 * It is taken again; if another thread was faster the room ends there, since
 * nothing of that thread's may be mapped over.
 */
static void
mend(struct mmapx_i_growth *g, unsigned char *end, size_t n)
{
    size_t behind = g->old.extent + n;
    int prot;

    if (mmapx_i_take(end, n) == 0 || mmapx_os_protection(end, &prot) < 0
        || prot == PROT_NONE)
        return;
    if (g->now.room > behind)
        mmapx_os_munmap(end + n, g->now.room - behind);
    g->now.room = 0;
    g->was_hole = true;
}

/* Fill the room up to new bytes. */
static int
fill(const struct mmapx *m, int fd, size_t new, struct mmapx_i_growth *g)
{
    unsigned char *end = g->old.base + g->old.extent;
    size_t n = new - g->old.extent;
    int r = mmapx_i_kind(m) == MMAPX_I_ANON ? extend_memory(m, end, n)
                                            : extend_file(m, fd, g, n);

    if (r < 0) {
        mend(g, end, n);
        return r;
    }
    r = mmapx_i_lock_like(g, end, n);
    if (r < 0)
        mmapx_i_take_back(end, n);
    else
        g->now.extent = new;
    return r;
}

/* The kernel does not extend huge pages on the way: there the new part comes
 * from the descriptor. */
static int
leave_room(const struct mmapx *m, int fd, size_t new, struct mmapx_i_growth *g)
{
    struct mmapx_os_stat st;
    int r = 0;

    if (mmapx_i_page_size(m) != mmapx_os_page_size()) {
        g->by_fd = true;
        g->fd = fd;
        r = fd < 0 ? -ENOTSUP : mmapx_i_stat_object(m, fd, &st);
    }
    if (r == 0)
        r = mmapx_i_relocate(m, g, new, 0);
    return r == -EFAULT ? -ENOTSUP : r;
}

/*
 * Grow a mapping that has room: inside it; or behind it, if that is free, and
 * the room becomes larger; or elsewhere, and it ends.
 */
int
mmapx_i_grow_in_room(const struct mmapx *m, int fd, size_t new, bool may_move,
                     struct mmapx_i_growth *g)
{
    size_t room = g->old.room;
    int r;

    if (new <= room)
        return fill(m, fd, new, g);
    r = mmapx_i_take(g->old.base + room, new - room);
    if (r == 0) {
        g->now.room = new;
        r = fill(m, fd, new, g);
        if (r < 0 && !g->was_hole) {
            mmapx_os_munmap(g->old.base + room, new - room);
            g->now.room = room;
        }
        return r;
    }
    return r == -ENOMEM && may_move ? leave_room(m, fd, new, g) : r;
}

/* --- Reserving ------------------------------------------------------------ */

/* What can have room: what can grow, and is not of huge pages of memory, of
 * which nobody has noted how they were asked for. */
static bool
can_have_room(const struct mmapx *m)
{
    if (mmapx_i_kind(m) == MMAPX_I_FILE)
        return true;
    return mmapx_i_kind(m) == MMAPX_I_ANON
           && !mmapx_i_has_any(m, MMAPX_I_SHARED)
           && mmapx_i_page_size(m) == mmapx_os_page_size();
}

/* Take more room behind the mapping, or elsewhere and move there. */
static int
enlarge(struct mmapx *m, const struct mmapx_i_place *place, size_t have,
        size_t want, bool may_move)
{
    struct mmapx_i_growth g = { .old = *place, .may_fail = true };
    int r = mmapx_i_take(place->base + have, want - have);

    if (r == 0) {
        g.now = (struct mmapx_i_place){ place->base, place->extent, want };
        mmapx_i_set_place(m, &g.now, m->len);
        return 0;
    }
    if (r == -ENOMEM && may_move)
        r = mmapx_i_relocate(m, &g, place->extent, want);
    if (r == 0)
        mmapx_i_grow_done(m, &g, m->len);
    else
        mmapx_i_grow_failed(m, &g);
    return translate(r);
}

static int
reserve(struct mmapx *m, size_t room, int flags)
{
    bool may_move = (flags & MMAPX_RESIZE_MAYMOVE) != 0;
    struct mmapx_i_place place;
    size_t have, want, none = 0;
    int r = mmapx_i_range(m, 0, &none);

    if (r < 0)
        return r;
    if ((flags & ~MMAPX_RESIZE_MAYMOVE) != 0
        || mmapx_i_kind(m) == MMAPX_I_VIEW)
        return -EINVAL;
    if (!mmapx_i_is_representable(mmapx_i_offset(m), room))
        return -EOVERFLOW;
    if (!can_have_room(m))
        return -ENOTSUP;
    place = mmapx_i_place(m);
    want = mmapx_i_extent_of(m, room);
    want = want > place.extent ? want : place.extent;
    have = place.room > place.extent ? place.room : place.extent;
    if (want > have)
        return enlarge(m, &place, have, want, may_move);
    if (want < have)
        r = mmapx_os_munmap(place.base + want, have - want);
    if (r < 0)
        return r;
    place.room = want > place.extent ? want : 0;
    mmapx_i_set_place(m, &place, m->len);
    return 0;
}

int
mmapx_reserve(struct mmapx *m, size_t room, int flags)
{
    return mmapx_i_result(reserve(m, room, flags));
}

size_t
mmapx_room(const struct mmapx *m)
{
    size_t room;

    if (m == NULL || mmapx_i_kind(m) == MMAPX_I_UNMAPPED)
        return 0;
    room = mmapx_i_room(m);
    return room > 0 ? room - mmapx_i_head(m) : mmapx_i_len(m);
}
