/* SPDX-License-Identifier: MIT */
/* Row 16: trees of many small files. */
#include "rows/tree.h"

#include <fcntl.h>
#include <unistd.h>

static char tree[512];

/* What was there has been forgotten, names and all. */
static bool
forget(void)
{
    return loop_remount();
}

/* All of it cached. */
static bool
fill(void)
{
    const char *argv[] = { "vmtouch", "-t", tree, NULL };
    struct sample s;
    char output[1024];

    return command_run(argv, &s, output, sizeof output);
}

static void
load_cold(const char *dir)
{
    size_t n = opt.quick ? 2000 : 20000;
    struct tree_job job = { .tool = { "load", "-r", tree },
                            .peer = { "vmtouch", "-t", tree },
                            .prepare = forget };
    char work[64];

    snprintf(tree, sizeof tree, "%s/cold", dir);
    snprintf(work, sizeof work, "load %zu files, metadata cold", n);
    if (tree_make("16", tree, n, 2 << 10, 60 << 10))
        tree_contest("16", "-", &job, n * (31 << 10), work, 0, 0.35);
    tree_remove(tree, n);
}

static void
evict_many(const char *dir)
{
    size_t n = opt.quick ? 5000 : 50000;
    struct tree_job job = { .tool = { "evict", "-r", tree },
                            .peer = { "vmtouch", "-e", tree },
                            .prepare = fill };
    char work[64];

    snprintf(tree, sizeof tree, "%s/evict", dir);
    snprintf(work, sizeof work, "evict %zu files", n);
    if (tree_make("16", tree, n, 4 << 10, 4 << 10)) {
        loop_remount(); /* nothing is dirty */
        tree_contest("16", "S", &job, n * (4 << 10), work, 0, 1.1);
    }
    tree_remove(tree, n);
}

/* What is dirty of the tree itself is written now and not meanwhile. */
static void
write_back(void)
{
    int fd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    syncfs(fd);
    close(fd);
}

/* The tree goes with the disk: to remove so many files takes a while. */
static void
look_at_many(const char *dir)
{
    size_t n = opt.quick ? 20000 : 500000;
    struct tree_job status = { .tool = { "status", "-r", "--total", tree },
                               .peer = { "vmtouch", tree } };
    struct tree_job top = { .tool = { "top", tree } };
    struct contest *c;
    int us, largest, them;

    snprintf(tree, sizeof tree, "%s/status", dir);
    if (!tree_make_holes("16", tree, n))
        return;
    write_back();
    c = contest_new("16", "S", n, "look at %zu files", n);
    us = contest_add(c, "mmapx status", opt.tool != NULL ? tree_ours : NULL,
                     &status);
    largest = contest_add(c, "mmapx top", opt.tool != NULL ? tree_ours : NULL,
                          &top);
    them = contest_add(c, "vmtouch",
                       command_exists("vmtouch") ? tree_theirs : NULL, &status);
    c->loops = 1;
    contest_run(c);
    compare(c, us, them, TIME_RATIO, 0.5);
    compare(c, largest, them, TIME_RATIO, 0.5);
    contest_end(c);
}

void
row_trees(void)
{
    size_t size = fitting(opt.quick ? 512 * MIB : 4 * GIB, false, "16");
    const char *dir = loop_disk("16", size);

    if (dir == NULL)
        return;
    load_cold(dir);
    evict_many(dir);
    look_at_many(dir);
    loop_drop();
}
