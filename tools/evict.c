/* SPDX-License-Identifier: MIT */
/* mmapx evict: out of memory. */
#include "tool.h"
#include "commands.h"
#include "fadvise.h"
#include "interrupt.h"
#include "libmmapx.h"
#include "pace.h"
#include "screen.h"
#include "stay.h"
#include "table_json.h"
#include "work.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* Bytes of the first step: only evicting dirty pages waits for the disk. */
enum { FIRST_EVICTED = 128 << 20, WRITTEN_AT_ONCE = 8 << 20 };

/* Write dirty pages back, and wait: by steps where the system has some, since
 * fsync(2) cannot be interrupted.  What is left for it then is little. */
static int
write_back(const struct work_file *f)
{
#ifdef SYNC_FILE_RANGE_WRITE
    struct pace pace = { .step = WRITTEN_AT_ONCE };
    int64_t end = f->file->size;

    for (int64_t off = 0, n; off < end; off += n) {
        if (tool_interrupted != 0)
            return EINTR;
        n = pace_next(&pace, off, end);
        /* What it does not do, fsync() does. */
        sync_file_range(f->file->fd, off, n,
                        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE
                            | SYNC_FILE_RANGE_WAIT_AFTER);
    }
#endif
    return fsync(f->file->fd) < 0 ? errno : 0;
}

/* Whether there is something to be written back, as far as can be known. */
static bool
is_dirty(const struct survey *s)
{
    return (s->known & MMAPX_CACHE_DIRTY) == 0 || s->dirty > 0
           || s->writeback > 0;
}

/* The system drops whole pages; and up to the end of the file also the last
 * unit of its cache, which may be larger than the last page. */
static int
drop(const struct work_file *f, int64_t off, int64_t len)
{
    int64_t page = (int64_t)mmapx_page_size(NULL);
    int64_t begin = off - off % page;
    int64_t end = off + len;

    if (end >= f->file->size)
        end = begin; /* which means to the end */
    else if (end % page != 0)
        end += page - end % page;
    return posix_fadvise(f->file->fd, (off_t)begin, (off_t)(end - begin),
                         POSIX_FADV_DONTNEED);
}

/* The same where something has stayed: it may be mapped by this process. */
static int
drop_more(const struct work_file *f, int64_t off, int64_t len)
{
    return mmapx_cache_evict(f->file->fd, off, len) < 0 ? errno : 0;
}

static int
in_steps(struct work *work, const struct work_file *f,
         int (*step)(const struct work_file *f, int64_t off, int64_t len))
{
    struct pace pace = { .step = FIRST_EVICTED };
    int64_t end = f->off + f->len;
    int error = 0;

    for (int64_t off = f->off, n; off < end && error == 0; off += n) {
        if (tool_interrupted != 0)
            return EINTR;
        n = pace_next(&pace, off, end);
        error = step(f, off, n);
        if (step == drop) {
            work->bytes = tool_sum(work->bytes, n);
            progress_add(&work->progress, f->file->path, n);
        }
    }
    return error;
}

/* Files that are not in memory are most of a tree, and need nothing. */
static int
evict_file(struct work *work, struct work_file *f)
{
    int error = 0;

    if (f->before.known != 0 && f->before.cached == 0) {
        work->bytes = tool_sum(work->bytes, f->len);
        progress_add(&work->progress, f->file->path, f->len);
        f->after = f->before;
        return 0;
    }
    if (work->o->sync && is_dirty(&f->before))
        error = write_back(f);
    if (error == 0)
        error = in_steps(work, f, drop);
    error = work_look_after(f, error);
    if (error != 0 || tool_interrupted != 0
        || (f->after.known != 0 && f->after.cached == 0))
        return error;
    return work_look_after(f, in_steps(work, f, drop_more));
}

/* That pages stay is no failure. */
static int
judge_evicted(struct work *work, const struct work_file *f)
{
    if (f->after.known != 0 && f->after.cached > 0)
        stay_add(work->arg, f);
    return TOOL_OK;
}

/* Why what has stayed has. */
static void
add_json(const struct work *work, const struct work_file *f, json_t *object)
{
    const struct stays *s = work->arg;
    const int64_t *last = s->last;

    if (f->after.known == 0 || f->after.cached == 0)
        return;
    json_object_set_new(
        object, "stayed",
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}",
                  "dirty", (json_int_t)last[STAY_DIRTY],
                  "locked", (json_int_t)last[STAY_LOCKED],
                  "mapped", (json_int_t)last[STAY_MAPPED],
                  "memory", (json_int_t)last[STAY_MEMORY],
                  "in_use", (json_int_t)last[STAY_IN_USE],
                  "unknown", (json_int_t)last[STAY_UNKNOWN]));
    json_object_set_new(object, "mapped_by",
                        table_json_who(who_maps(f->file->device,
                                                f->file->inode)));
    json_object_set_new(object, "locked_by",
                        table_json_who(who_locks(f->file->device,
                                                 f->file->inode)));
}

/* What has gone, and why the rest has not. */
static void
print_evicted(const struct work *work)
{
    int64_t evicted
        = work->before > work->after ? work->before - work->after : 0;
    char some[24], others[24];

    if (work->unknown)
        printf("asked to evict %s",
               tool_size(some, work->bytes, work->o->bytes));
    else
        printf("evicted %s of %s in memory",
               tool_size(some, evicted, work->o->bytes),
               tool_size(others, work->before, work->o->bytes));
    work_print_end(work, 0);
    if (tool_interrupted == 0) /* else what is left was not tried */
        stay_print(work->arg, work->o);
}

int
tool_evict(const struct tool_options *o)
{
    static const struct work_kind evicting = {
        .verb = "evicting",
        .run = evict_file,
        .judge = judge_evicted,
        .add_json = add_json,
    };
    struct stays stays;
    struct work work = { .o = o, .kind = &evicting, .arg = &stays };
    int status;

    stay_begin(&stays);
    status = work_run(&work);
    if (!o->json && !o->quiet && (work.files > 0 || work.before > 0
                                 || tool_interrupted != 0))
        print_evicted(&work);
    stay_free(&stays);
    return status;
}
