/* SPDX-License-Identifier: MIT */
/* Row 2: which pages are cached, and how many. */
#include "rows/residency.h"

#include <stdlib.h>
#include <string.h>

/* --- The vector ---------------------------------------------------------- */

/* Mapping, asking into new memory, unmapping: what the peer does. */
static bool
take_vector(const struct residency *job, size_t *pages)
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

bool
run_our_vector(void *arg, long loops, struct sample *s)
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
    const struct residency *job = arg;

    return peer_ask(job->go, s, "vector %s %ld", job->file->path, loops);
}

void
vector_contest(struct residency *job, enum state state)
{
    struct contest *c = contest_new("2", state_name(state), job->len,
                                    "vector of %s",
                                    bytes_text((double)job->len));
    int ours = contest_add(c, "mmapx_residency", run_our_vector, job);
    int go = contest_add(c, "Go, as gommap", job->go != NULL ? go_vector : NULL,
                         job);

    c->loops = 1;
    contest_run(c);
    compare(c, ours, go, TIME_RATIO, 1.0);
    contest_end(c);
}

/* --- Counting ------------------------------------------------------------ */

bool
run_our_count(void *arg, long loops, struct sample *s)
{
    const struct residency *job = arg;
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
    const struct residency *job = arg;

    return peer_ask(job->go, s, "count %s %ld", job->file->path, loops);
}

bool
run_vmtouch_count(void *arg, long loops, struct sample *s)
{
    const struct residency *job = arg;
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
    const struct residency *job = arg;
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
    const struct residency *job = arg;
    const char *argv[] = { opt.tool, "status", job->file->path, NULL };
    char output[1024];

    (void)loops;
    return command_run(argv, s, output, sizeof output);
}

void
count_contest(struct residency *job, enum state state)
{
    double goal = state == STATE_L ? 0.01 : 1.05;
    struct contest *c = contest_new("2", state_name(state), job->len,
                                    "count of %s",
                                    bytes_text((double)job->len));
    int ours = contest_add(c, "mmapx_cache_stat", run_our_count, job);
    int tool = contest_add(c, "mmapx status",
                           opt.tool != NULL ? tool_count : NULL, job);
    int vmtouch = contest_add(c, "vmtouch",
                              command_exists("vmtouch") ? run_vmtouch_count
                                                        : NULL,
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
