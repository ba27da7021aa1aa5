/* SPDX-License-Identifier: MIT */
/* mmapx top: the files that fill the memory, largest first. */
#include "tool.h"
#include "commands.h"
#include "identity.h"
#include "libmmapx.h"
#include "top.h"

#include <errno.h>
#include <stdio.h>

void
top_part_begin(struct top_part *part, const struct top *top)
{
    *part = (struct top_part){ .largest.most = top->o->top };
    sums_begin(&part->sums);
    sums_begin(&part->deleted);
}

void
top_part_move(struct top_part *part, struct top_part *from)
{
    largest_move(&part->largest, &from->largest);
    sums_add(&part->sums, &from->sums);
    sums_add(&part->deleted, &from->deleted);
    part->explained = tool_sum(part->explained, from->explained);
    part->closed_files += from->closed_files;
    part->closed_dirs += from->closed_dirs;
    part->closed_processes += from->closed_processes;
}

/* The page cache has whole pages. */
static int64_t
in_page_cache(const struct survey *s)
{
    int64_t page = (int64_t)mmapx_page_size(NULL);
    int64_t rest = s->cached % page;

    return rest == 0 ? s->cached : tool_sum(s->cached, page - rest);
}

/* The system counts the pages of tmpfs and of block devices apart. */
static bool
is_on_disk(struct top_part *part, const struct tool_file *file)
{
    if (file->is_device)
        return false;
    if (part->device != file->device || part->sums.files == 0) {
        part->device = file->device;
        part->device_is_disk = file_system_of(file->fd) == FS_REAL;
    }
    return part->device_is_disk;
}

bool
top_count(struct top *top, struct top_part *part, const struct tool_file *file,
          bool deleted, struct survey *s)
{
    struct largest_row row = { .name = (char *)(uintptr_t)file->path };
    int error = survey_range(s, file, 0, file->size);

    /* Of the texts that the system makes up, those that were named count. */
    if (error == ENODEV && file->path[file->root] != '\0'
        && file_system_of(file->fd) == FS_PSEUDO)
        return false;
    if (error != 0) {
        top_failed(top, part, TOP_FILE, file->path, error);
        return false;
    }
    if (is_on_disk(part, file))
        part->explained = tool_sum(part->explained, in_page_cache(s));
    sums_add_file(&part->sums, s);
    if (deleted)
        sums_add_file(&part->deleted, s);
    row.survey = *s;
    if (s->known == 0)
        part->closed_files++;
    else if (s->cached > 0)
        largest_add(&part->largest, &row);
    return true;
}

void
top_failed(struct top *top, struct top_part *part, enum top_what what,
           const char *path, int error)
{
    if (error == EACCES || error == EPERM) {
        part->closed_files += what == TOP_FILE;
        part->closed_dirs += what == TOP_DIR;
        part->closed_processes += what == TOP_PROCESS;
        if (!top->o->verbose)
            return;
    }
    pthread_mutex_lock(&top->lock);
    top->status = tool_failed(path, error);
    pthread_mutex_unlock(&top->lock);
}

static void
look(struct top *top)
{
    const struct tool_options *o = top->o;

    if (o->by == TOOL_BY_PROCESS)
        top_by_process(top);
    else if (o->pids.n > 0)
        top_of_processes(top);
    if (o->by != TOOL_BY_PROCESS && (*o->paths != NULL || top->machine))
        top_trees(top);
    if (top->machine && o->by != TOOL_BY_PROCESS)
        top_deleted(top);
}

int
tool_top(const struct tool_options *o)
{
    struct top top = { .o = o,
                       .machine = *o->paths == NULL && o->pids.n == 0,
                       .dirs.most = o->top };
    int error = mounts_read(&top.mounts);

    pthread_mutex_init(&top.lock, NULL);
    top_part_begin(&top.all, &top);
    meminfo_read(&top.memory);
    if (error != 0 && (top.machine || o->pids.n > 0))
        top.status = tool_failed("/proc/self/mountinfo", error);
    look(&top);
    if (top.all.closed_files + top.all.closed_dirs + top.all.closed_processes
            > 0
        || top.all.hidden_processes)
        top.status = TOOL_FAILED;
    top_print(&top);
    largest_free(&top.all.largest);
    largest_free(&top.dirs);
    identity_free(&top.seen);
    mounts_free(&top.mounts);
    pthread_mutex_destroy(&top.lock);
    return top.status;
}
