/* SPDX-License-Identifier: MIT */
/* mmapx top: what processes have open and mapped. */
#include "tool.h"
#include "filter.h"
#include "identity.h"
#include "open.h"
#include "proc.h"
#include "top.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a process could not tell.  One that nobody has named may have ended. */
static void
process_failed(struct top *top, pid_t pid, int error)
{
    char title[PROC_TITLE];

    proc_title(title, pid);
    if (top->o->pids.n > 0)
        top->status = tool_failed(title, error);
    else if (error != ESRCH && error != TOOL_GONE)
        top_failed(top, &top->all, TOP_PROCESS, title, error);
}

/* Whether an option leaves a file out. */
static bool
is_left_out(const struct top *top, const struct proc_file *file)
{
    const char *option = filter_path(top->o, file->path);

    if (option == NULL && file->handle >= 0 && S_ISREG(file->st.st_mode))
        option = filter_size(top->o, file->st.st_size);
    if (option != NULL && top->o->verbose)
        tool_left_out(file->path, option);
    return option != NULL;
}

/* Open what a handle stands for, which is closed, and count it. */
static bool
count(struct top *top, const struct proc_file *found, struct survey *s)
{
    struct tool_file file = { .path = found->path };
    int error = found->error;
    bool counted = false;

    if (error == 0)
        error = open_file(&file, found->handle, &found->st);
    if (error == 0) {
        counted = top_count(top, &top->all, &file, found->st.st_nlink == 0, s);
        close(file.fd);
    } else if (found->error != 0 || !open_is_gone(error)) {
        top_failed(top, &top->all, TOP_FILE, found->path, error);
    }
    proc_drop(found);
    return counted;
}

/* Call fn for the files of each process: of those that are named, or of all. */
static void
each_process(struct top *top,
             void (*fn)(struct top *top, const struct proc *p))
{
    pid_t *pids = top->o->pids.list;
    size_t n = top->o->pids.n;
    bool named = n > 0;
    int error = named ? 0 : proc_list(&pids, &n);

    if (error != 0)
        top->status = tool_failed("/proc", error);
    else if (!named)
        top->all.hidden_processes = proc_hides();
    for (size_t i = 0; i < n; i++) {
        struct proc p;

        error = named ? proc_open_named(&p, pids[i]) : proc_open(&p, pids[i]);
        if (error != 0) {
            process_failed(top, pids[i], error);
            continue;
        }
        fn(top, &p);
        proc_close(&p);
    }
    if (!named)
        free(pids);
}

/* --- Files of processes --------------------------------------------------- */

static void
count_used(const struct proc_file *file, void *arg)
{
    struct top *top = arg;
    struct survey s;

    if (!is_left_out(top, file)
        && (file->handle < 0 || identity_insert(&top->seen, &file->st)))
        count(top, file, &s);
    else
        proc_drop(file);
}

static void
files_of(struct top *top, const struct proc *p)
{
    int error = proc_each_file(p, count_used, top);

    if (error != 0)
        process_failed(top, p->pid, error);
}

void
top_of_processes(struct top *top)
{
    each_process(top, files_of);
}

/* --- Deleted files -------------------------------------------------------- */

/* A file that has a name is found by it; one in tmpfs is not in the page cache
 * that is explained. */
static void
count_deleted(const struct proc_file *file, void *arg)
{
    struct top *top = arg;
    struct survey s;

    if (file->handle < 0)
        return;
    if (file->st.st_nlink == 0 && S_ISREG(file->st.st_mode)
        && file_system_of(file->handle) == FS_REAL && !is_left_out(top, file)
        && identity_insert(&top->seen, &file->st))
        count(top, file, &s);
    else
        close(file->handle);
}

static void
deleted_of(struct top *top, const struct proc *p)
{
    int error = proc_each_file(p, count_deleted, top);

    if (error != 0)
        process_failed(top, p->pid, error);
}

void
top_deleted(struct top *top)
{
    each_process(top, deleted_of);
}

/* --- Sums of processes ---------------------------------------------------- */

/* A file that was looked at; others may use it too. */
struct looked {
    struct identity id;
    bool counted;
    struct survey survey;
};

/* What is counted for a process. */
struct process {
    struct top *top;
    bool has_own_mounts;
    struct sums sums;
};

static void *looked; /* a tree of them */

/* Look at a file, or remember what was seen of it. */
static const struct looked *
look_once(struct top *top, const struct proc_file *file)
{
    struct looked *new = calloc(1, sizeof *new);
    struct looked **found;

    if (new == NULL)
        tool_no_memory();
    new->id = (struct identity){ file->st.st_dev, file->st.st_ino };
    found = tsearch(new, &looked, identity_compare);
    if (found == NULL)
        tool_no_memory();
    if (*found == new) {
        new->counted = count(top, file, &new->survey);
    } else {
        free(new);
        close(file->handle);
    }
    return *found;
}

/* Whether a path is one of those that are named, or below one. */
static bool
is_named(const struct top *top, const char *path)
{
    bool named = false;

    for (char **p = top->o->paths; *p != NULL && !named; p++) {
        char *real = realpath(*p, NULL);

        named = real != NULL && tool_is_below(path, real);
        free(real);
    }
    return named;
}

/* Whether a process's path leads to its file here, too. */
static bool
is_here(const struct proc_file *file)
{
    struct stat st;

    return file->handle >= 0 && lstat(file->path, &st) == 0
           && st.st_dev == file->st.st_dev && st.st_ino == file->st.st_ino;
}

/* Whether a file is among those that are named. */
static bool
is_meant(const struct process *process, const struct proc_file *file)
{
    return *process->top->o->paths == NULL
           || (is_named(process->top, file->path)
               && (!process->has_own_mounts || is_here(file)));
}

static void
add_used(const struct proc_file *file, void *arg)
{
    struct process *process = arg;
    const struct looked *found;

    if (!is_meant(process, file)
        || is_left_out(process->top, file)) {
        proc_drop(file);
    } else if (file->handle < 0) {
        top_failed(process->top, &process->top->all, TOP_FILE, file->path,
                   file->error);
    } else {
        found = look_once(process->top, file);
        if (found->counted)
            sums_add_file(&process->sums, &found->survey);
    }
}

static void
sum_of(struct top *top, const struct proc *p)
{
    struct process process = { .top = top,
                               .has_own_mounts = *top->o->paths != NULL
                                                 && proc_has_own_mounts(p) };
    struct largest_row row = { .pid = p->pid };
    int error;

    sums_begin(&process.sums);
    error = proc_each_file(p, add_used, &process);
    if (error != 0)
        process_failed(top, p->pid, error);
    row.name = (char *)(uintptr_t)p->name;
    row.survey = process.sums.survey;
    row.files = process.sums.files;
    if (row.files > 0)
        largest_add(&top->dirs, &row);
}

/* What is named and cannot be looked at, no process is found to use. */
static void
check_named(struct top *top)
{
    for (char **p = top->o->paths; *p != NULL; p++) {
        struct stat st;
        int handle = open_look(AT_FDCWD, *p, true, &st);

        if (handle >= 0)
            close(handle);
        else
            top->status = tool_failed(*p, errno);
    }
}

void
top_by_process(struct top *top)
{
    check_named(top);
    each_process(top, sum_of);
    while (looked != NULL) {
        struct looked *one = *(struct looked **)looked;

        tdelete(one, &looked, identity_compare);
        free(one);
    }
}
