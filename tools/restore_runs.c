/* SPDX-License-Identifier: MIT */
/* The runs of one file in a snapshot: load them, and count what is there. */
#include "restore_runs.h"
#include "bring.h"
#include "interrupt.h"
#include "libmmapx.h"
#include "survey.h"

#include <errno.h>
#include <stddef.h>

/* Runs that are loaded and then counted together.  In between the disk has
 * nothing to do. */
enum { BATCH = 32768 };

/* The runs of a file that are loaded and counted together. */
struct batch {
    struct bring_part runs[BATCH];
    size_t n;
    size_t next; /* that what is found is held against */
    int64_t found;
};

/* How much of a batch's runs a cached run has. */
static void
hold_against(const struct mmapx_cache_run *run, void *arg)
{
    struct batch *batch = arg;
    int64_t end = run->off + run->len;

    for (; run->cached && batch->next < batch->n; batch->next++) {
        const struct bring_part *noted = &batch->runs[batch->next];
        int64_t noted_end = noted->off + noted->len;
        int64_t from = noted->off > run->off ? noted->off : run->off;
        int64_t to = noted_end < end ? noted_end : end;

        if (from < to)
            batch->found += to - from;
        if (noted_end > end)
            return;
    }
}

/* Returns 0 or an errno. */
static int
load_batch(struct restore_runs *r, struct batch *batch)
{
    const struct bring_part *last = &batch->runs[batch->n - 1];
    int64_t begin = batch->runs[0].off;
    struct bring b;
    int error = 0;

    bring_begin(&b, r->file, r->progress);
    b.is_begun = r->is_begun;
    for (size_t i = 0; i < batch->n && error == 0 && !r->counting; i++)
        error = bring_part(&b, batch->runs[i].off, batch->runs[i].len);
    error = bring_end(&b, error);
    batch->next = 0;
    if (error == 0 || error == EINTR)
        error = survey_runs(r->file, begin, last->off + last->len - begin,
                            hold_against, batch);
    /* The system does not say what is there; but it was all read. */
    for (size_t i = 0; i < batch->n && error == EPERM; i++)
        batch->found += batch->runs[i].len;
    batch->n = 0;
    r->unknown |= error == EPERM;
    return error != EPERM ? error : 0;
}

int
restore_runs(struct restore_runs *r, int64_t size)
{
    static struct batch batch;
    int64_t off = 0;
    int64_t len = 0;
    int64_t n;
    int error = 0;

    r->found = r->wanted = 0;
    batch.n = 0;
    batch.found = 0;
    while (error == 0 && tool_interrupted == 0
           && snapshot_line(r->reader) == SNAPSHOT_RUN
           && snapshot_run(r->reader->line, &off, &len)
           && (n = snapshot_within(size, off, len)) > 0) {
        batch.runs[batch.n++] = (struct bring_part){ .off = off, .len = n };
        r->wanted += n;
        if (batch.n == BATCH)
            error = load_batch(r, &batch);
    }
    if (batch.n > 0 && error == 0)
        error = load_batch(r, &batch);
    r->found = batch.found;
    return error;
}
