/* SPDX-License-Identifier: MIT */
/*
 * mmapx lock: keep files in memory for as long as the program runs.
 *
 * It looks at the files again and again, so that what they become is kept too:
 * longer, replaced by others of the same name, or more of them in a directory.
 */
#include "tool.h"
#include "commands.h"
#include "files.h"
#include "held.h"
#include "interrupt.h"
#include "json.h"
#include "libmmapx.h"
#include "lock_limits.h"
#include "memory.h"
#include "notify.h"
#include "pace.h"
#include "progress.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct lock {
    const struct tool_options *o;
    struct progress progress;
    void *tree; /* of struct held, by path */
    struct held **all;
    size_t n;
    size_t room;
    size_t files; /* that were seen in this look */
    int64_t bytes;
    unsigned look; /* counts them */
    bool full;     /* a limit is reached: nothing more can be kept */
    int status;
};

/* --- The files that are kept ---------------------------------------------- */

static int
by_path(const void *a, const void *b)
{
    return strcmp(((const struct held *)a)->path,
                  ((const struct held *)b)->path);
}

/* The file of a path, which may be new. */
static struct held *
find(struct lock *l, const char *path)
{
    struct held key = { .path = (char *)(uintptr_t)path };
    struct held **found = tfind(&key, &l->tree, by_path);
    struct held *held;

    if (found != NULL)
        return *found;
    if (l->n == l->room) {
        l->room = 2 * l->room + 16;
        l->all = realloc(l->all, l->room * sizeof *l->all);
    }
    held = calloc(1, sizeof *held);
    if (l->all == NULL || held == NULL
        || (held->path = strdup(path)) == NULL
        || tsearch(held, &l->tree, by_path) == NULL)
        tool_no_memory();
    return l->all[l->n++] = held;
}

static void
forget(struct lock *l, size_t i)
{
    struct held *held = l->all[i];

    tdelete(held, &l->tree, by_path);
    held_release(held);
    free(held->path);
    free(held);
    l->all[i] = l->all[--l->n];
}

/* --- One look ------------------------------------------------------------- */

static void
add_progress(void *arg, const char *path, int64_t bytes)
{
    struct lock *l = arg;

    progress_add(&l->progress, path, bytes);
}

static void
print_held(const struct lock *l, const struct held *held)
{
    json_line(json_pack("{s:o, s:I, s:I}", "path", json_path(held->path),
                        "offset", (json_int_t)l->o->range.off, "locked",
                        (json_int_t)held->map.len));
}

static int
hold_file(const struct tool_file *file, void *arg)
{
    struct lock *l = arg;
    struct hold want = {
        .off = l->o->range.off,
        .bytes = tool_range_of(l->o, file->size),
        .on_fault = l->o->on_fault,
        .progress = l->look == 1 ? add_progress : NULL,
        .arg = l,
    };
    struct held *held;
    int error;

    l->files++;
    if (l->full)
        return TOOL_FAILED;
    held = find(l, file->path);
    held->look = l->look;
    error = held_update(held, file, &want);
    if (error == EINTR && tool_interrupted != 0)
        return TOOL_OK;
    if (error != 0) {
        held_release(held);
        l->full = limits_blame(file->path, want.bytes, error);
        return TOOL_FAILED;
    }
    l->bytes += (int64_t)held->map.len;
    if (l->look == 1 && l->o->json && held->map.len > 0)
        print_held(l, held);
    return TOOL_OK;
}

/* Let go of what has no name any more.  A file that was not seen although it is
 * there could not be opened this time. */
static void
drop_vanished(struct lock *l)
{
    struct stat st;

    for (size_t i = l->n; i-- > 0;)
        if (l->all[i]->look != l->look && lstat(l->all[i]->path, &st) < 0
            && (errno == ENOENT || errno == ENOTDIR))
            forget(l, i);
}

static int
look(struct lock *l)
{
    int status;

    l->look++;
    l->files = 0;
    l->bytes = 0;
    status = tool_files(l->o, hold_file, l);
    progress_hide();
    if (tool_interrupted == 0)
        drop_vanished(l);
    if (l->full)
        limits_explain(l->files);
    return status;
}

/* -------------------------------------------------------------------------- */

/* What is locked cannot be taken back by the system, which would kill some
 * process in the end. */
static bool
fits(const struct tool_options *o, int64_t total)
{
    struct memory memory;

    memory_look(&memory);
    if (o->force || o->on_fault || total <= memory.available)
        return true;
    memory_complain(&memory, "locked", total, o->bytes);
    fputs("mmapx: --force locks them all the same\n", stderr);
    return false;
}

static void
say_locked(const struct lock *l)
{
    char size[24];

    if (!l->o->json)
        printf("locked %s in %zu file%s, until interrupted\n",
               tool_size(size, l->bytes, l->o->bytes), l->files,
               l->files == 1 ? "" : "s");
}

/* Look again every few seconds, and when SIGHUP comes.  A look that takes long
 * is taken less often. */
static void
stay(struct lock *l)
{
    double took = 0;

    tool_notify("READY=1");
    while (tool_interrupted == 0) {
        double began;

        tool_wait(took * 20 > l->o->interval ? took * 20 : l->o->interval);
        tool_hung_up = 0;
        l->full = false;
        began = tool_seconds();
        if (tool_interrupted == 0)
            look(l);
        took = tool_seconds() - began;
    }
    tool_notify("STOPPING=1");
    tool_interrupted = 0; /* that is how it is meant to end */
}

int
tool_lock(const struct tool_options *o)
{
    struct lock l = { .o = o };
    int64_t total;
    int status;

    tool_catch_signals();
    tool_catch_hangup();
    total = tool_total_size(o);
    if (!fits(o, total))
        return TOOL_FAILED;
    progress_begin(&l.progress, o, "locking", total);
    status = look(&l);
    if (!l.full && l.bytes > 0 && tool_interrupted == 0) {
        say_locked(&l);
        if (fflush(stdout) == 0)
            stay(&l);
    }
    while (l.n > 0)
        forget(&l, l.n - 1);
    free(l.all);
    return status;
}
