/* SPDX-License-Identifier: MIT */
/* What load and evict share: going through files, and counting what is in
 * memory before and afterwards. */
#include "tool.h"
#include "interrupt.h"
#include "json.h"
#include "libmmapx.h"
#include "pace.h"
#include "screen.h"
#include "units.h"
#include "work.h"

#include <errno.h>
#include <stdio.h>

static void
add_range(struct work *work, const struct work_file *f)
{
    const struct survey *before = &f->before;
    const struct survey *after = &f->after;
    int64_t dirty = tool_sum(after->dirty, after->writeback);

    work->done++;
    if (before->known == 0 || after->known == 0) {
        work->unknown = true;
        return;
    }
    work->before = tool_sum(work->before, before->cached);
    work->after = tool_sum(work->after, after->cached);
    work->dirty = tool_sum(work->dirty,
                           dirty < after->cached ? dirty : after->cached);
}

static json_t *
json_count(const struct survey *s, unsigned bit, int64_t bytes)
{
    return (s->known & bit) != 0 ? json_integer(bytes) : json_null();
}

static void
print_json(const struct work *work, const struct work_file *f, double seconds)
{
    json_t *object = json_pack(
        "{s:o, s:I, s:I, s:o, s:o, s:o, s:f}", "path",
        json_path(f->file->path), "offset", (json_int_t)f->off, "length",
        (json_int_t)f->len, "cached_before",
        json_count(&f->before, MMAPX_CACHE_CACHED, f->before.cached), "cached",
        json_count(&f->after, MMAPX_CACHE_CACHED, f->after.cached), "dirty",
        json_count(&f->after, MMAPX_CACHE_DIRTY,
                   tool_sum(f->after.dirty, f->after.writeback)),
        "seconds", seconds);

    if (work->kind->add_json != NULL)
        work->kind->add_json(work, f, object);
    json_line(object);
}

/* What is in memory of the range now, and how much more or less that is. */
static void
print_line(const struct work *work, const struct work_file *f)
{
    int64_t change = f->after.cached - f->before.cached;
    char size[24], cached[24];

    tool_name(stdout, f->file->path);
    if (f->off != 0 || f->len != f->file->size)
        printf(" %s:%s", tool_exact_size(cached, f->off),
               tool_exact_size(size, f->len));
    if (f->before.known == 0 || f->after.known == 0) {
        puts(": unknown");
        return;
    }
    printf(": %s of %s in memory",
           tool_size(cached, f->after.cached, work->o->bytes),
           tool_size(size, f->len, work->o->bytes));
    if (change != 0)
        printf(", %c%s", change < 0 ? '-' : '+',
               tool_size(size, change < 0 ? -change : change,
                         work->o->bytes));
    putchar('\n');
}

int
work_look_after(struct work_file *f, int error)
{
    if (error != 0 && error != EINTR)
        return error;
    return survey_range(&f->after, f->file, f->off, f->len);
}

int
work_each_range(struct work *work, const struct tool_file *file,
                int (*fn)(struct work *work, struct work_file *f))
{
    size_t n;
    const struct tool_range *ranges = tool_ranges(work->o, &n);
    int worst = TOOL_OK;

    for (size_t i = 0; i < n; i++) {
        struct work_file f = { .file = file,
                               .off = ranges[i].off,
                               .len = tool_range_of(&ranges[i], file->size) };
        int status = fn(work, &f);

        if (status == TOOL_STOPPED)
            return status;
        if (status != TOOL_OK)
            worst = status;
    }
    return worst;
}

/* What is found out before a file's turn, where one range of it is meant. */
struct work_note {
    struct survey before;
    int error;
    bool is_taken;
    bool is_begun;
};

_Static_assert(sizeof(struct work_note) <= AHEAD_NOTE, "no room for a note");

/* Bytes of a range in which there may be nothing to do. */
enum { LONG_RANGE = 4 << 20 };

static bool
may_be_done(const struct work *work, const struct work_file *f)
{
    return work->kind->is_done != NULL && f->len >= LONG_RANGE;
}

static void
begin(const struct tool_file *file, void *arg)
{
    const struct work *work = arg;
    struct work_note *note = file->note;
    struct work_file f = { .file = file };
    size_t n;
    const struct tool_range *ranges = tool_ranges(work->o, &n);

    if (n > 1)
        return;
    f.off = ranges->off;
    f.len = tool_range_of(ranges, file->size);
    if (may_be_done(work, &f))
        return;
    note->is_taken = true;
    note->error = survey_range(&f.before, file, f.off, f.len);
    note->before = f.before;
    if (note->error == 0 && work->kind->begin != NULL)
        note->is_begun = work->kind->begin(&f);
}

static int
look_before(const struct work *work, struct work_file *f)
{
    const struct work_note *note = f->file->note;

    if (note->is_taken) {
        f->before = note->before;
        f->is_begun = note->is_begun;
        return note->error;
    }
    f->is_done = may_be_done(work, f) && work->kind->is_done(work, f);
    if (!f->is_done)
        return survey_range(&f->before, f->file, f->off, f->len);
    f->before = (struct survey){ .size = f->len,
                                 .cached = f->len,
                                 .known = MMAPX_CACHE_CACHED };
    return 0;
}

static int
work_on_range(struct work *work, struct work_file *f)
{
    double began = work->o->json ? tool_seconds() : 0;
    int status = TOOL_OK;
    int error = look_before(work, f);

    if (error == 0)
        error = work->kind->run(work, f);
    if (error == EINTR)
        return TOOL_STOPPED;
    if (error != 0)
        return tool_failed(f->file->path, error);
    add_range(work, f);
    if (tool_interrupted == 0)
        status = work->kind->judge(work, f);
    if (work->o->json) {
        progress_hide();
        print_json(work, f, tool_seconds() - began);
    } else if (work->o->verbose) {
        progress_hide();
        print_line(work, f);
    }
    return tool_interrupted != 0 ? TOOL_STOPPED : status;
}

static int
work_on(const struct tool_file *file, void *arg)
{
    struct work *work = arg;
    size_t done = work->done;
    int status = work_each_range(work, file, work_on_range);

    if (work->done > done && tool_interrupted == 0)
        work->files++;
    return status;
}

int
work_run(struct work *work)
{
    int status;

    tool_catch_signals();
    progress_begin(&work->progress, work->o, work->kind->verb, 0);
    if (work->progress.shown)
        work->progress.total = tool_named_size(work->o);
    work->began = tool_seconds();
    status = tool_files_ahead(work->o, begin, work_on, work);
    progress_hide();
    if (tool_interrupted != 0)
        fputs("mmapx: interrupted\n", stderr);
    return status;
}

void
work_print_end(const struct work *work, int64_t moved)
{
    double seconds = tool_seconds() - work->began;
    char rate[24];

    printf(" in %zu file%s, %.1f s", work->files, work->files == 1 ? "" : "s",
           seconds);
    if (moved > 0 && seconds >= 0.05)
        printf(", %s/s", tool_size(rate, (int64_t)((double)moved / seconds),
                                   work->o->bytes));
    putchar('\n');
}
