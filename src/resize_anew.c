/* SPDX-License-Identifier: MIT */
/*
 * Growing by mapping what is new, where the kernel cannot extend what is there.
 */
#include "internal.h"

/* The protection of the last page, or -ENOTSUP where nobody knows it. */
int
mmapx_i_last_protection(const struct mmapx *m, unsigned char *end)
{
    int prot = mmapx_i_protection(m);
    int r = 0;

    if (mmapx_i_has_any(m, MMAPX_I_MIXED))
        r = mmapx_os_protection(end - mmapx_i_page_size(m), &prot);
    return r < 0 ? r : prot;
}

/*
 * Map the part that is new from the descriptor, as the old last page is: at
 * *place, which has to be free, or anywhere.
 */
int
mmapx_i_map_new(const struct mmapx *m, const struct mmapx_i_growth *g,
                void **place, size_t n)
{
    unsigned char *end = g->old.base + g->old.extent;
    int flags = mmapx_i_has_any(m, MMAPX_I_SHARED) ? MAP_SHARED : MAP_PRIVATE;
    int64_t offset = mmapx_i_offset(m) - (int64_t)mmapx_i_head(m)
                     + (int64_t)g->old.extent;
    int prot = mmapx_i_last_protection(m, end);
    int r;

    if (prot < 0)
        return prot;
    if (*place == NULL)
        r = mmapx_os_mmap(place, n, prot, flags, g->fd, offset);
    else
        r = mmapx_i_map_there(*place, n, prot, flags, g->fd, offset);
    if (r < 0)
        return r;
    r = mmapx_i_lock_like(g, *place, n);
    if (r < 0)
        mmapx_os_munmap(*place, n);
    return r;
}

/*
 * Grow without mremap(2): map what is missing behind the old end or, if there
 * is no room, all of it anew.  Pages of a private mapping that were written
 * exist in the old one alone.
 */
int
mmapx_i_grow_anew(const struct mmapx *m, int fd, struct mmapx_i_growth *g,
                  size_t new, bool may_move)
{
    int64_t offset = mmapx_i_offset(m) - (int64_t)mmapx_i_head(m);
    int flags = mmapx_i_has_any(m, MMAPX_I_SHARED) ? MAP_SHARED : MAP_PRIVATE;
    bool written = flags == MAP_PRIVATE
                   && mmapx_i_has_any(m, MMAPX_I_MAY_HAVE_PRIVATE_PAGES);
    int prot = mmapx_i_protection(m);
    size_t old = g->old.extent;
    struct mmapx_os_stat st;
    void *moved = NULL;
    int r;

    if (fd < 0 || mmapx_i_kind(m) != MMAPX_I_FILE
        || mmapx_i_has_any(m, MMAPX_I_MIXED))
        return -ENOTSUP;
    r = mmapx_i_stat_object(m, fd, &st);
    if (r < 0)
        return r;
    g->now.extent = new;
    r = mmapx_i_map_there(g->old.base + old, new - old, prot, flags, fd,
                          offset + (int64_t)old);
    if (r != -ENOMEM || !may_move)
        return r;
    if (written)
        return -ENOTSUP;
    r = mmapx_os_mmap(&moved, new, prot, flags, fd, offset);
    g->now.base = moved;
    g->is_copy = true;
    if (r < 0 || g->may_fail)
        return r;
    /* Nothing comes after it, so that this may still fail. */
    r = mmapx_os_munmap(g->old.base, old);
    g->is_lost = r == 0;
    if (r < 0)
        mmapx_os_munmap(moved, new);
    return r;
}
