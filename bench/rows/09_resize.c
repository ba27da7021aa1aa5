/* SPDX-License-Identifier: MIT */
/* Row 9: growing a mapping that is in use, and appending through one. */
#include "rows/rows.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* --- Growing ------------------------------------------------------------- */

struct growth {
    const struct file *file;
    size_t from, to;
    bool must_move;
};

static void
touch(const char *p, size_t len)
{
    for (size_t i = 0; i < len; i += page_size())
        (void)*(const volatile char *)(p + i);
}

/*
 * A place for a mapping with room to grow behind it, or with something there
 * that is in its way.  Congruent with the offset 0 in either case.
 */
static void *
place(const struct growth *g, void **blocker)
{
    size_t len = g->to + 2 * MIB;
    char *p = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *at;

    if (p == MAP_FAILED)
        die("mmap");
    at = (char *)(((uintptr_t)p + 2 * MIB - 1) & ~(uintptr_t)(2 * MIB - 1));
    munmap(p, len);
    *blocker = NULL;
    if (g->must_move)
        *blocker = mmap(at + g->from, page_size(), PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
                        0);
    return at;
}

static void
unblock(void *blocker)
{
    if (blocker != NULL)
        munmap(blocker, page_size());
}

/* All of what was there stays mapped: touching it again costs nothing. */
static bool
our_growth(void *arg, long loops, struct sample *s)
{
    const struct growth *g = arg;
    struct mmapx m;
    struct timer t;
    void *blocker;
    void *at = place(g, &blocker);
    bool done;

    if (mmapx_map_at(&m, at, g->file->fd, 0, g->from, PROT_READ,
                     MAP_SHARED | MAP_FIXED_NOREPLACE) != 0
        || mmapx_populate(&m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ) != 0)
        return false;
    timer_start(&t);
    done = mmapx_resize(&m, -1, g->to, MMAPX_RESIZE_MAYMOVE) == 0;
    timer_stop(&t, loops, s);
    mmapx_unmap(&m);
    unblock(blocker);
    return done;
}

/* What the growth is for is that what was there can be used. */
static bool
remap_growth(void *arg, long loops, struct sample *s)
{
    const struct growth *g = arg;
    struct timer t;
    void *blocker;
    void *at = place(g, &blocker);
    char *p = mmap(at, g->from, PROT_READ,
                   MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_POPULATE,
                   g->file->fd, 0);

    if (p == MAP_FAILED)
        return false;
    timer_start(&t);
    munmap(p, g->from);
    p = mmap(NULL, g->to, PROT_READ, MAP_SHARED, g->file->fd, 0);
    if (p == MAP_FAILED)
        return false;
    touch(p, g->from);
    timer_stop(&t, loops, s);
    munmap(p, g->to);
    unblock(blocker);
    return true;
}

static void
growth_contest(struct growth *g, enum state state)
{
    struct contest *c = contest_new("9", state_name(state), g->from,
                                    "grow %s, %s",
                                    bytes_text((double)g->from),
                                    g->must_move ? "moved" : "in place");
    int ours = contest_add(c, "mmapx_resize", our_growth, g);
    int theirs = contest_add(c, "munmap, mmap, touch", remap_growth, g);

    c->loops = 1;
    c->rounds = 21;
    contest_run(c);
    compare(c, ours, theirs, TIME_RATIO, state == STATE_L ? 0.15 : 0.02);
    contest_end(c);
}

static void
growths(void)
{
    enum state states[] = { STATE_L, STATE_S };
    struct growth g = { NULL, 128 * MIB, 256 * MIB, false };
    struct file f;

    g.file = &f;
    if (!file_make(&f, opt.dir, "grow", fitting(g.to, true, "9"), ALLOCATED))
        return;
    for (size_t i = 0; i < 2; i++)
        if (file_set(&f, states[i]))
            for (int moves = 0; moves < 2; moves++) {
                g.must_move = moves != 0;
                growth_contest(&g, states[i]);
            }
    file_drop(&f);
}

/* --- Appending ----------------------------------------------------------- */

enum { STEP = 1 << 20 };

struct append {
    size_t len;
    const char *record; /* STEP bytes */
};

/* A new file for each sample; its blocks are not yet allocated. */
static bool
begin_append(struct file *f)
{
    return file_make(f, opt.dir, "append", page_size(), ALLOCATED);
}

static bool
append(const struct append *a, long loops, struct sample *s, int flags)
{
    struct mmapx m;
    struct timer t;
    struct file f;
    bool done;

    if (!begin_append(&f))
        return false;
    done = mmapx_map(&m, f.fd, PROT_READ | PROT_WRITE, MAP_SHARED) == 0;
    timer_start(&t);
    for (size_t at = 0; at < a->len && done; at += STEP) {
        done = mmapx_resize(&m, f.fd, at + STEP, flags) == 0;
        if (done)
            memcpy((char *)m.addr + at, a->record, STEP);
    }
    timer_stop(&t, loops, s);
    mmapx_unmap(&m);
    file_drop(&f);
    return done;
}

static bool
our_append(void *arg, long loops, struct sample *s)
{
    return append(arg, loops, s, MMAPX_RESIZE_FILE | MMAPX_RESIZE_MAYMOVE);
}

static bool
our_sparse_append(void *arg, long loops, struct sample *s)
{
    return append(arg, loops, s,
                  MMAPX_RESIZE_FILE | MMAPX_RESIZE_MAYMOVE
                      | MMAPX_RESIZE_SPARSE);
}

static bool
bare_append(void *arg, long loops, struct sample *s)
{
    const struct append *a = arg;
    size_t old = page_size();
    struct timer t;
    struct file f;
    char *p;

    if (!begin_append(&f))
        return false;
    p = mmap(NULL, old, PROT_READ | PROT_WRITE, MAP_SHARED, f.fd, 0);
    timer_start(&t);
    for (size_t at = 0; at < a->len && p != MAP_FAILED; at += STEP) {
        if (ftruncate(f.fd, (off_t)(at + STEP)) < 0)
            return false;
        p = mremap(p, old, at + STEP, MREMAP_MAYMOVE);
        if (p == MAP_FAILED)
            return false;
        old = at + STEP;
        memcpy(p + at, a->record, STEP);
    }
    timer_stop(&t, loops, s);
    munmap(p, old);
    file_drop(&f);
    return true;
}

/* Not through a mapping: what is there to gain at all. */
static bool
by_pwrite(void *arg, long loops, struct sample *s)
{
    const struct append *a = arg;
    struct timer t;
    struct file f;
    bool done = true;

    if (!begin_append(&f))
        return false;
    timer_start(&t);
    for (size_t at = 0; at < a->len && done; at += STEP)
        done = pwrite(f.fd, a->record, STEP, (off_t)at) == STEP;
    timer_stop(&t, loops, s);
    file_drop(&f);
    return done;
}

static void
append_contest(void)
{
    static char record[STEP];
    struct append a = { opt.quick ? 32 * MIB : 256 * MIB, record };
    struct contest *c = contest_new("9", "", a.len, "append %s by 1 MiB",
                                    bytes_text((double)a.len));
    int ours = contest_add(c, "mmapx_resize", our_append, &a);
    int sparse = contest_add(c, "mmapx_resize, sparse", our_sparse_append, &a);
    int bare = contest_add(c, "ftruncate, mremap", bare_append, &a);
    int plain = contest_add(c, "pwrite", by_pwrite, &a);

    memset(record, 'r', sizeof record);
    c->loops = 1;
    contest_run(c);
    compare(c, ours, bare, TIME_RATIO, 0.8);
    compare(c, sparse, bare, TIME_RATIO, NO_GOAL);
    compare(c, ours, plain, TIME_RATIO, NO_GOAL);
    contest_end(c);
}

void
row_resize(void)
{
    growths();
    append_contest();
}
