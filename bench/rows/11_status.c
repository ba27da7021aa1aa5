/* SPDX-License-Identifier: MIT */
/* Row 11: many small files. */
#include "rows/rows.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME = 8, FILE_SIZE = 12 << 10 };

struct job {
    const char **argv; /* of a command: two words, or one and "", the names */
    size_t n;
};

static bool
run(struct job *job, const char *program, const char *verb, struct sample *s)
{
    const char **argv = job->argv + 1;
    char output[64];

    /* The names come after both words, or after the second one's place. */
    if (verb != NULL) {
        job->argv[0] = program;
        job->argv[1] = verb;
        argv = job->argv;
    } else {
        job->argv[1] = program;
    }
    return command_run(argv, s, output, sizeof output);
}

static bool
our_status(void *arg, long loops, struct sample *s)
{
    (void)loops;
    return run(arg, opt.tool, "status", s);
}

static bool
vmtouch_status(void *arg, long loops, struct sample *s)
{
    (void)loops;
    return run(arg, "vmtouch", NULL, s);
}

static bool
fincore_status(void *arg, long loops, struct sample *s)
{
    (void)loops;
    return run(arg, "fincore", NULL, s);
}

static void
make_files(char *names, size_t n)
{
    static char data[FILE_SIZE];

    memset(data, 's', sizeof data);
    for (size_t i = 0; i < n; i++) {
        char *name = names + i * NAME;
        int fd;

        snprintf(name, NAME, "f%zu", i % 1000000);
        fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || write(fd, data, sizeof data) != (ssize_t)sizeof data)
            die("%s", name);
        close(fd);
    }
}

static void
remove_files(const char *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        unlink(names + i * NAME);
}

static void
status_contest(struct job *job)
{
    struct contest *c = contest_new("11", "S", job->n * FILE_SIZE,
                                    "status of %zu files", job->n);
    int ours = contest_add(c, "mmapx status", our_status, job);
    int vmtouch = contest_add(c, "vmtouch",
                              command_exists("vmtouch") ? vmtouch_status
                                                        : NULL,
                              job);
    int fincore = contest_add(c, "fincore",
                              command_exists("fincore") ? fincore_status
                                                        : NULL,
                              job);

    c->loops = 1;
    contest_run(c);
    compare(c, ours, vmtouch, TIME_RATIO, 0.5);
    compare(c, ours, fincore, TIME_RATIO, NO_GOAL);
    contest_end(c);
}

/* In a directory of its own and with short names: a command takes only so many
 * bytes of arguments. */
void
row_status(void)
{
    struct job job = { NULL, opt.quick ? 4000 : 20000 };
    char *names = calloc(job.n, NAME);
    char dir[400];

    if (opt.tool == NULL) {
        skip("11", "the command mmapx is not given (--tool)");
        free(names);
        return;
    }
    job.argv = calloc(job.n + 3, sizeof *job.argv);
    if (names == NULL || job.argv == NULL)
        die("calloc");
    snprintf(dir, sizeof dir, "%s/small", opt.dir);
    if (mkdir(dir, 0700) < 0 || chdir(dir) < 0)
        die("%s", dir);
    make_files(names, job.n);
    for (size_t i = 0; i < job.n; i++)
        job.argv[i + 2] = names + i * NAME;
    status_contest(&job);
    remove_files(names, job.n);
    if (chdir("/") < 0)
        die("/");
    rmdir(dir);
    free(names);
    free(job.argv);
}
