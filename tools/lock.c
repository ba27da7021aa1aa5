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
#include "lock_files.h"
#include "lock_limits.h"
#include "lock_list.h"
#include "lock_need.h"
#include "memory.h"
#include "names.h"
#include "need.h"
#include "notify.h"
#include "pace.h"
#include "progress.h"
#include "said.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct lock {
    const struct tool_options *o;
    struct lock_list list; /* from a snapshot */
    struct progress progress;
    struct memory memory; /* that is left, as far as that was looked at */
    struct lock_files held;
    size_t files; /* that were seen in this look */
    int64_t bytes;  /* that are locked */
    int64_t wanted; /* of all files */
    int64_t needed; /* the same in whole pages */
    unsigned look; /* counts them */
    bool full;     /* a limit is reached: nothing more can be kept */
    int status;
};

/* --- One look ------------------------------------------------------------- */

static void
add_progress(void *arg, const char *path, int64_t bytes)
{
    struct lock *l = arg;

    progress_add(&l->progress, path, bytes);
}

static void
print_held(const struct held *held, const struct hold *want)
{
    int64_t off = want->n > 0 ? want->parts->off : want->off;

    json_line(json_pack("{s:o, s:I, s:I}", "path", json_path(held->path),
                        "offset", (json_int_t)off, "locked",
                        (json_int_t)held->locked));
}

static void
name_held(const struct lock *l, const struct held *held,
          const struct hold *want)
{
    char locked[24], wanted[24];

    progress_hide();
    tool_name(stdout, held->path);
    printf(": locked %s of %s\n",
           tool_size(locked, held->locked, l->o->bytes),
           tool_size(wanted, want->keep, l->o->bytes));
}

/*
 * Whether so much more can be locked.  What is locked cannot be taken back by
 * the system, which would kill some process in the end, most likely this one.
 * A part is left to others where locking goes on by itself.
 */
static bool
fits(void *arg, const struct need *need)
{
    struct lock *l = arg;
    struct memory *m = &l->memory;
    int64_t all, reserve, needed;

    if (l->o->force)
        return true;
    if (need_of(need, m) >= m->available)
        memory_look(m);
    needed = need_of(need, m);
    all = m->group != INT64_MAX ? m->group : m->available;
    reserve = l->look > 1 || l->o->on_fault ? all / 16 : 0;
    if (needed > m->available - reserve && needed > 0)
        return false;
    m->available -= needed;
    m->cache -= needed - need->absent;
    return true;
}

/* A failure is said when it comes, not again in each look while it lasts. */
static int
fail(struct lock *l, struct held *held, const struct hold *want, int error)
{
    if (error != held->error && error == HELD_NO_ROOM)
        memory_complain(&l->memory, held->path, "locked", want->keep,
                        l->o->bytes);
    else if (error != held->error)
        l->full = limits_blame(held->path, want, error);
    held->error = error;
    return TOOL_FAILED;
}

/* Keep what is wanted of a file. */
static int
hold(struct lock *l, const struct tool_file *file, struct hold *want)
{
    struct held *held;
    int error;

    l->files++;
    l->wanted = tool_sum(l->wanted, want->keep);
    l->needed = tool_sum(l->needed, need_round(want->keep));
    if (l->full)
        return TOOL_FAILED;
    want->progress = l->look == 1 ? add_progress : NULL;
    want->fits = fits;
    want->arg = l;
    held = lock_files_find(&l->held, file->path, want->listed);
    held->look = l->look;
    held->root = file->root;
    error = held_update(held, file, want);
    if (error == EINTR && tool_interrupted != 0)
        return TOOL_OK;
    l->bytes = tool_sum(l->bytes, held->locked);
    if (error != 0)
        return fail(l, held, want, error);
    held->error = 0;
    if (l->look == 1 && l->o->json && want->keep > 0)
        print_held(held, want);
    else if (l->look == 1 && l->o->verbose && !l->o->json)
        name_held(l, held, want);
    return TOOL_OK;
}

/* Parts of a file, as far as it still reaches. */
static int
hold_parts(struct lock *l, const struct tool_file *file,
           const struct bring_part *parts, size_t n, bool listed)
{
    struct hold want = { .parts = parts, .n = n, .listed = listed };

    for (size_t i = 0; i < n && parts[i].off < file->size; i++) {
        int64_t left = file->size - parts[i].off;
        int64_t len = parts[i].len < left ? parts[i].len : left;

        want.bytes = parts[i].off + len;
        want.keep += len;
    }
    return hold(l, file, &want);
}

static int
hold_ranges(struct lock *l, const struct tool_file *file,
            const struct tool_range *ranges, size_t n)
{
    struct bring_part *parts = malloc(n * sizeof *parts);
    int status;

    if (parts == NULL)
        tool_no_memory();
    for (size_t i = 0; i < n; i++)
        parts[i] = (struct bring_part){
            ranges[i].off, tool_range_of(&ranges[i], file->size)
        };
    status = hold_parts(l, file, parts, n, false);
    free(parts);
    return status;
}

static int
hold_file(const struct tool_file *file, void *arg)
{
    struct lock *l = arg;
    size_t n;
    const struct tool_range *ranges = tool_ranges(l->o, &n);
    struct hold want = {
        .off = ranges->off,
        .bytes = tool_range_of(ranges, file->size),
        .on_fault = l->o->on_fault,
    };

    if (tool_is_remainder(file->path))
        return TOOL_OK;
    if (n > 1)
        return hold_ranges(l, file, ranges, n);
    want.keep = want.bytes;
    return hold(l, file, &want);
}

/* A file that has gone, as restore sees it, is no failure: it may come back. */
static int
hold_entry(struct lock *l, const struct lock_entry *e)
{
    struct tool_file file = { .path = e->path, .fd = -1 };
    struct stat st;
    int handle = open_look_along(e->path, &st);
    int error = handle < 0 ? errno : open_file(&file, handle, &st);
    int status = TOOL_OK;

    if (error == 0) {
        status = hold_parts(l, &file, e->parts, e->n, true);
        close(file.fd);
    } else if (open_is_gone(error)) {
        held_release(lock_files_find(&l->held, e->path, true));
    } else {
        struct held *held = lock_files_find(&l->held, e->path, true);

        held->look = l->look;
        if (handle >= 0 && !held_is(held, &st))
            held_release(held);
        status = fail(l, held, &(struct hold){ 0 }, error);
    }
    if (handle >= 0)
        close(handle);
    return status;
}

static int
look(struct lock *l)
{
    int status = TOOL_OK;

    l->look++;
    said_next_look(false);
    l->files = 0;
    l->bytes = 0;
    l->wanted = l->needed = 0;
    if (l->look > 1)
        l->memory.available = 0; /* of this look's, nothing is known yet */
    if (l->o->files0 != NULL || l->o->paths[0] != NULL || l->o->pids.n > 0)
        status = tool_files(l->o, hold_file, l);
    for (size_t i = 0; i < l->list.n && tool_interrupted == 0; i++)
        if (hold_entry(l, &l->list.entries[i]) != TOOL_OK)
            status = TOOL_FAILED;
    progress_hide();
    if (tool_interrupted == 0)
        lock_files_drop(&l->held, l->o, l->look);
    if (l->full && tool_interrupted == 0)
        limits_explain(l->files, l->needed);
    return status;
}

/* -------------------------------------------------------------------------- */

/* Whether all of it fits, before anything is locked. */
static bool
all_fit(struct lock *l)
{
    bool may_refuse = !l->o->force && !l->o->on_fault;
    struct lock_need all;

    progress_begin(&l->progress, l->o, "locking", -1);
    if (!may_refuse && !l->progress.shown)
        return true;
    all = lock_need(l->o, &l->list);
    l->progress.total = all.bytes;
    return !may_refuse || lock_all_fit(l->o, &l->list, &all, &l->memory);
}

static void
say_locked(const struct lock *l)
{
    char locked[24], wanted[24];

    if (l->o->json || l->o->quiet)
        return;
    printf("locked %s", tool_size(locked, l->bytes, l->o->bytes));
    if (l->o->on_fault)
        printf(" of %s", tool_size(wanted, l->wanted, l->o->bytes));
    printf(" in %zu file%s%s, until interrupted\n", l->files,
           l->files == 1 ? "" : "s",
           l->o->on_fault ? ", and what comes in" : "");
}

/* Look again every few seconds, and when SIGHUP comes.  A look that takes long
 * is taken less often. */
static void
stay(struct lock *l)
{
    bool told = tool_notify("READY=1");
    double took = 0;

    while (tool_interrupted == 0) {
        double began;

        tool_wait(took * 20 > l->o->interval ? took * 20 : l->o->interval);
        tool_hung_up = 0;
        l->full = false;
        began = tool_seconds();
        if (tool_interrupted == 0) {
            told = told || tool_notify("READY=1");
            look(l);
        }
        took = tool_seconds() - began;
    }
    tool_notify("STOPPING=1");
    tool_interrupted = 0; /* that is how it is meant to end */
}

int
tool_lock(const struct tool_options *o)
{
    struct lock l = { .o = o };
    int status = TOOL_OK;

    tool_catch_signals();
    tool_catch_hangup();
    names_keep(); /* for the next look */
    if (o->snapshot != NULL)
        status = lock_list_read(&l.list, o->snapshot);
    if (!all_fit(&l) || look(&l) != TOOL_OK)
        status = TOOL_FAILED;
    /* What is empty or missing now may come. */
    if (!l.full && (status == TOOL_OK || l.bytes > 0)
        && tool_interrupted == 0) {
        say_locked(&l);
        if (tool_flush() == 0)
            stay(&l);
    }
    lock_files_free(&l.held);
    said_forget();
    lock_list_free(&l.list);
    return status;
}
