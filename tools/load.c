/* SPDX-License-Identifier: MIT */
/* mmapx load: into memory. */
#include "tool.h"
#include "bring.h"
#include "commands.h"
#include "interrupt.h"
#include "libmmapx.h"
#include "memory.h"
#include "names.h"
#include "need.h"
#include "sample.h"
#include "screen.h"
#include "work.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* How much there is room for, and how much of that was asked for. */
static struct {
    struct memory memory;
    struct need asked;
    bool is_short;
    bool counts; /* once more */
} space;

static struct sample sample;

/* --- Room ----------------------------------------------------------------- */

/* More than there is room for is loaded all the same, since somebody may want
 * the end of it; but not without a word. */
static void
ask_for(const struct tool_options *o, const struct work_file *f, int64_t bytes)
{
    int64_t needed;

    need_add(&space.asked, f->file, bytes, f->before.cached);
    needed = need_of(&space.asked, &space.memory);
    if (space.is_short || needed <= space.memory.available)
        return;
    space.is_short = true;
    memory_complain(&space.memory, NULL, "loaded", needed, o->bytes);
}

/* --- A file --------------------------------------------------------------- */

/* Where data begin from *off on, and where they end, both at most end: holes
 * are left out where the file system tells of them. */
static void
next_data(int fd, int64_t *off, int64_t end, int64_t *data_end)
{
#if defined(SEEK_DATA) && defined(SEEK_HOLE)
    off_t data = lseek(fd, (off_t)*off, SEEK_DATA);
    off_t hole = data >= 0 ? lseek(fd, data, SEEK_HOLE) : -1;

    if (data < 0 && errno == ENXIO) {
        *off = *data_end = end;
    } else if (data < 0 || hole < data) {
        *data_end = end;
    } else {
        *off = data < end ? data : end;
        *data_end = hole < end ? hole : end;
    }
#else
    (void)fd;
    (void)off;
    *data_end = end;
#endif
}

/* How many bytes of the range are data; those behind the end are none. */
static int64_t
data_bytes(const struct work_file *f, int64_t size)
{
    int64_t end = f->off + f->len < size ? f->off + f->len : size;
    int64_t bytes = 0;
    int64_t data_end;

    if (f->file->is_dense)
        return end > f->off ? end - f->off : 0;
    for (int64_t off = f->off; off < end; off = data_end) {
        next_data(f->file->fd, &off, end, &data_end);
        bytes += data_end - off;
        if (tool_interrupted != 0)
            break;
    }
    return bytes;
}

/* Whether no page has to be read.  Each page is looked at, as by
 * mmapx_cache_load() after a count, which has pages in it that could not be
 * read.  But only a count tells what is dirty, which JSON reports. */
static bool
is_all_there(const struct work *work, const struct work_file *f)
{
    enum { WINDOW = 64 << 20 };
    struct mmapx_run run = { .resident = !work->o->json };
    struct mmapx m;

    for (int64_t n, at = 0; at < f->len && run.resident; at += n) {
        n = f->len - at < WINDOW ? f->len - at : WINDOW;
        if (tool_interrupted != 0
            || mmapx_map_region(&m, f->file->fd, f->off + at, (size_t)n,
                                PROT_READ, MAP_SHARED)
                   < 0)
            return false;
        if (mmapx_resident_run(&m, 0, &run) < 0 || run.len < m.len)
            run.resident = 0;
        mmapx_unmap(&m);
    }
    return run.resident != 0;
}

static bool
begin_file(const struct work_file *f)
{
    return f->before.cached < f->len
           && bring_begin_early(f->file, f->off, f->len);
}

/* What lies between holes, and what is not in memory yet. */
static int
bring_file(struct work *work, const struct work_file *f)
{
    int64_t end = f->off + f->len;
    int64_t data_end;
    struct bring b;
    int error = 0;

    bring_begin(&b, f->file, &work->progress);
    b.small = work->o->small;
    for (int64_t off = f->off; off < end && error == 0; off = data_end) {
        int64_t hole = off;

        data_end = end;
        if (!f->file->is_dense)
            next_data(f->file->fd, &off, end, &data_end);
        progress_add(&work->progress, f->file->path, off - hole);
        if (off < data_end)
            error = bring_part(&b, off, data_end - off);
    }
    return bring_end(&b, error);
}

/* Whether all was in memory before, and the file has not been cut since. */
static bool
was_all_there(const struct work_file *f)
{
    struct stat st;

    return f->before.known != 0 && f->before.cached == f->len
           && fstat(f->file->fd, &st) == 0
           && (!S_ISREG(st.st_mode) || st.st_size >= f->off + f->len);
}

/* Where all was there, mmapx_cache_load() has just looked at each page: a third
 * look would not know more. */
static int
load_file(struct work *work, struct work_file *f)
{
    int error = 0;

    ask_for(work->o, f, data_bytes(f, f->off + f->len));
    if (f->is_begun)
        error = bring_wait_for(f->file, f->off, f->len);
    else if (!f->is_done)
        error = bring_file(work, f);
    if (f->is_begun || f->is_done)
        progress_add(&work->progress, f->file->path, f->len);
    work->bytes = tool_sum(work->bytes, error == 0 ? f->len : 0);
    if (error != 0 || !was_all_there(f))
        return work_look_after(f, error);
    f->after = f->before;
    return 0;
}

/* How many bytes of data are not in memory, at most.  A file may be cut or
 * written to while this is found out: it is asked several times, and what is
 * missing is missing each time. */
static int64_t
missing(const struct work_file *f)
{
    enum { TRIES = 4 };
    struct survey now = f->after;
    int64_t least = INT64_MAX;
    struct stat st;

    for (int i = 0; i < TRIES && least > 0; i++) {
        int64_t data;

        if ((i > 0 && survey_range(&now, f->file, f->off, f->len) != 0)
            || now.known == 0 || fstat(f->file->fd, &st) < 0)
            return 0;
        data = data_bytes(f, S_ISREG(st.st_mode) ? (int64_t)st.st_size
                                                 : f->file->size);
        data = data > now.cached ? data - now.cached : 0;
        least = data < least ? data : least;
    }
    return least;
}

static int
judge_loaded(struct work *work, const struct work_file *f)
{
    int64_t lacks = f->after.cached < f->len ? missing(f) : 0;

    if (!space.counts)
        sample_add(&sample, f);
    work->missing = tool_sum(work->missing, lacks);
    return lacks > 0 ? TOOL_FAILED : TOOL_OK;
}

/* --- All files ------------------------------------------------------------ */

/* What was loaded first may have gone for what came last, or was evicted: count
 * once more. */
static int
count_range(struct work *work, struct work_file *f)
{
    int error = survey_range(&f->after, f->file, f->off, f->len);

    if (error == EINTR)
        return TOOL_STOPPED;
    if (error != 0)
        return TOOL_FAILED;
    work->after = tool_sum(work->after, f->after.cached);
    return judge_loaded(work, f);
}

static int
count_again(const struct tool_file *file, void *arg)
{
    return work_each_range(arg, file, count_range);
}

/* What had to be read, and what had not; and what is there now. */
static void
print_loaded(const struct work *work)
{
    int64_t loaded
        = work->after > work->before ? work->after - work->before : 0;
    char some[24], others[24];

    if (work->unknown) {
        printf("went through %s, which the system says nothing about",
               tool_size(some, work->bytes, work->o->bytes));
        work_print_end(work, 0);
        return;
    }
    printf("loaded %s (%s were in memory)",
           tool_size(some, loaded, work->o->bytes),
           tool_size(others, work->before, work->o->bytes));
    work_print_end(work, loaded);
    if (work->missing > 0)
        printf("%s are in memory now, %s are not: they did not stay\n",
               tool_size(some, work->after, work->o->bytes),
               tool_size(others, work->missing, work->o->bytes));
}

int
tool_load(const struct tool_options *o)
{
    static const struct work_kind loading = {
        .verb = "loading",
        .begin = begin_file,
        .is_done = is_all_there,
        .run = load_file,
        .judge = judge_loaded,
    };
    struct work work = { .o = o, .kind = &loading };
    bool has_lost;
    int status;

    names_keep(); /* to count again */
    memory_look(&space.memory);
    status = work_run(&work);
    has_lost = sample_has_lost(&sample);
    if ((space.is_short || has_lost) && tool_interrupted == 0) {
        space.counts = true;
        work.after = work.missing = 0;
        if (tool_files(o, count_again, &work) != TOOL_OK)
            status = TOOL_FAILED;
    }
    if ((o->json || o->quiet) && work.missing > 0)
        memory_complain_gone(work.missing, o->bytes);
    else if (!o->json && !o->quiet && (work.files > 0 || work.after > 0
                                      || tool_interrupted != 0))
        print_loaded(&work);
    return status;
}
