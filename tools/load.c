/* SPDX-License-Identifier: MIT */
/* mmapx load and mmapx evict: into memory, and out of it. */
#include "tool.h"
#include "commands.h"
#include "files.h"
#include "interrupt.h"
#include "json.h"
#include "libmmapx.h"
#include "progress.h"
#include "survey.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Bytes between two looks at the signals: of a slow disk's, a tenth of a
 * second; to evict takes no disk. */
enum { LOAD_STEP = 8 << 20, EVICT_STEP = 128 << 20 };

struct job {
    const struct tool_options *o;
    struct progress progress;
    size_t files;
    int64_t bytes;  /* that were gone through */
    int64_t before; /* of all ranges, in memory beforehand */
    int64_t after;  /* and afterwards */
    int64_t dirty;  /* of these, not written back */
    bool unknown;   /* the system did not always say */
};

/* What of a range is in memory; no errno where the system would not say. */
static int
look(const struct job *job, const struct tool_file *file, int64_t bytes,
     struct mmapx_cache *c)
{
    *c = (struct mmapx_cache){ 0 };
    if (bytes == 0
        || mmapx_cache_stat(file->fd, job->o->off, bytes, c) == 0)
        return 0;
    return errno == EPERM ? 0 : errno;
}

static int
load_step(int fd, int64_t off, int64_t len)
{
    return mmapx_cache_load(fd, off, len) < 0 ? errno : 0;
}

static int
evict_step(int fd, int64_t off, int64_t len)
{
    return mmapx_cache_evict(fd, off, len) < 0 ? errno : 0;
}

/* All of a range, or as far as one comes before a signal. */
static int
in_steps(struct job *job, const struct tool_file *file, int64_t bytes)
{
    bool loads = job->o->command == TOOL_LOAD;
    int64_t step = loads ? LOAD_STEP : EVICT_STEP;
    int error = 0;

    for (int64_t done = 0, n;
         done < bytes && error == 0 && tool_interrupted == 0; done += n) {
        int64_t at = job->o->off + done;

        /* Up to a multiple, so that no large folio is cut. */
        n = step - at % step;
        n = n < bytes - done ? n : bytes - done;
        error = (loads ? load_step : evict_step)(file->fd, at, n);
        if (error == 0) {
            job->bytes += n;
            progress_add(&job->progress, file->path, n);
        }
    }
    return error;
}

static void
add(struct job *job, const struct mmapx_cache *before,
    const struct mmapx_cache *after, int64_t bytes)
{
    bool known = before->known != 0 && after->known != 0;

    job->files++;
    if (bytes > 0 && !known)
        job->unknown = true;
    if (bytes == 0 || !known)
        return;
    job->before += survey_bytes(before->cached, bytes);
    job->after += survey_bytes(after->cached, bytes);
    job->dirty += survey_bytes(after->dirty + after->writeback, bytes);
}

static json_t *
count(const struct mmapx_cache *c, uint64_t pages, int64_t bytes)
{
    return c->known != 0 ? json_integer(survey_bytes(pages, bytes))
                         : json_null();
}

static void
print_json(const struct job *job, const struct tool_file *file,
           const struct mmapx_cache *before, const struct mmapx_cache *after,
           int64_t bytes, double seconds)
{
    json_line(json_pack(
        "{s:o, s:I, s:I, s:o, s:o, s:o, s:f}", "path", json_path(file->path),
        "offset", (json_int_t)job->o->off, "length", (json_int_t)bytes,
        "cached_before", count(before, before->cached, bytes), "cached",
        count(after, after->cached, bytes), "dirty",
        (after->known & MMAPX_CACHE_DIRTY) != 0
            ? count(after, after->dirty + after->writeback, bytes)
            : json_null(),
        "seconds", seconds));
}

static int
visit(const struct tool_file *file, void *arg)
{
    struct job *job = arg;
    int64_t bytes = tool_range_of(job->o, file->size);
    double began = tool_seconds();
    struct mmapx_cache before, after;
    int error = look(job, file, bytes, &before);

    if (error == 0 && job->o->sync && fsync(file->fd) < 0)
        error = errno;
    if (error == 0)
        error = in_steps(job, file, bytes);
    if (error == 0)
        error = look(job, file, bytes, &after);
    if (error != 0)
        return tool_failed(file->path, error);
    add(job, &before, &after, bytes);
    if (job->o->json) {
        progress_hide();
        print_json(job, file, &before, &after, bytes, tool_seconds() - began);
    }
    return TOOL_OK;
}

static void
print_end(const struct job *job, int64_t moved, double seconds)
{
    char rate[24];

    printf(" in %zu file%s, %.1f s", job->files, job->files == 1 ? "" : "s",
           seconds);
    if (moved > 0 && seconds >= 0.05)
        printf(", %s/s", tool_size(rate, (int64_t)((double)moved / seconds),
                                   job->o->bytes));
    putchar('\n');
}

/* What had to be read, and what had not. */
static void
print_loaded(const struct job *job, double seconds)
{
    int64_t loaded = job->after > job->before ? job->after - job->before : 0;
    char some[24], others[24];

    if (job->unknown) {
        printf("%s are in memory now",
               tool_size(some, job->bytes, job->o->bytes));
        print_end(job, 0, seconds);
        return;
    }
    printf("loaded %s (%s were in memory)",
           tool_size(some, loaded, job->o->bytes),
           tool_size(others, job->before, job->o->bytes));
    print_end(job, loaded, seconds);
}

/* What has gone, and why the rest has not. */
static void
print_evicted(const struct job *job, double seconds)
{
    int64_t evicted = job->before > job->after ? job->before - job->after : 0;
    int64_t dirty = job->dirty < job->after ? job->dirty : job->after;
    char some[24], others[24];

    if (job->unknown)
        printf("asked to evict %s",
               tool_size(some, job->bytes, job->o->bytes));
    else
        printf("evicted %s of %s in memory",
               tool_size(some, evicted, job->o->bytes),
               tool_size(others, job->before, job->o->bytes));
    print_end(job, 0, seconds);
    if (dirty > 0)
        printf("%s stayed: to be written back first%s\n",
               tool_size(some, dirty, job->o->bytes),
               job->o->sync ? "" : " (--sync does that)");
    if (job->after > dirty)
        printf("%s stayed: locked, mapped by others, in use, or on a file"
               " system in memory\n",
               tool_size(some, job->after - dirty, job->o->bytes));
}

static int
run(const struct tool_options *o, const char *verb)
{
    struct job job = { .o = o };
    double began;
    int status;

    tool_catch_signals();
    progress_begin(&job.progress, o, verb, 0);
    if (job.progress.shown)
        job.progress.total = tool_total_size(o);
    began = tool_seconds();
    status = tool_files(o, visit, &job);
    progress_hide();
    if (tool_interrupted != 0) {
        fprintf(stderr, "mmapx: interrupted\n");
        status = TOOL_FAILED;
    }
    if (o->json || job.files == 0)
        return status;
    if (o->command == TOOL_LOAD)
        print_loaded(&job, tool_seconds() - began);
    else
        print_evicted(&job, tool_seconds() - began);
    return status;
}

int
tool_load(const struct tool_options *o)
{
    return run(o, "loading");
}

int
tool_evict(const struct tool_options *o)
{
    return run(o, "evicting");
}
