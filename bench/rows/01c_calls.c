/* SPDX-License-Identifier: MIT */
/* Row 1, second part: what the library adds to a system call on a small range
 * of a mapping.  The cheapest arguments are the hardest test. */
#include "rows/rows.h"

#include <unistd.h>

enum { PART = 16 << 10, AT = 64 << 10 };

struct job {
    struct mmapx m;
    int flags; /* of the sync */
};

/* The range as the bare calls need it. */
static void *
part(const struct job *job)
{
    return (char *)job->m.addr + AT;
}

static bool
bare_advise(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        if (madvise(part(job), PART, MADV_NORMAL) < 0)
            return false;
    timer_stop(&t, loops, s);
    return true;
}

static bool
our_advise(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        if (mmapx_advise(&job->m, AT, PART, MMAPX_MADV_NORMAL) != 0)
            return false;
    timer_stop(&t, loops, s);
    return true;
}

static bool
bare_willneed(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        if (madvise(part(job), PART, MADV_WILLNEED) < 0)
            return false;
    timer_stop(&t, loops, s);
    return true;
}

static bool
our_willneed(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        if (mmapx_advise(&job->m, AT, PART, MMAPX_MADV_WILLNEED) != 0)
            return false;
    timer_stop(&t, loops, s);
    return true;
}

/* There and back, or it would be a call that changes nothing. */
static bool
bare_protect(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        if (mprotect(part(job), PART, PROT_READ) < 0
            || mprotect(part(job), PART, PROT_READ | PROT_WRITE) < 0)
            return false;
    timer_stop(&t, loops, s);
    return true;
}

static bool
our_protect(void *arg, long loops, struct sample *s)
{
    struct job *job = arg;
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        if (mmapx_protect(&job->m, AT, PART, PROT_READ) != 0
            || mmapx_protect(&job->m, AT, PART, PROT_READ | PROT_WRITE) != 0)
            return false;
    timer_stop(&t, loops, s);
    return true;
}

static bool
bare_lock(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        if (mlock(part(job), PART) < 0 || munlock(part(job), PART) < 0)
            return false;
    timer_stop(&t, loops, s);
    return true;
}

static bool
our_lock(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        if (mmapx_lock(&job->m, AT, PART, 0) != 0
            || mmapx_unlock(&job->m, AT, PART) != 0)
            return false;
    timer_stop(&t, loops, s);
    return true;
}

static bool
bare_sync(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        if (msync(part(job), PART, job->flags) < 0)
            return false;
    timer_stop(&t, loops, s);
    return true;
}

static bool
our_sync(void *arg, long loops, struct sample *s)
{
    struct job *job = arg;
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        if (mmapx_sync(&job->m, AT, PART, job->flags) != 0)
            return false;
    timer_stop(&t, loops, s);
    return true;
}

void
row_calls(void)
{
    static const struct {
        const char *work, *peer;
        runner *ours, *bare;
        int flags;
    } calls[] = {
        { "advise NORMAL, 16 KiB", "madvise", our_advise, bare_advise, 0 },
        { "advise WILLNEED, 16 KiB", "madvise", our_willneed, bare_willneed,
          0 },
        { "protect, 16 KiB, there and back", "mprotect", our_protect,
          bare_protect, 0 },
        { "lock + unlock 16 KiB", "mlock, munlock", our_lock, bare_lock, 0 },
        { "sync ASYNC, 16 KiB", "msync", our_sync, bare_sync, MS_ASYNC },
        { "sync SYNC, 16 KiB, clean", "msync", our_sync, bare_sync, MS_SYNC },
    };
    struct file f;
    struct job job;

    if (!file_make(&f, opt.dir, "calls", MIB, WRITTEN))
        return;
    if (mmapx_map(&job.m, f.fd, PROT_READ | PROT_WRITE, MAP_SHARED) != 0
        || mmapx_populate(&job.m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ) != 0)
        die("map");
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct contest *c = contest_new("1", "", PART, "%s", calls[i].work);
        int bare = contest_add(c, calls[i].peer, calls[i].bare, &job);
        int ours = contest_add(c, "libmmapx", calls[i].ours, &job);

        job.flags = calls[i].flags;
        c->rounds = opt.quick ? 101 : 301;
        contest_run(c);
        compare(c, ours, bare, TIME_RATIO, 1.02);
        contest_end(c);
    }
    mmapx_unmap(&job.m);
    file_drop(&f);
}
