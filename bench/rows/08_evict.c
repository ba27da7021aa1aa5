/* SPDX-License-Identifier: MIT */
/* Row 8: getting a file out of the cache. */
#include "rows/rows.h"

#include <fcntl.h>
#include <sys/mman.h>

struct eviction {
    const struct file *file;
    enum state state;
};

/* Cached again, and mapped by this process or not.  The mapping, or NULL. */
static char *
prepare(const struct eviction *job, bool mapped)
{
    char *p;

    if (!file_fill(job->file, job->state))
        die("%s", job->file->path);
    if (!mapped)
        return NULL;
    p = mmap(NULL, job->file->size, PROT_READ, MAP_SHARED | MAP_POPULATE,
             job->file->fd, 0);
    if (p == MAP_FAILED)
        die("mmap");
    return p;
}

static void
finish(const struct eviction *job, char *p, uint64_t before, struct sample *s)
{
    uint64_t freed = (before - file_cached(job->file)) * page_size();

    s->bytes = (double)freed;
    if (p != NULL)
        munmap(p, job->file->size);
}

static bool
our_evict(void *arg, long loops, struct sample *s)
{
    const struct eviction *job = arg;
    char *p = prepare(job, true);
    uint64_t before = file_cached(job->file);
    struct timer t;
    bool done;

    timer_start(&t);
    done = mmapx_cache_evict(job->file->fd, 0, -1) == 0;
    timer_stop(&t, loops, s);
    finish(job, p, before, s);
    return done;
}

static bool
by_fadvise(const struct eviction *job, bool mapped, struct sample *s)
{
    char *p = prepare(job, mapped);
    uint64_t before = file_cached(job->file);
    struct timer t;
    bool done;

    timer_start(&t);
    done = posix_fadvise(job->file->fd, 0, 0, POSIX_FADV_DONTNEED) == 0;
    timer_stop(&t, 1, s);
    finish(job, p, before, s);
    return done;
}

static bool
fadvise_unmapped(void *arg, long loops, struct sample *s)
{
    (void)loops;
    return by_fadvise(arg, false, s);
}

static bool
fadvise_mapped(void *arg, long loops, struct sample *s)
{
    (void)loops;
    return by_fadvise(arg, true, s);
}

static bool
vmtouch_evict(void *arg, long loops, struct sample *s)
{
    const struct eviction *job = arg;
    const char *argv[] = { "vmtouch", "-e", job->file->path, NULL };
    char *p = prepare(job, true);
    uint64_t before = file_cached(job->file);
    char output[1024];
    bool done;

    (void)loops;
    done = command_run(argv, s, output, sizeof output);
    finish(job, p, before, s);
    return done;
}

static void
evict_contest(const struct file *f, enum state state)
{
    struct eviction job = { f, state };
    struct contest *c = contest_new("8", state_name(state), f->size,
                                    "evict %s", bytes_text((double)f->size));
    int ours = contest_add(c, "mmapx_cache_evict", our_evict, &job);
    int vmtouch = contest_add(c, "vmtouch -e",
                              command_exists("vmtouch") ? vmtouch_evict : NULL,
                              &job);
    int mapped = contest_add(c, "fadvise, mapped", fadvise_mapped, &job);
    int unmapped = contest_add(c, "fadvise, unmapped", fadvise_unmapped, &job);

    c->loops = 1;
    contest_run(c);
    compare(c, ours, vmtouch, BYTES_SHARE, 1.0);
    compare(c, ours, mapped, BYTES_SHARE, 1.0);
    compare(c, ours, unmapped, TIME_RATIO, 1.3);
    contest_end(c);
}

void
row_evict(void)
{
    size_t size = fitting(opt.quick ? 128 * MIB : GIB, true, "8");
    struct file f;

    if (!file_make(&f, opt.dir, "evict", size, ALLOCATED))
        return;
    if (file_set(&f, STATE_L))
        evict_contest(&f, STATE_L);
    if (file_set(&f, STATE_S))
        evict_contest(&f, STATE_S);
    file_drop(&f);
}
