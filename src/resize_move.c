/* SPDX-License-Identifier: MIT */
/*
 * A mapping that moves: piece by piece, since protection, advice and locks may
 * have split it, and back again if that fails.
 */
#include "internal.h"

/* --- Pieces, and the way back --------------------------------------------- */

struct move {
    struct mmapx_i_growth *g;
    unsigned char *from;
    unsigned char *to;
    size_t at; /* so many bytes went */
};

static int
move_piece_over(void *arg, size_t n)
{
    struct move *move = arg;
    int r = mmapx_os_mremap_to(move->from + move->at, n, move->to + move->at,
                               n);

    if (r == 0)
        move->at += n;
    return r;
}

/* Move pieces to a place that is given up for them; how many bytes went. */
static size_t
move_over(unsigned char *from, size_t len, unsigned char *to)
{
    struct move move = { .from = from, .to = to };

    mmapx_os_pieces(from, len, mmapx_os_page_size(), move_piece_over, &move);
    return move.at;
}

/*
 * The way back to the old place, over what keeps it: true if all of it is back.
 * Else all of it stays where it is; or, if not even that can be, the first of
 * it are in one place, and the rest is out of reach.  Nothing that has been
 * left may be mapped over: it may be another thread's by then.
 */
bool
mmapx_i_move_back(struct mmapx_i_growth *g, unsigned char *from, size_t len,
                  unsigned char *to)
{
    bool is_barred = g->is_lost && mmapx_i_take(to, len) < 0;
    size_t back = is_barred ? 0 : move_over(from, len, to);
    size_t again = 0;

    if (back == len)
        return true;
    if (!is_barred)
        mmapx_os_munmap(to + back, len - back);
    if (back > 0 && mmapx_i_take(from, back) == 0)
        again = move_over(to, back, from);
    g->is_torn = true;
    g->now = (struct mmapx_i_place){ from, again < back ? again : len, 0 };
    if (again == 0 && back > 0)
        g->now = (struct mmapx_i_place){ to, back, 0 };
    return false;
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

/* --- The destination ------------------------------------------------------ */

/*
 * Where a mapping moves to.  Behind it there is a page that the last one takes
 * a detour by, and then some that are mappings of their own, of no use but that
 * the process can do without them: at the limit on mappings the way back takes
 * as many as the way forth.
 */
struct destination {
    unsigned char *to;
    unsigned char *by;
    unsigned char *end;
};

enum { SPARE = 4 }; /* pages */

static int
take_destination(struct destination *d, size_t span, size_t page,
                 uintptr_t agrees_with)
{
    size_t unit = mmapx_os_page_size();
    size_t n = span + page + SPARE * unit;
    int r = mmapx_i_take_some(n, agrees_with, &d->to);

    if (r < 0)
        return r;
    d->by = d->to + span;
    d->end = d->to + n;
    for (size_t i = 0; i < SPARE && r == 0; i += 2)
        r = mmapx_os_mprotect(d->by + page + i * unit, unit, PROT_READ);
    if (r < 0)
        mmapx_os_munmap(d->to, n);
    return r;
}

static void
give_up(const struct destination *d, unsigned char *from)
{
    mmapx_os_munmap(from, (size_t)(d->end - from));
}

/* --- Moving there --------------------------------------------------------- */

static int
move_piece_keeping(void *arg, size_t n)
{
    struct move *move = arg;
    int r = move_piece(move->g, move->from + move->at, n, move->to + move->at);

    if (r == 0)
        move->at += n;
    return r;
}

/* Move the first len bytes, one mapping of the kernel's after the other. */
static int
move_pieces(struct mmapx_i_growth *g, const struct destination *d, size_t len,
            size_t page)
{
    struct move move = { .g = g, .from = g->old.base, .to = d->to };
    int r = mmapx_os_pieces(move.from, len, page, move_piece_keeping, &move);

    if (r < 0) {
        give_up(d, d->to + move.at);
        if (move.at > 0)
            mmapx_i_move_back(g, d->to, move.at, move.from);
    }
    return r;
}

/*
 * Move the last page to the end of a mapping that grows: the kernel extends it
 * on the way, over what is reserved there.  It takes a detour, since the kernel
 * cannot both extend it and keep its place.
 */
static int
move_last(struct mmapx_i_growth *g, const struct destination *d, size_t rest,
          size_t page, size_t extent)
{
    unsigned char *from = g->old.base + rest;
    unsigned char *to = d->to + rest;
    int r = move_piece(g, from, page, d->by);

    if (r < 0) {
        give_up(d, to);
        return r;
    }
    r = mmapx_os_mremap_to(d->by, page, to, extent - rest);
    give_up(d, d->by + page);
    if (r < 0) {
        mmapx_os_munmap(to, (size_t)(d->by - to));
        mmapx_i_move_back(g, d->by, page, from);
    }
    return r;
}

static int
move_and_extend(struct mmapx_i_growth *g, const struct destination *d,
                size_t page, size_t extent)
{
    size_t rest = g->old.extent - page; /* what the last page is not */
    int r = move_pieces(g, d, rest, page);

    if (r < 0)
        return r;
    r = move_last(g, d, rest, page, extent);
    if (r == 0 || rest == 0)
        return r;
    if (g->is_torn)
        g->now = (struct mmapx_i_place){ g->old.base, rest, 0 };
    mmapx_i_move_back(g, d->to, rest, g->old.base);
    return r;
}

static int
move_whole(struct mmapx_i_growth *g, const struct destination *d, size_t page)
{
    int r = move_pieces(g, d, g->old.extent, page);

    if (r == 0)
        give_up(d, d->by);
    return r;
}

/* What is not to be extended moves as it is; the new part comes behind it. */
static int
move_and_map(const struct mmapx *m, struct mmapx_i_growth *g,
             const struct destination *d, size_t page, size_t extent)
{
    size_t old = g->old.extent;
    size_t n = extent - old;
    void *new = NULL;
    int r = mmapx_i_map_new(m, g, &new, n);

    if (r == 0) {
        r = mmapx_os_mremap_to(new, n, d->to + old, n);
        if (r < 0)
            mmapx_os_munmap(new, n);
    }
    if (r < 0) {
        give_up(d, d->to);
        return r;
    }
    return move_whole(g, d, page);
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
 * room behind them.  A failure leaves nothing there but what cannot go back.
 */
int
mmapx_i_relocate(const struct mmapx *m, struct mmapx_i_growth *g,
                 size_t extent, size_t room)
{
    size_t page = mmapx_i_page_size(m);
    struct destination d;
    int r = take_destination(&d, extent > room ? extent : room, page,
                             like(m, g));

    if (r < 0)
        return r;
    if (extent == g->old.extent)
        r = move_whole(g, &d, page);
    else if (g->by_fd)
        r = move_and_map(m, g, &d, page, extent);
    else
        r = move_and_extend(g, &d, page, extent);
    if (r == 0)
        g->now = (struct mmapx_i_place){ d.to, extent, room };
    return r;
}
