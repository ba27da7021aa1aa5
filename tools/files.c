/* SPDX-License-Identifier: MIT */
/* Which files the arguments mean. */
#include "tool.h"
#include "files.h"
#include "filter.h"
#include "identity.h"
#include "interrupt.h"
#include "names.h"
#include "proc.h"
#include "walk.h"
#include "walk_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What somebody has named is followed if it is a link. */
static void
argument(struct walk *w, const char *path)
{
    const char *filter;
    struct stat st;
    int handle;

    walk_begin(w, path);
    if (!w->o->recurse) {
        walk_files_add_named(w);
        return;
    }
    handle = open_look(AT_FDCWD, path, true, &st);
    filter = handle < 0 ? NULL : filter_name(w->o, path, S_ISDIR(st.st_mode));
    if (handle < 0) {
        walk_failed(w, errno);
    } else if (filter != NULL) {
        close(handle);
        walk_left_out(w, filter);
    } else if (!S_ISDIR(st.st_mode)) {
        walk_file(w, handle, &st);
    } else {
        walk_tree(w, handle, &st);
    }
}

/* --- Processes ------------------------------------------------------------ */

struct used {
    struct walk *w;
    void *seen;
};

static void
use_file(const struct proc_file *file, void *arg)
{
    struct used *used = arg;
    const char *filter;

    if (walk_is_over(used->w)) {
        proc_drop(file);
        return;
    }
    filter = filter_path(used->w->o, file->path);
    walk_begin(used->w, file->path);
    if (filter == NULL && file->handle < 0) {
        walk_failed(used->w, file->error);
    } else if (filter == NULL && identity_insert(&used->seen, &file->st)) {
        walk_file(used->w, file->handle, &file->st);
    } else {
        if (filter != NULL)
            walk_left_out(used->w, filter);
        proc_drop(file);
    }
}

static bool ended;

bool
tool_process_ended(void)
{
    return ended;
}

/* The files that processes have open or mapped, each once. */
static void
arguments_of_processes(struct walk *w)
{
    struct used used = { .w = w };
    const struct tool_pids *pids = &w->o->pids;

    for (size_t i = 0; i < pids->n && !walk_is_over(w); i++) {
        struct proc p;
        char title[PROC_TITLE];
        int error = proc_open_named(&p, pids->list[i]);

        if (error == 0) {
            error = proc_each_file(&p, use_file, &used);
            proc_close(&p);
        }
        if (error == 0 || (error == TOOL_GONE && walk_is_over(w)))
            continue;
        ended |= error == ESRCH || error == TOOL_ENDED || error == TOOL_GONE;
        walk_begin(w, proc_title(title, pids->list[i]));
        walk_failed(w, error);
    }
    identity_free(&used.seen);
}

/* --- Names ---------------------------------------------------------------- */

static void
arguments_from(struct walk *w, const char *from)
{
    struct names names;
    bool begun = names_begin(&names, from);

    walk_begin(w, from);
    while (begun && !walk_is_over(w) && names_next(&names))
        argument(w, names.name);
    if (begun)
        names_end(&names);
    if (names.error != 0 && tool_interrupted == 0) {
        walk_begin(w, from);
        walk_failed(w, names.error);
    }
}

/* Returns the worst of all statuses. */
static int
walk_all(struct walk *w)
{
    const struct tool_options *o = w->o;

    walk_begin(w, "");
    walk_files_begin(w);
    arguments_of_processes(w);
    if (o->files0 != NULL)
        arguments_from(w, o->files0);
    else
        for (char **path = o->paths; *path != NULL && !walk_is_over(w); path++)
            argument(w, *path);
    walk_files_finish(w);
    if (!o->quiet && !w->quiet)
        pseudo_say(&w->pseudo);
    walk_free(w);
    return w->status == TOOL_STOPPED ? TOOL_FAILED : w->status;
}

int
tool_files_ahead(const struct tool_options *o, tool_beginner *begin,
                 tool_visitor *visit, void *arg)
{
    struct walk w = { .o = o, .begin = begin, .visit = visit, .arg = arg };

    return walk_all(&w);
}

int
tool_files(const struct tool_options *o, tool_visitor *visit, void *arg)
{
    return tool_files_ahead(o, NULL, visit, arg);
}

void
tool_files_quietly(const struct tool_options *o, tool_visitor *visit, void *arg)
{
    struct walk w = { .o = o, .visit = visit, .arg = arg, .quiet = true };

    walk_all(&w);
}

const struct tool_range *
tool_ranges(const struct tool_options *o, size_t *n)
{
    static const struct tool_range all = { .len = -1 };

    *n = o->range.n > 0 ? o->range.n : 1;
    return o->range.n > 0 ? o->range.list : &all;
}

int64_t
tool_range_of(const struct tool_range *range, int64_t size)
{
    int64_t left = size > range->off ? size - range->off : 0;

    return range->len == -1 || range->len > left ? left : range->len;
}

/* The bytes of all ranges; none overlaps another. */
static int64_t
ranged_size(const struct tool_options *o, int64_t size)
{
    size_t n;
    const struct tool_range *ranges = tool_ranges(o, &n);
    int64_t bytes = 0;

    for (size_t i = 0; i < n; i++)
        bytes += tool_range_of(&ranges[i], size);
    return bytes;
}

int64_t
tool_named_size(const struct tool_options *o)
{
    int64_t bytes = 0;
    struct stat st;

    if (o->files0 != NULL || o->recurse || o->pids.n > 0)
        return -1;
    for (char **path = o->paths; *path != NULL; path++)
        if (stat(*path, &st) == 0 && S_ISREG(st.st_mode))
            bytes = tool_sum(bytes, ranged_size(o, st.st_size));
    return bytes;
}

bool
tool_is_remainder(const char *path)
{
    const char *name = strrchr(path, '/');

    name = name != NULL ? name + 1 : path;
    return strncmp(name, ".nfs0", 5) == 0
           || strncmp(name, ".fuse_hidden", 12) == 0;
}
