/* SPDX-License-Identifier: MIT */
/* Row 3: where the pages are that are cached. */
#include "rows/residency.h"

#include <sys/mman.h>

/* What a list is worth: the runs, and where they end. */
static void
add_run(uint64_t *answer, uint64_t end)
{
    *answer = (*answer + 1) * 31 + end;
}

static bool
take_list(const struct residency *job, uint64_t *answer)
{
    enum { ROOM = 1024 };
    static struct mmapx_cache_run runs[ROOM];
    int64_t at = 0;
    int last = -1;

    *answer = 0;
    while (at < (int64_t)job->len) {
        size_t n = ROOM;

        if (mmapx_cache_runs(job->file->fd, at, (int64_t)job->len - at, runs,
                             &n)
                != 0
            || n == 0)
            return false;
        for (size_t i = 0; i < n; i++) {
            if (last >= 0 && runs[i].cached != last)
                add_run(answer, (uint64_t)runs[i].off);
            last = runs[i].cached;
        }
        at = runs[n - 1].off + runs[n - 1].len;
    }
    add_run(answer, (uint64_t)at);
    return true;
}

bool
run_our_list(void *arg, long loops, struct sample *s)
{
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        if (!take_list(arg, &s->answer))
            return false;
    timer_stop(&t, loops, s);
    return true;
}

/* The same of a mapping that is there and has page tables. */
static bool
our_mapped_list(void *arg, long loops, struct sample *s)
{
    const struct residency *job = arg;
    struct mmapx_run run = { 0, 0, 0 };
    uint64_t answer = 0;
    struct timer t;

    timer_start(&t);
    do {
        if (mmapx_resident_run(job->m, run.off + run.len, &run) != 0)
            return false;
        if (run.len > 0)
            add_run(&answer, run.off + run.len);
    } while (run.len > 0);
    timer_stop(&t, loops, s);
    s->answer = answer;
    return true;
}

/* The loop that everybody writes: a vector at a time, a byte at a time. */
static bool
scan(const struct residency *job, const char *p, uint64_t *answer)
{
    enum { WINDOW = 16384 };
    static unsigned char vec[WINDOW];
    size_t step = WINDOW * page_size();
    int last = -1;

    *answer = 0;
    for (size_t at = 0; at < job->len; at += step) {
        size_t n = job->len - at < step ? job->len - at : step;

        if (mincore((void *)(uintptr_t)(p + at), n, vec) < 0)
            return false;
        for (size_t i = 0; i < (n + page_size() - 1) / page_size(); i++) {
            if (last >= 0 && (vec[i] & 1) != last)
                add_run(answer, at + i * page_size());
            last = vec[i] & 1;
        }
    }
    add_run(answer, job->len);
    return true;
}

static bool
map_and_scan(const struct residency *job, uint64_t *answer)
{
    char *p;
    bool done;

    if (job->m != NULL)
        return scan(job, job->m->addr, answer);
    p = mmap(NULL, job->len, PROT_READ, MAP_SHARED, job->file->fd, 0);
    if (p == MAP_FAILED)
        return false;
    done = scan(job, p, answer);
    munmap(p, job->len);
    return done;
}

bool
run_scan_list(void *arg, long loops, struct sample *s)
{
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        if (!map_and_scan(arg, &s->answer))
            return false;
    timer_stop(&t, loops, s);
    return true;
}

void
list_contest(struct residency *job, const char *state, double goal)
{
    struct contest *c = contest_new("3", state, job->len, "list of %s%s",
                                    bytes_text((double)job->len),
                                    job->m != NULL ? ", page tables" : "");
    int ours = job->m != NULL
                   ? contest_add(c, "mmapx_resident_run", our_mapped_list, job)
                   : contest_add(c, "mmapx_cache_runs", run_our_list, job);
    int theirs = contest_add(c, "mincore, byte by byte", run_scan_list, job);

    c->loops = 1;
    c->watched = job->file;
    contest_run(c);
    compare(c, ours, theirs, TIME_RATIO, goal);
    contest_end(c);
}
