/* SPDX-License-Identifier: MIT */
/* Rows 2 to 4: which pages are cached, how many, and where. */
#include "harness/bench.h"

#include <stdlib.h>
#include <string.h>

struct job {
    const struct file *file;
    struct peer *go;
    size_t len;      /* bytes asked about, from the start on */
    struct mmapx *m; /* a mapping with page tables, or NULL */
};

/* --- The vector ---------------------------------------------------------- */

/* Mapping, asking into new memory, unmapping: what the peer does. */
static bool
take_vector(const struct job *job, size_t *pages)
{
    struct mmapx m;
    unsigned char *vec;
    bool done;

    if (mmapx_map_region(&m, job->file->fd, 0, job->len, PROT_READ, MAP_SHARED)
        != 0)
        return false;
    *pages = mmapx_page_count(&m, 0, MMAPX_TO_END);
    vec = malloc(*pages);
    done = vec != NULL
           && mmapx_residency(&m, 0, MMAPX_TO_END, vec, *pages) == 0;
    done = mmapx_unmap(&m) == 0 && done;
    free(vec);
    return done;
}

static bool
our_vector(void *arg, long loops, struct sample *s)
{
    size_t pages = 0;
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        if (!take_vector(arg, &pages))
            return false;
    timer_stop(&t, loops, s);
    s->answer = pages;
    return true;
}

static bool
go_vector(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;

    return peer_ask(job->go, s, "vector %s %ld", job->file->path, loops);
}

static void
vector_contest(struct job *job, enum state state)
{
    struct contest *c = contest_new("2", state_name(state), job->len,
                                    "vector of %s",
                                    bytes_text((double)job->len));
    int ours = contest_add(c, "mmapx_residency", our_vector, job);
    int go = contest_add(c, "Go, as gommap", job->go != NULL ? go_vector : NULL,
                         job);

    c->loops = 1;
    contest_run(c);
    compare(c, ours, go, TIME_RATIO, 1.0);
    contest_end(c);
}

/* --- Counting ------------------------------------------------------------ */

static bool
our_count(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;
    struct mmapx_cache cache = { .cached = 0 };
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        if (mmapx_cache_stat(job->file->fd, 0, (int64_t)job->len, &cache) != 0)
            return false;
    timer_stop(&t, loops, s);
    s->answer = cache.cached;
    return true;
}

static bool
go_count(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;

    return peer_ask(job->go, s, "count %s %ld", job->file->path, loops);
}

static bool
vmtouch_count(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;
    const char *argv[] = { "vmtouch", job->file->path, NULL };
    char output[1024];
    const char *found;

    (void)loops;
    if (!command_run(argv, s, output, sizeof output))
        return false;
    found = strstr(output, "Resident Pages:");
    if (found != NULL)
        s->answer = strtoull(found + strlen("Resident Pages:"), NULL, 10);
    return found != NULL;
}

static bool
fincore_count(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;
    const char *argv[] = { "fincore", "-n", "-o", "PAGES", job->file->path,
                           NULL };
    char output[256];

    (void)loops;
    if (!command_run(argv, s, output, sizeof output))
        return false;
    s->answer = strtoull(output, NULL, 10);
    return true;
}

static bool
tool_count(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;
    const char *argv[] = { opt.tool, "status", job->file->path, NULL };
    char output[1024];

    (void)loops;
    return command_run(argv, s, output, sizeof output);
}

static void
count_contest(struct job *job, enum state state)
{
    double goal = state == STATE_L ? 0.01 : 1.05;
    struct contest *c = contest_new("2", state_name(state), job->len,
                                    "count of %s",
                                    bytes_text((double)job->len));
    int ours = contest_add(c, "mmapx_cache_stat", our_count, job);
    int tool = contest_add(c, "mmapx status",
                           opt.tool != NULL ? tool_count : NULL, job);
    int vmtouch = contest_add(c, "vmtouch",
                              command_exists("vmtouch") ? vmtouch_count : NULL,
                              job);
    int fincore = contest_add(c, "fincore",
                              command_exists("fincore") ? fincore_count : NULL,
                              job);
    int go = contest_add(c, "Go, as gommap", job->go != NULL ? go_count : NULL,
                         job);

    c->loops = 1;
    c->watched = job->file;
    contest_run(c);
    compare(c, ours, vmtouch, TIME_RATIO, goal);
    compare(c, ours, fincore, TIME_RATIO, goal);
    compare(c, ours, go, TIME_RATIO, goal);
    compare(c, tool, vmtouch, TIME_RATIO, NO_GOAL);
    contest_end(c);
}

/* --- Listing ------------------------------------------------------------- */

/* What a list is worth: the runs, and where they end. */
static void
add_run(uint64_t *answer, uint64_t end)
{
    *answer = (*answer + 1) * 31 + end;
}

static bool
take_list(const struct job *job, uint64_t *answer)
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

static bool
our_list(void *arg, long loops, struct sample *s)
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
    const struct job *job = arg;
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
scan(const struct job *job, const char *p, uint64_t *answer)
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
map_and_scan(const struct job *job, uint64_t *answer)
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

static bool
scan_list(void *arg, long loops, struct sample *s)
{
    struct timer t;

    timer_start(&t);
    for (long i = 0; i < loops; i++)
        if (!map_and_scan(arg, &s->answer))
            return false;
    timer_stop(&t, loops, s);
    return true;
}

static void
list_contest(struct job *job, const char *state, double goal)
{
    struct contest *c = contest_new("3", state, job->len, "list of %s%s",
                                    bytes_text((double)job->len),
                                    job->m != NULL ? ", page tables" : "");
    int ours = job->m != NULL
                   ? contest_add(c, "mmapx_resident_run", our_mapped_list, job)
                   : contest_add(c, "mmapx_cache_runs", our_list, job);
    int theirs = contest_add(c, "mincore, byte by byte", scan_list, job);

    c->loops = 1;
    c->watched = job->file;
    contest_run(c);
    compare(c, ours, theirs, TIME_RATIO, goal);
    contest_end(c);
}

/* --- How it grows -------------------------------------------------------- */

static void
one_series(struct job *job, const char *title, const char *name, runner *run,
           const char *state, size_t most)
{
    struct series series = { title, name, state, 0, { 0 }, { 0 } };
    size_t size = job->file->size;

    for (job->len = 4 * KIB; job->len <= size && job->len <= most;
         job->len *= 8) {
        struct contest *c = contest_new("2", state, job->len, "%s", title);
        int it = contest_add(c, name, run, job);

        c->loops = job->len >= 64 * MIB ? 1 : 0;
        contest_run(c);
        series_add(&series, job->len, contest_median(c, it));
        contest_end(c);
    }
    job->len = size;
    series_print(&series);
}

static void
all_series(struct job *job, const char *state)
{
    one_series(job, "count", "mmapx_cache_stat", our_count, state, SIZE_MAX);
    one_series(job, "list", "mmapx_cache_runs", our_list, state, SIZE_MAX);
    if (state[0] == 'L')
        return; /* what looks at every page does not care about folios */
    one_series(job, "list", "mincore, byte by byte", scan_list, state,
               opt.quick ? GIB : 8 * GIB);
    one_series(job, "vector", "mmapx_residency", our_vector, state,
               opt.quick ? GIB : 8 * GIB);
}

/* --- The rows ------------------------------------------------------------ */

static void
with_page_tables(struct job *job)
{
    struct mmapx m;

    if (mmapx_map(&m, job->file->fd, PROT_READ, MAP_SHARED) != 0)
        return;
    if (mmapx_populate(&m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ) == 0) {
        job->m = &m;
        list_contest(job, "S", 1.1);
        job->m = NULL;
    }
    mmapx_unmap(&m);
}

void
row_residency(void)
{
    static const struct {
        enum state state;
        double list_goal;
    } states[] = {
        { STATE_L, 0.05 },      { STATE_S, 1.1 }, { STATE_RANDOM, 1.1 },
        { STATE_CLUSTERED, 0.05 },
    };
    size_t size = fitting(opt.quick ? 512 * MIB : 8 * GIB, true, "2");
    struct file f;
    struct job job = { &f, NULL, size, NULL };

    if (!file_make(&f, opt.dir, "residency", size, ALLOCATED))
        return;
    job.go = peer_start("go");
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        enum state state = states[i].state;

        if (!file_set(&f, state))
            continue;
        if (state == STATE_L || state == STATE_S) {
            vector_contest(&job, state);
            count_contest(&job, state);
            all_series(&job, state_name(state));
        }
        list_contest(&job, state_name(state), states[i].list_goal);
        if (state == STATE_S)
            with_page_tables(&job);
    }
    peer_stop(job.go);
    file_drop(&f);
}

void
row_sparse(void)
{
    size_t size = opt.quick ? 16 * GIB : TIB;
    struct file f;
    struct job job = { &f, NULL, size, NULL };
    struct contest *c;
    int count, list, vmtouch;

    if (!file_make(&f, opt.dir, "sparse", size, SPARSE))
        return;
    if (opt.quick)
        note("row 4: 16 GiB instead of 1 TiB, so the ratio is 64 times higher");
    c = contest_new("4", "-", size, "sparse file of %s",
                    bytes_text((double)size));
    count = contest_add(c, "mmapx_cache_stat", our_count, &job);
    list = contest_add(c, "mmapx_cache_runs", our_list, &job);
    vmtouch = contest_add(c, "vmtouch",
                          command_exists("vmtouch") ? vmtouch_count : NULL,
                          &job);
    c->loops = 1;
    c->answers_differ = true; /* the one counts, the other lists */
    contest_run(c);
    compare(c, count, vmtouch, TIME_RATIO, 0.0001);
    compare(c, list, vmtouch, TIME_RATIO, 0.0001);
    contest_end(c);
    all_series(&job, "-");
    file_drop(&f);
}
