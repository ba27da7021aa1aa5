/* SPDX-License-Identifier: MIT */
/* Row 19: counting and listing where the kernel has no cachestat(2), as before
 * 6.5. */
#include "rows/rows.h"

#include <unistd.h>

struct job {
    const struct file *file;
    const char *bench; /* this program */
    const char *option;
};

/* Theirs goes the same way, which takes a little. */
static bool
run_command(const struct job *job, const char *program, const char *command,
            struct sample *s)
{
    const char *theirs[] = { job->bench, WITHOUT_CACHESTAT, program,
                             job->file->path, NULL };
    const char *ours[] = { job->bench, WITHOUT_CACHESTAT, program, command,
                           job->option, job->file->path, NULL };
    char output[1024];

    return command_run(command != NULL ? ours : theirs, s, output,
                       sizeof output);
}

static bool
status(void *arg, long loops, struct sample *s)
{
    (void)loops;
    return run_command(arg, opt.tool, "status", s);
}

static bool
vmtouch(void *arg, long loops, struct sample *s)
{
    (void)loops;
    return run_command(arg, "vmtouch", NULL, s);
}

static bool
count(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;
    struct mmapx_cache c;
    struct timer t;

    timer_start(&t);
    if (mmapx_cache_stat(job->file->fd, 0, -1, &c) != 0)
        return false;
    timer_stop(&t, loops, s);
    return c.known == MMAPX_CACHE_CACHED;
}

static bool
list(void *arg, long loops, struct sample *s)
{
    enum { ROOM = 16384 };
    static struct mmapx_cache_run runs[ROOM];
    const struct job *job = arg;
    size_t n = ROOM;
    int64_t off = 0;
    struct timer t;

    timer_start(&t);
    while (n == ROOM) {
        if (mmapx_cache_runs(job->file->fd, off, -1, runs, &n) != 0)
            return false;
        if (n > 0)
            off = runs[n - 1].off + runs[n - 1].len;
    }
    timer_stop(&t, loops, s);
    return true;
}

static bool
count_filtered(void *arg, long loops, struct sample *s)
{
    return call_without_cachestat(count, arg, loops, s);
}

static bool
list_filtered(void *arg, long loops, struct sample *s)
{
    return call_without_cachestat(list, arg, loops, s);
}

static void
contest(struct job *job, enum state state, const char *what,
        const char *function, runner *run)
{
    struct contest *c = contest_new("19", state_name(state), job->file->size,
                                    "%s of %s", what,
                                    bytes_text((double)job->file->size));
    int us = contest_add(c, function, run, job);
    int command = contest_add(c, "mmapx status",
                              opt.tool != NULL ? status : NULL, job);
    int them = contest_add(c, "vmtouch",
                           command_exists("vmtouch") ? vmtouch : NULL, job);

    c->loops = 1;
    contest_run(c);
    compare(c, us, them, TIME_RATIO, 1.05);
    compare(c, command, them, TIME_RATIO, 1.05);
    contest_end(c);
}

void
row_no_cachestat(void)
{
    static const enum state states[] = { STATE_L, STATE_S, STATE_RANDOM };
    size_t size = fitting(opt.quick ? 512 * MIB : 4 * GIB, true, "19");
    char bench[512];
    ssize_t n = readlink("/proc/self/exe", bench, sizeof bench - 1);
    struct job job = { .bench = bench };
    struct file f;

    bench[n > 0 ? n : 0] = '\0';
    if (!file_make(&f, opt.dir, "stat", size, ALLOCATED))
        return;
    job.file = &f;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (!file_set(&f, states[i]))
            continue;
        job.option = "--bytes";
        contest(&job, states[i], "count", "mmapx_cache_stat",
                count_filtered);
        job.option = "--ranges";
        contest(&job, states[i], "list", "mmapx_cache_runs", list_filtered);
    }
    file_drop(&f);
}
