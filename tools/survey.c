/* SPDX-License-Identifier: MIT */
/* What is in memory of a file, in bytes of it. */
#include "tool.h"
#include "interrupt.h"
#include "pace.h"
#include "survey.h"

#include <errno.h>
#include <stdio.h>

/* Bytes that are counted at first, and runs that are asked for at once. */
enum { FIRST_STEP = 1 << 30, ROOM = 16384 };

/* --- Runs ----------------------------------------------------------------- */

/* One after the other; neighbours that are alike are one. */
struct joiner {
    void (*fn)(const struct mmapx_cache_run *run, void *arg);
    void *arg;
    struct mmapx_cache_run run; /* not yet handed on, unless len is 0 */
};

static void
join(struct joiner *j, const struct mmapx_cache_run *run)
{
    if (j->run.len > 0 && j->run.cached == run->cached) {
        j->run.len += run->len;
        return;
    }
    if (j->run.len > 0)
        j->fn(&j->run, j->arg);
    j->run = *run;
}

/* A run counts with the bytes that are asked about. */
static void
clip(struct mmapx_cache_run *run, int64_t off, int64_t end)
{
    int64_t run_end = run->off + run->len;

    run->off = run->off > off ? run->off : off;
    run_end = run_end < end ? run_end : end;
    run->len = run_end > run->off ? run_end - run->off : 0;
}

/* A step of it.  Returns 0, or an errno. */
static int
runs_of_step(const struct tool_file *file, int64_t off, int64_t end,
             struct joiner *j)
{
    static struct mmapx_cache_run runs[ROOM];
    size_t n = ROOM;

    while (n == ROOM && off < end) {
        if (mmapx_cache_runs(file->fd, off, end - off, runs, &n) < 0)
            return errno;
        for (size_t i = 0; i < n; i++) {
            clip(&runs[i], off, end);
            off = runs[i].off + runs[i].len;
            if (runs[i].len > 0)
                join(j, &runs[i]);
        }
    }
    return 0;
}

int
survey_runs(const struct tool_file *file, int64_t off, int64_t len,
            void (*fn)(const struct mmapx_cache_run *run, void *arg),
            void *arg)
{
    struct pace pace = { .step = FIRST_STEP };
    struct joiner j = { .fn = fn, .arg = arg };
    int64_t end = off + len;
    int error = 0;

    for (int64_t n, begin = off; off < end && error == 0; off += n) {
        if (tool_interrupted != 0 && off > begin)
            return EINTR;
        n = pace_next(&pace, off, end);
        error = runs_of_step(file, off, off + n, &j);
    }
    if (error == 0 && j.run.len > 0)
        fn(&j.run, arg);
    return error;
}

/* --- Counts --------------------------------------------------------------- */

int64_t
survey_bytes(uint64_t pages, int64_t most)
{
    uint64_t page = mmapx_page_size(NULL);

    return pages > (uint64_t)most / page ? most : (int64_t)(pages * page);
}

int
survey_count(const struct tool_file *file, int64_t off, int64_t len,
             struct mmapx_cache *sum)
{
    struct pace pace = { .step = FIRST_STEP };
    int64_t end = off + len;

    *sum = (struct mmapx_cache){ .known = ~0u };
    for (int64_t n, begin = off; off < end; off += n) {
        struct mmapx_cache c;

        if (tool_interrupted != 0 && off > begin)
            return EINTR;
        n = pace_next(&pace, off, end);
        if (mmapx_cache_stat(file->fd, off, n, &c) < 0) {
            sum->known = 0;
            return errno == EPERM ? 0 : errno;
        }
        sum->pages += c.pages;
        sum->cached += c.cached;
        sum->dirty += c.dirty;
        sum->writeback += c.writeback;
        sum->evicted += c.evicted;
        sum->recently_evicted += c.recently_evicted;
        sum->known &= c.known;
    }
    return 0;
}

/* The range is in part of the page at off: take the rest of the page away if
 * the page is cached. */
static int
take_rest(struct survey *s, int fd, int64_t off, int64_t rest)
{
    struct mmapx_cache c;

    if (rest == 0)
        return 0;
    if (mmapx_cache_stat(fd, off, 1, &c) < 0)
        return errno;
    if (c.cached > 0)
        s->cached -= rest < s->cached ? rest : s->cached;
    return 0;
}

/* The first and the last page count with the bytes that are asked about. */
static int
cached_bytes(struct survey *s, const struct tool_file *file, int64_t off,
             uint64_t pages)
{
    int64_t page = (int64_t)mmapx_page_size(NULL);
    int64_t end = off + s->size;
    int64_t rest = end % page != 0 ? page - end % page : 0;
    int error;

    s->cached = survey_bytes(pages, INT64_MAX);
    error = take_rest(s, file->fd, off, off % page);
    if (error == 0)
        error = take_rest(s, file->fd, end - 1, rest);
    if (s->cached > s->size)
        s->cached = s->size;
    return error;
}

int
survey_range(struct survey *s, const struct tool_file *file, int64_t off,
             int64_t len)
{
    uint64_t page = mmapx_page_size(NULL);
    struct mmapx_cache c = { 0 };
    int error = 0;

    *s = (struct survey){ .size = len };
    if (len > 0)
        error = survey_count(file, off, len, &c);
    else if (mmapx_cache_stat(file->fd, off, 0, &c) < 0 && errno != EPERM)
        error = errno;
    if (error != 0 || c.known == 0)
        return error;
    if (c.cached > 0 && c.cached > (uint64_t)(off + len - 1) / page
                                       - (uint64_t)off / page)
        s->cached = len;
    else if (c.cached > 0)
        error = cached_bytes(s, file, off, c.cached);
    s->known = c.known;
    s->dirty = survey_bytes(c.dirty, s->cached);
    s->writeback = survey_bytes(c.writeback, s->cached);
    s->evicted = survey_bytes(c.evicted, INT64_MAX);
    s->recently_evicted = survey_bytes(c.recently_evicted, INT64_MAX);
    return error;
}

/* --- Ahead of a file's turn ----------------------------------------------- */

/* Bytes of a file that it takes a while to look at page by page. */
enum { LARGE = 4 << 20 };

struct note {
    struct survey survey;
    int error;
    bool is_put_off;
};

_Static_assert(sizeof(struct note) <= AHEAD_NOTE, "no room for a note");

void
survey_ahead(const struct tool_file *file, void *arg)
{
    struct note *note = file->note;

    (void)arg;
    note->error = survey_range(&note->survey, file, 0, file->size);
}

int
survey_found(struct survey *s, const struct tool_file *file)
{
    const struct note *note = file->note;

    *s = note->survey;
    return note->error;
}

/* Whether the system looks at each page to know how many are in memory. */
static bool
looks_at_pages(const struct tool_file *file, int64_t off)
{
    struct mmapx_cache c;

    return mmapx_cache_stat(file->fd, off, 1, &c) == 0
           && (c.known & MMAPX_CACHE_DIRTY) == 0;
}

void
survey_ahead_of_runs(const struct tool_file *file, void *arg)
{
    struct note *note = file->note;

    note->is_put_off = file->size >= LARGE && looks_at_pages(file, 0);
    if (!note->is_put_off)
        survey_ahead(file, arg);
}

bool
survey_is_put_off(const struct tool_file *file)
{
    const struct note *note = file->note;

    return note->is_put_off;
}

/* What the runs of a file sum up to. */
struct summer {
    void (*fn)(const struct mmapx_cache_run *run, void *arg);
    void *arg;
    int64_t cached;
    int64_t at; /* where some of it is */
};

static void
sum_run(const struct mmapx_cache_run *run, void *arg)
{
    struct summer *sum = arg;

    if (run->cached) {
        sum->cached += run->len;
        sum->at = run->off;
    }
    sum->fn(run, sum->arg);
}

int
survey_by_runs(struct survey *s, const struct tool_file *file,
               void (*fn)(const struct mmapx_cache_run *run, void *arg),
               void *arg)
{
    struct summer sum = { .fn = fn, .arg = arg };
    int error = survey_runs(file, 0, file->size, sum_run, &sum);

    *s = (struct survey){ .size = file->size };
    if (error != 0)
        return error == EPERM ? 0 : error;
    s->cached = sum.cached;
    s->known = MMAPX_CACHE_CACHED;
    /* There are file systems on which it takes a page to know more. */
    if (sum.cached > 0 && !looks_at_pages(file, sum.at))
        error = survey_range(s, file, 0, file->size);
    return error;
}

/* --- Complaints ----------------------------------------------------------- */

void
survey_explain(void)
{
    static bool done;

    if (done)
        return;
    done = true;
    tool_say("unknown: the system tells what is in memory of a file only to"
             " its owner");
    tool_say("unknown: to those who may write it, and to root");
}
