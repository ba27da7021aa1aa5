/* SPDX-License-Identifier: MIT */
/* What is in memory of a file, in bytes of it. */
#include "tool.h"
#include "survey.h"

#include <errno.h>
#include <stdio.h>

/* Runs that are asked for at once. */
enum { ROOM = 4096 };

int
survey_runs(const struct tool_file *file, int64_t off, int64_t len,
            void (*fn)(const struct mmapx_cache_run *run, void *arg),
            void *arg)
{
    static struct mmapx_cache_run runs[ROOM];
    size_t n = ROOM;

    while (n == ROOM) {
        if (mmapx_cache_runs(file->fd, off, len, runs, &n) < 0)
            return errno;
        for (size_t i = 0; i < n; i++)
            fn(&runs[i], arg);
        if (n > 0) {
            int64_t end = runs[n - 1].off + runs[n - 1].len;

            len -= len == -1 ? 0 : end - off;
            off = end;
        }
    }
    return 0;
}

int64_t
survey_bytes(uint64_t pages, int64_t most)
{
    uint64_t page = mmapx_page_size(NULL);

    return pages > (uint64_t)most / page ? most : (int64_t)(pages * page);
}

/* The last page counts with the bytes that the file has of it. */
static int
count_cached(struct survey *s, int fd, uint64_t pages)
{
    int64_t page = (int64_t)mmapx_page_size(NULL);
    int64_t rest = s->size % page;
    struct mmapx_cache last = { 0 };

    s->cached = survey_bytes(pages, INT64_MAX);
    if (rest != 0 && mmapx_cache_stat(fd, s->size - rest, -1, &last) < 0)
        return errno;
    if (last.cached > 0)
        s->cached -= page - rest;
    return 0;
}

int
survey_file(struct survey *s, const struct tool_file *file)
{
    struct mmapx_cache c;
    int error = 0;

    *s = (struct survey){ .size = file->size };
    if (mmapx_cache_stat(file->fd, 0, -1, &c) < 0)
        return errno == EPERM ? 0 : errno;
    if (c.cached == c.pages)
        s->cached = s->size;
    else if (c.cached != 0)
        error = count_cached(s, file->fd, c.cached);
    if (error != 0)
        return error;
    s->known = c.known;
    s->dirty = survey_bytes(c.dirty, s->cached);
    s->writeback = survey_bytes(c.writeback, s->cached);
    s->evicted = survey_bytes(c.evicted, INT64_MAX);
    s->recently_evicted = survey_bytes(c.recently_evicted, INT64_MAX);
    return 0;
}

void
survey_explain(void)
{
    static bool done;

    if (done)
        return;
    done = true;
    fflush(stdout);
    fputs("mmapx: unknown: the system tells what is in memory of a file only"
          " to its owner\n"
          "mmapx: unknown: and to those who may write it\n", stderr);
}
