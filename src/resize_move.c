/* SPDX-License-Identifier: MIT */
/*
 * A mapping that moves: piece by piece, since protection, advice and locks may
 * have split it, and back again if that fails.
 */
#include "internal.h"

/* Move pieces to a place that is given up for them; how many bytes went. */
static size_t
move_over(unsigned char *from, size_t len, unsigned char *to)
{
    size_t at = 0;

    for (size_t n; at < len; at += n) {
        n = mmapx_os_piece(from + at, len - at);
        if (mmapx_os_mremap_to(from + at, n, to + at, n) < 0)
            break;
    }
    return at;
}

/* The way back, over what keeps the old place: false if the mapping has to stay
 * where it is, whole. */
bool
mmapx_i_move_back(const struct mmapx_i_growth *g, unsigned char *from,
                  size_t len, unsigned char *to)
{
    size_t n;

    if (len == 0 || (g->is_lost && mmapx_i_take(to, len) < 0))
        return false;
    n = move_over(from, len, to);
    if (n < len)
        move_over(to, n, from);
    return n == len;
}

/*
 * Move a piece to a place that is taken, and keep its own.  Kernels before 5.13
 * cannot do that in one step, nor can others without the memory for it.  There
 * another thread may be faster, and then none of the old place is kept.
 */
static int
move_piece(struct mmapx_i_growth *g, unsigned char *from, size_t n,
           unsigned char *to)
{
    int r = g->is_lost ? -EINVAL : mmapx_os_mremap_keeping(from, n, to);

    if (r != -EINVAL && r != -ENOMEM)
        return r;
    r = mmapx_os_mremap_to(from, n, to, n);
    if (r < 0 || g->is_lost || mmapx_i_take(from, n) == 0)
        return r;
    if (from > g->old.base)
        mmapx_os_munmap(g->old.base, (size_t)(from - g->old.base));
    g->is_lost = true;
    return 0;
}

/*
 * Move the first len bytes, one mapping of the kernel's after the other:
 * protection, advice and locks may have split them.
 */
static int
move_pieces(struct mmapx_i_growth *g, size_t len, size_t page,
            unsigned char *to)
{
    unsigned char *from = g->old.base;

    for (size_t at = 0, n; at < len; at += n) {
        int r;

        n = mmapx_i_round_up(mmapx_os_piece(from + at, len - at), page);
        r = move_piece(g, from + at, n, to + at);
        if (r < 0) {
            mmapx_i_move_back(g, to, at, from);
            return r;
        }
    }
    return 0;
}

/*
 * Move the last page to the end of a mapping that grows: the kernel extends it
 * on the way, over what is reserved there.  It takes a detour, since the kernel
 * cannot both extend it and keep its place.
 */
static int
move_last(struct mmapx_i_growth *g, unsigned char *from, size_t page,
          unsigned char *by, unsigned char *to, size_t new)
{
    int r = move_piece(g, from, page, by);

    if (r < 0)
        return r;
    r = mmapx_os_mremap_to(by, page, to, new);
    if (r < 0)
        mmapx_i_move_back(g, by, page, from);
    return r;
}

static int
move_and_extend(struct mmapx_i_growth *g, unsigned char *to, size_t aside,
                size_t page, size_t extent)
{
    size_t rest = g->old.extent - page; /* what the last page is not */
    int r = move_pieces(g, rest, page, to);

    if (r < 0)
        return r;
    r = move_last(g, g->old.base + rest, page, to + aside, to + rest,
                  extent - rest);
    if (r < 0)
        mmapx_i_move_back(g, to, rest, g->old.base);
    return r;
}

/* What is not to be extended moves as it is; the new part comes behind it. */
static int
move_and_map(const struct mmapx *m, struct mmapx_i_growth *g, unsigned char *to,
             size_t page, size_t extent)
{
    size_t old = g->old.extent;
    size_t n = extent - old;
    void *new = NULL;
    int r = mmapx_i_map_new(m, g, &new, n);

    if (r < 0)
        return r;
    r = mmapx_os_mremap_to(new, n, to + old, n);
    if (r < 0) {
        mmapx_os_munmap(new, n);
        return r;
    }
    return move_pieces(g, old, page, to);
}

/*
 * What the new address agrees with, where large pages need that.  A mapping as
 * long as one of them keeps its page tables.  A shorter one had no reason to
 * lie where the file's large pages fit, and has one now.
 */
static uintptr_t
like(const struct mmapx *m, const struct mmapx_i_growth *g)
{
    if (mmapx_i_kind(m) == MMAPX_I_FILE
        && g->old.extent < mmapx_os_large_alignment)
        return (uintptr_t)mmapx_i_offset(m) - mmapx_i_head(m);
    return (uintptr_t)g->old.base;
}

/*
 * Move the mapping, and all that it is made of, to where extent bytes fit, and
 * room behind them.
 */
int
mmapx_i_relocate(const struct mmapx *m, struct mmapx_i_growth *g,
                 size_t extent, size_t room)
{
    size_t page = mmapx_i_page_size(m);
    size_t span = extent > room ? extent : room;
    unsigned char *to;
    int r = mmapx_i_take_some(span + page, like(m, g), &to);

    if (r < 0)
        return r;
    if (extent == g->old.extent)
        r = move_pieces(g, extent, page, to);
    else if (g->by_fd)
        r = move_and_map(m, g, to, page, extent);
    else
        r = move_and_extend(g, to, span, page, extent);
    if (r < 0) {
        mmapx_os_munmap(to, span + page);
        return r;
    }
    if (extent == g->old.extent || g->by_fd)
        mmapx_os_munmap(to + span, page);
    g->now = (struct mmapx_i_place){ to, extent, room };
    return 0;
}
