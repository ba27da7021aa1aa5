/* SPDX-License-Identifier: MIT */
/* Row 5: mapping all pages of a file that is in the cache. */
#include "rows/rows.h"

static char *
map(const struct file *f, int flags)
{
    char *p = mmap(NULL, f->size, PROT_READ, MAP_SHARED | flags, f->fd, 0);

    return p == MAP_FAILED ? NULL : p;
}

static void
touch(const char *p, size_t len, size_t step)
{
    for (size_t i = 0; i < len; i += step)
        (void)*(const volatile char *)(p + i);
}

static bool
our_populate(void *arg, long loops, struct sample *s)
{
    const struct file *f = arg;
    struct mmapx m;
    struct timer t;
    bool done;

    if (mmapx_map(&m, f->fd, PROT_READ, MAP_SHARED) != 0)
        return false;
    timer_start(&t);
    done = mmapx_populate(&m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ) == 0;
    timer_stop(&t, loops, s);
    mmapx_unmap(&m);
    return done;
}

/* In steps of a page, and of what a fault maps around itself. */
static bool
by_touch(const struct file *f, size_t step, struct sample *s)
{
    char *p = map(f, 0);
    struct timer t;

    if (p == NULL)
        return false;
    timer_start(&t);
    touch(p, f->size, step);
    timer_stop(&t, 1, s);
    munmap(p, f->size);
    return true;
}

static bool
touch_pages(void *arg, long loops, struct sample *s)
{
    (void)loops;
    return by_touch(arg, page_size(), s);
}

static bool
touch_64k(void *arg, long loops, struct sample *s)
{
    (void)loops;
    return by_touch(arg, 64 * KIB, s);
}

static bool
map_populate(void *arg, long loops, struct sample *s)
{
    const struct file *f = arg;
    struct timer t;
    char *p;

    timer_start(&t);
    p = map(f, MAP_POPULATE);
    timer_stop(&t, loops, s);
    if (p == NULL)
        return false;
    munmap(p, f->size);
    return true;
}

static bool
advise_populate(void *arg, long loops, struct sample *s)
{
    const struct file *f = arg;
    char *p = map(f, 0);
    struct timer t;
    bool done;

    if (p == NULL)
        return false;
    timer_start(&t);
    done = madvise(p, f->size, 22 /* MADV_POPULATE_READ */) == 0;
    timer_stop(&t, loops, s);
    munmap(p, f->size);
    return done;
}

static void
populate_contest(struct file *f, enum state state, double best, double worst)
{
    struct contest *c = contest_new("5", state_name(state), f->size,
                                    "populate %s",
                                    bytes_text((double)f->size));
    int ours = contest_add(c, "mmapx_populate", our_populate, f);
    int peers[2] = { contest_add(c, "touch each page", touch_pages, f),
                     contest_add(c, "MAP_POPULATE", map_populate, f) };
    int step = contest_add(c, "touch each 64 KiB", touch_64k, f);
    int advice = contest_add(c, "MADV_POPULATE_READ", advise_populate, f);

    c->loops = 1;
    contest_run(c);
    compare(c, ours, contest_best(c, peers, 2), TIME_RATIO, best);
    compare(c, ours, contest_worst(c, peers, 2), TIME_RATIO, worst);
    compare(c, ours, step, TIME_RATIO, NO_GOAL);
    compare(c, ours, advice, TIME_RATIO, NO_GOAL);
    contest_end(c);
}

void
row_populate(void)
{
    static const struct {
        enum state state;
        double best, worst;
    } states[] = {
        { STATE_L, 1.05, 0.25 },
        { STATE_M, 0.75, 0.25 },
        { STATE_S, 0.75, 0.75 },
    };
    size_t size = fitting(opt.quick ? 512 * MIB : 4 * GIB, true, "5");
    struct file f;

    if (!file_make(&f, opt.dir, "populate", size, ALLOCATED))
        return;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (file_set(&f, states[i].state))
            populate_contest(&f, states[i].state, states[i].best,
                             states[i].worst);
    file_drop(&f);
}
