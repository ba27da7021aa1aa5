/* SPDX-License-Identifier: MIT */
/* mmapx lock: keep files in memory for as long as the program runs. */
#include "tool.h"
#include "commands.h"
#include "files.h"
#include "interrupt.h"
#include "json.h"
#include "libmmapx.h"
#include "progress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes between two looks at the signals. */
enum { LOCK_STEP = 8 << 20 };

struct hold {
    const struct tool_options *o;
    struct progress progress;
    struct mmapx *maps;
    size_t n;
    size_t room;
    int64_t bytes;
    bool full; /* the limit is reached */
};

/* Say how much was needed, and which limit is in the way. */
static int
refused(const struct tool_file *file, int64_t bytes, int error)
{
    char need[24], most[24], used[24];
    size_t limit = 0;
    size_t locked = 0;

    if ((error != ENOMEM && error != EAGAIN && error != EPERM)
        || mmapx_lock_limit(&limit, &locked) < 0 || limit == SIZE_MAX)
        return tool_failed(file->path, error);
    progress_hide();
    fputs("mmapx: ", stderr);
    tool_name(stderr, file->path);
    fprintf(stderr,
            ": %s to be locked, but RLIMIT_MEMLOCK is %s, of which %s are"
            " used\n"
            "mmapx: raise it with 'ulimit -l', LimitMEMLOCK= of systemd, or"
            " limits.conf(5)\n",
            tool_size(need, bytes, false),
            tool_size(most, (int64_t)limit, false),
            tool_size(used, (int64_t)locked, false));
    return TOOL_FAILED;
}

static struct mmapx *
new_map(struct hold *h)
{
    if (h->n == h->room) {
        h->room = 2 * h->room + 16;
        h->maps = realloc(h->maps, h->room * sizeof *h->maps);
        if (h->maps == NULL)
            tool_no_memory();
    }
    return &h->maps[h->n++];
}

/* To lock pages whose reading fails would wait for ever: they are loaded
 * first, which fails where it has to. */
static int
lock_part(const struct hold *h, const struct tool_file *file,
          const struct mmapx *m, int64_t done, int64_t n)
{
    int flags = h->o->on_fault ? MMAPX_LOCK_ONFAULT : 0;

    if (!h->o->on_fault
        && mmapx_cache_load(file->fd, h->o->range.off + done, n) < 0)
        return errno;
    return mmapx_lock(m, (size_t)done, (size_t)n, flags) < 0 ? errno : 0;
}

static int
hold_file(const struct tool_file *file, void *arg)
{
    struct hold *h = arg;
    int64_t bytes = tool_range_of(h->o, file->size);
    struct mmapx *m;
    int error = 0;

    if (h->full || bytes == 0)
        return h->full ? TOOL_FAILED : TOOL_OK;
    if ((uint64_t)bytes > SIZE_MAX / 2)
        return tool_failed(file->path, EOVERFLOW);
    m = new_map(h);
    if (mmapx_map_region(m, file->fd, h->o->range.off, (size_t)bytes, PROT_READ,
                         MAP_SHARED)
        < 0) {
        h->n--;
        return tool_failed(file->path, errno);
    }
    for (int64_t done = 0, n;
         done < bytes && error == 0 && tool_interrupted == 0; done += n) {
        n = bytes - done < LOCK_STEP ? bytes - done : LOCK_STEP;
        error = lock_part(h, file, m, done, n);
        if (error == 0)
            progress_add(&h->progress, file->path, n);
    }
    if (error != 0) {
        mmapx_unmap(m);
        h->n--;
        h->full = error == ENOMEM || error == EAGAIN || error == EPERM;
        return refused(file, bytes, error);
    }
    h->bytes += bytes;
    if (h->o->json)
        json_line(json_pack("{s:o, s:I, s:I}", "path", json_path(file->path),
                            "offset", (json_int_t)h->o->range.off, "locked",
                            (json_int_t)bytes));
    return TOOL_OK;
}

int
tool_lock(const struct tool_options *o)
{
    struct hold h = { .o = o };
    char size[24];
    int status;

    tool_catch_signals();
    progress_begin(&h.progress, o, "locking", 0);
    if (h.progress.shown)
        h.progress.total = tool_total_size(o);
    status = tool_files(o, hold_file, &h);
    progress_hide();
    if (!h.full && h.n > 0 && tool_interrupted == 0) {
        if (!o->json)
            printf("locked %s in %zu file%s, until interrupted\n",
                   tool_size(size, h.bytes, o->bytes), h.n,
                   h.n == 1 ? "" : "s");
        if (fflush(stdout) == 0)
            while (tool_interrupted == 0)
                tool_wait(-1);
        /* That is how it is meant to end. */
        tool_interrupted = 0;
    }
    for (size_t i = 0; i < h.n; i++)
        mmapx_unmap(&h.maps[i]);
    free(h.maps);
    return status;
}
