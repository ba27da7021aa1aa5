/* SPDX-License-Identifier: MIT */
/* Two handles of one mapping, and one of two that adjoin. */
#include "internal.h"

/* What map calls have made, and has bytes. */
static bool
can_be_part(const struct mmapx *m)
{
    return m != NULL && mmapx_i_kind(m) != MMAPX_I_UNMAPPED
           && mmapx_i_kind(m) != MMAPX_I_VIEW && m->len > 0;
}

static bool
is_page_edge(const struct mmapx *m, size_t off)
{
    return (((uintptr_t)m->addr + off) & (mmapx_i_page_size(m) - 1)) == 0;
}

static int
split(struct mmapx *m, size_t off, struct mmapx *rest)
{
    struct mmapx_i_place left, right;
    struct mmapx part;

    if (!can_be_part(m) || rest == NULL || rest == m || off == 0
        || off >= m->len || !is_page_edge(m, off))
        return -EINVAL;
    left = right = mmapx_i_place(m);
    left.extent = (size_t)((unsigned char *)m->addr + off - left.base);
    left.room = 0;
    right.base += left.extent;
    right.extent -= left.extent;
    right.room -= right.room > 0 ? left.extent : 0;

    part = *m;
    mmapx_i_set_offset(&part, mmapx_i_offset(m) + (int64_t)off);
    mmapx_i_set_place(&part, &right, m->len - off);
    mmapx_i_set_place(m, &left, off);
    *rest = part;
    return 0;
}

/* Whether next is of the same object, and begins where m ends, in it and in
 * memory: no two mappings have a page in common, so that this is a page's
 * edge. */
static bool
adjoins(const struct mmapx *m, const struct mmapx *next)
{
    return mmapx_i_is_same_object(m, next)
           && (unsigned char *)m->addr + m->len == next->addr
           && mmapx_i_offset(m) + (int64_t)m->len == mmapx_i_offset(next);
}

/* What is not the same in both is not known of the whole; what one of them has
 * lost, or may have, the whole has. */
static void
take_flags(struct mmapx *m, const struct mmapx *next)
{
    if (mmapx_i_protection(m) != mmapx_i_protection(next))
        mmapx_i_set_flags(m, MMAPX_I_MIXED);
    mmapx_i_set_flags(m, (unsigned)next->reserved[MMAPX_I_INFO]
                             & MMAPX_I_PARTS_MASK);
    mmapx_i_join_losses(m, next);
}

static int
join(struct mmapx *m, struct mmapx *next)
{
    struct mmapx_i_place place, behind;

    if (!can_be_part(m) || !can_be_part(next) || m == next
        || mmapx_i_room(m) > 0 || !adjoins(m, next))
        return -EINVAL;
    place = mmapx_i_place(m);
    behind = mmapx_i_place(next);
    if (behind.room > 0)
        place.room = place.extent + behind.room;
    take_flags(m, next);
    place.extent += behind.extent;
    mmapx_i_set_place(m, &place, m->len + next->len);
    *next = (struct mmapx)MMAPX_INIT;
    return 0;
}

int
mmapx_split(struct mmapx *m, size_t off, struct mmapx *rest)
{
    return mmapx_i_result(split(m, off, rest));
}

int
mmapx_join(struct mmapx *m, struct mmapx *next)
{
    return mmapx_i_result(join(m, next));
}
