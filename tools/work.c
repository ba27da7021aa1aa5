/* SPDX-License-Identifier: MIT */
/* What load and evict share: going through files by steps, and counting what is
 * in memory before and afterwards. */
#include "tool.h"
#include "files.h"
#include "interrupt.h"
#include "json.h"
#include "libmmapx.h"
#include "screen.h"
#include "survey.h"
#include "work.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* What of a range is in memory; no errno where the system would not say. */
static int
cached_now(const struct work *work, const struct tool_file *file, int64_t bytes,
           struct mmapx_cache *c)
{
    *c = (struct mmapx_cache){ 0 };
    if (bytes == 0
        || mmapx_cache_stat(file->fd, work->o->range.off, bytes, c) == 0)
        return 0;
    return errno == EPERM ? 0 : errno;
}

/* All of a range, or as far as one comes before a signal. */
static int
in_steps(struct work *work, const struct tool_file *file, int64_t bytes)
{
    int64_t step = work->kind->step;
    int error = 0;

    for (int64_t done = 0, n;
         done < bytes && error == 0 && tool_interrupted == 0; done += n) {
        int64_t at = work->o->range.off + done;

        /* Up to a multiple, so that no large folio is cut. */
        n = step - at % step;
        n = n < bytes - done ? n : bytes - done;
        error = work->kind->do_step(file->fd, at, n) < 0 ? errno : 0;
        if (error == 0) {
            work->bytes += n;
            progress_add(&work->progress, file->path, n);
        }
    }
    return error;
}

static void
add_file(struct work *work, const struct mmapx_cache *before,
         const struct mmapx_cache *after, int64_t bytes)
{
    bool known = before->known != 0 && after->known != 0;

    work->files++;
    if (bytes > 0 && !known)
        work->unknown = true;
    if (bytes == 0 || !known)
        return;
    work->before += survey_bytes(before->cached, bytes);
    work->after += survey_bytes(after->cached, bytes);
    work->dirty += survey_bytes(after->dirty + after->writeback, bytes);
}

static json_t *
json_count(const struct mmapx_cache *c, uint64_t pages, int64_t bytes)
{
    return c->known != 0 ? json_integer(survey_bytes(pages, bytes))
                         : json_null();
}

static void
print_json(const struct work *work, const struct tool_file *file,
           const struct mmapx_cache *before, const struct mmapx_cache *after,
           int64_t bytes, double seconds)
{
    json_line(json_pack(
        "{s:o, s:I, s:I, s:o, s:o, s:o, s:f}", "path", json_path(file->path),
        "offset", (json_int_t)work->o->range.off, "length", (json_int_t)bytes,
        "cached_before", json_count(before, before->cached, bytes), "cached",
        json_count(after, after->cached, bytes), "dirty",
        (after->known & MMAPX_CACHE_DIRTY) != 0
            ? json_count(after, after->dirty + after->writeback, bytes)
            : json_null(),
        "seconds", seconds));
}

static int
work_on(const struct tool_file *file, void *arg)
{
    struct work *work = arg;
    int64_t bytes = tool_range_of(work->o, file->size);
    double began = tool_seconds();
    struct mmapx_cache before, after;
    int error = cached_now(work, file, bytes, &before);

    if (error == 0 && work->o->sync && fsync(file->fd) < 0)
        error = errno;
    if (error == 0)
        error = in_steps(work, file, bytes);
    if (error == 0)
        error = cached_now(work, file, bytes, &after);
    if (error != 0)
        return tool_failed(file->path, error);
    add_file(work, &before, &after, bytes);
    if (work->o->json) {
        progress_hide();
        print_json(work, file, &before, &after, bytes, tool_seconds() - began);
    }
    return TOOL_OK;
}

void
work_print_end(const struct work *work, int64_t moved, double seconds)
{
    char rate[24];

    printf(" in %zu file%s, %.1f s", work->files, work->files == 1 ? "" : "s",
           seconds);
    if (moved > 0 && seconds >= 0.05)
        printf(", %s/s", tool_size(rate, (int64_t)((double)moved / seconds),
                                   work->o->bytes));
    putchar('\n');
}

int
work_run(const struct tool_options *o, const struct work_kind *kind)
{
    struct work work = { .o = o, .kind = kind };
    double began;
    int status;

    tool_catch_signals();
    progress_begin(&work.progress, o, kind->verb, 0);
    if (work.progress.shown)
        work.progress.total = tool_total_size(o);
    began = tool_seconds();
    status = tool_files(o, work_on, &work);
    progress_hide();
    if (tool_interrupted != 0) {
        fprintf(stderr, "mmapx: interrupted\n");
        status = TOOL_FAILED;
    }
    if (!o->json && work.files > 0)
        kind->print_sum(&work, tool_seconds() - began);
    return status;
}
