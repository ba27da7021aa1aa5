/* SPDX-License-Identifier: MIT */
/* Row 19: the command where the kernel has no cachestat(2), as before 6.5. */
#include "rows/rows.h"

#include <unistd.h>

struct job {
    const struct file *file;
    const char *bench; /* this program */
    const char *option;
};

static bool
ours(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;
    const char *argv[] = { job->bench, WITHOUT_CACHESTAT, opt.tool, "status",
                           job->option, job->file->path, NULL };
    char output[1024];

    (void)loops;
    return command_run(argv, s, output, sizeof output);
}

static bool
vmtouch(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;
    const char *argv[] = { "vmtouch", job->file->path, NULL };
    char output[1024];

    (void)loops;
    return command_run(argv, s, output, sizeof output);
}

static void
contest(struct job *job, enum state state, const char *what)
{
    struct contest *c = contest_new("19", state_name(state), job->file->size,
                                    "%s of %s", what,
                                    bytes_text((double)job->file->size));
    int us = contest_add(c, "mmapx status", opt.tool != NULL ? ours : NULL,
                         job);
    int them = contest_add(c, "vmtouch",
                           command_exists("vmtouch") ? vmtouch : NULL, job);

    c->loops = 1;
    contest_run(c);
    compare(c, us, them, TIME_RATIO, 1.05);
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
        contest(&job, states[i], "count");
        job.option = "--ranges";
        contest(&job, states[i], "list");
    }
    file_drop(&f);
}
