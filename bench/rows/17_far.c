/* SPDX-License-Identifier: MIT */
/* Row 17: files far away, where each question takes a while. */
#include "harness/slow.h"
#include "rows/tree.h"

#include <unistd.h>

static struct slow far;
static const char *dir;

/* What was there has been forgotten. */
static bool
mount_again(void)
{
    if (dir != NULL)
        slow_unmount();
    dir = slow_mount("17", &far);
    return dir != NULL;
}

static void
leave(void)
{
    if (dir != NULL)
        slow_unmount();
    dir = NULL;
}

static void
far_contest(struct tree_job *job, size_t size, const char *work, double goal)
{
    if (!mount_again())
        return;
    if (job->tool[2] == NULL)
        job->tool[2] = dir;
    job->peer[2] = dir;
    job->prepare = mount_again;
    tree_contest("17", "-", job, size, work, 3, goal);
    leave();
}

/* Write down that all files are in memory. */
static bool
note_all(const char *snapshot)
{
    const char *load[] = { opt.tool, "load", "-r", dir, NULL };
    const char *note[] = { opt.tool, "snapshot", "-r", "-o", snapshot, dir,
                           NULL };
    char output[1024];
    struct sample s;

    return command_run(load, &s, output, sizeof output)
           && command_run(note, &s, output, sizeof output);
}

static void
far_restore(size_t n)
{
    char snapshot[512], work[64];
    struct tree_job job = { .tool = { "restore", "-q", snapshot },
                            .peer = { "vmtouch", "-t" } };

    snprintf(snapshot, sizeof snapshot, "%s/far", opt.dir);
    snprintf(work, sizeof work, "restore %zu files, 1 ms each request", n);
    if (opt.tool != NULL && mount_again() && note_all(snapshot))
        far_contest(&job, n * far.size, work, 0.1);
    leave();
    unlink(snapshot);
}

/* Three rounds: vmtouch takes 4 ms for each file, and the time depends on
 * nothing else. */
void
row_far(void)
{
    struct tree_job load = { .tool = { "load", "-r" },
                             .peer = { "vmtouch", "-t" } };
    struct tree_job status = { .tool = { "status", "-r" },
                               .peer = { "vmtouch", "-v" } };
    size_t n = opt.quick ? 400 : 4000;
    char work[64];

    far = (struct slow){ 1000000, n / 400, 400, 20000 };
    snprintf(work, sizeof work, "load %zu files, 1 ms each request", n);
    far_contest(&load, n * far.size, work, 0.1);
    snprintf(work, sizeof work, "status of %zu files, 1 ms each", n);
    far_contest(&status, n * far.size, work, 0.5);
    far_restore(n);
    far = (struct slow){ 10000000, 1, 1, opt.quick ? 32 * MIB : 128 * MIB };
    snprintf(work, sizeof work, "load a file of %s, 10 ms each request",
             bytes_text((double)far.size));
    far_contest(&load, far.size, work, 0.35);
}
