/* SPDX-License-Identifier: MIT */
/* Row 15: mapping all pages of a file that is not in the cache. */
#include "rows/rows.h"

#include <sys/mman.h>

static bool
populate(const struct file *f, enum mmapx_advice advice, struct sample *s)
{
    struct mmapx m;
    struct timer t;
    bool done;

    file_evict(f);
    if (mmapx_map(&m, f->fd, PROT_READ, MAP_SHARED) != 0)
        return false;
    mmapx_advise(&m, 0, MMAPX_TO_END, advice);
    timer_start(&t);
    done = mmapx_populate(&m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ) == 0;
    timer_stop(&t, 1, s);
    mmapx_unmap(&m);
    return done;
}

static bool
without_advice(void *arg, long loops, struct sample *s)
{
    (void)loops;
    return populate(arg, MMAPX_MADV_NORMAL, s);
}

static bool
after_random(void *arg, long loops, struct sample *s)
{
    (void)loops;
    return populate(arg, MMAPX_MADV_RANDOM, s);
}

/* With its map call, which is nothing beside it. */
static bool
map_populate(void *arg, long loops, struct sample *s)
{
    const struct file *f = arg;
    struct timer t;
    void *p;

    file_evict(f);
    timer_start(&t);
    p = mmap(NULL, f->size, PROT_READ, MAP_SHARED | MAP_POPULATE, f->fd, 0);
    timer_stop(&t, loops, s);
    return p != MAP_FAILED && munmap(p, f->size) == 0;
}

static bool
touch_pages(void *arg, long loops, struct sample *s)
{
    const struct file *f = arg;
    struct timer t;
    char *p;

    file_evict(f);
    p = mmap(NULL, f->size, PROT_READ, MAP_SHARED, f->fd, 0);
    if (p == MAP_FAILED)
        return false;
    timer_start(&t);
    for (size_t i = 0; i < f->size; i += page_size())
        (void)*(const volatile char *)(p + i);
    timer_stop(&t, loops, s);
    munmap(p, f->size);
    return true;
}

void
row_populate_cold(void)
{
    size_t size = fitting(opt.quick ? 64 * MIB : GIB, true, "15");
    const char *dir = loop_disk("15", size);
    struct file f;
    struct contest *c;
    int ours, random, eager, touch;

    if (dir == NULL)
        return;
    if (file_make(&f, dir, "cold", size, WRITTEN)) {
        c = contest_new("15", "-", size, "populate %s, cold",
                        bytes_text((double)size));
        ours = contest_add(c, "mmapx_populate", without_advice, &f);
        random = contest_add(c, "after MADV_RANDOM", after_random, &f);
        eager = contest_add(c, "MAP_POPULATE", map_populate, &f);
        touch = contest_add(c, "touch each page", touch_pages, &f);
        c->loops = 1;
        contest_run(c);
        compare(c, ours, eager, TIME_RATIO, 0.65);
        compare(c, ours, touch, TIME_RATIO, 0.65);
        compare(c, random, ours, TIME_RATIO, 1.1);
        contest_end(c);
        file_drop(&f);
    }
    loop_drop();
}
