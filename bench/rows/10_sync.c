/* SPDX-License-Identifier: MIT */
/* Row 10: one stored byte makes its whole folio dirty. */
#include "rows/rows.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct job {
    struct file file;
    bool random; /* with the advice */
    bool whole;  /* measure the stores too */
    uint64_t *pages;
    size_t n;
};

static void
store(const struct job *job, struct mmapx *m)
{
    for (size_t i = 0; i < job->n; i++)
        ((unsigned char *)m->addr)[job->pages[i] * page_size()]++;
}

/* What is cached is as it was left: in folios of 2 MiB, or with the advice
 * nothing, so that the first touch comes after it. */
static bool
dirty_and_sync(void *arg, long loops, struct sample *s)
{
    struct job *job = arg;
    struct mmapx m;
    struct timer t;
    double before;
    bool done;

    if (job->random)
        file_evict(&job->file);
    if (mmapx_map(&m, job->file.fd, PROT_READ | PROT_WRITE, MAP_SHARED) != 0)
        return false;
    done = !job->random
           || mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_RANDOM) == 0;
    before = disk_written(&job->file);
    timer_start(&t);
    store(job, &m);
    if (!job->whole)
        timer_start(&t);
    done = done && mmapx_sync(&m, 0, MMAPX_TO_END, MS_SYNC) == 0;
    timer_stop(&t, loops, s);
    s->bytes = disk_written(&job->file) - before;
    mmapx_unmap(&m);
    return done;
}

/* Neither mapping nor folios: each update written by itself. */
static bool
by_pwrite(void *arg, long loops, struct sample *s)
{
    struct job *job = arg;
    double before = disk_written(&job->file);
    struct timer t;
    bool done = true;

    file_evict(&job->file);
    timer_start(&t);
    for (size_t i = 0; i < job->n && done; i++)
        done = pwrite(job->file.fd, "u", 1,
                      (off_t)(job->pages[i] * page_size())) == 1;
    if (!job->whole)
        timer_start(&t);
    done = done && fdatasync(job->file.fd) == 0;
    timer_stop(&t, loops, s);
    s->bytes = disk_written(&job->file) - before;
    return done;
}

static void
choose_pages(struct job *job)
{
    job->n = job->file.size / page_size() / 100;
    job->pages = malloc(job->n * sizeof *job->pages);
    if (job->pages == NULL)
        die("malloc");
    for (size_t i = 0; i < job->n; i++)
        job->pages[i] = random_below(job->file.size / page_size());
}

static void
sync_contest(struct job *with, struct job *without, const char *work,
             bool with_goal)
{
    struct contest *c = contest_new("10", "L", with->file.size,
                                    "%s, 1 %% of %s", work,
                                    bytes_text((double)with->file.size));
    int ours = contest_add(c, "with MADV_RANDOM", dirty_and_sync, with);
    int theirs = contest_add(c, "without advice", dirty_and_sync, without);
    int plain = contest_add(c, "pwrite, fdatasync", by_pwrite, with);

    c->loops = 1;
    contest_run(c);
    if (with_goal)
        compare(c, ours, theirs, BYTES_RATIO, 0.05);
    compare(c, ours, theirs, TIME_RATIO, with_goal ? 0.4 : NO_GOAL);
    compare(c, ours, plain, TIME_RATIO, NO_GOAL);
    contest_end(c);
}

void
row_sync(void)
{
    size_t size = fitting(opt.quick ? 256 * MIB : 4 * GIB, true, "10") / 2;
    struct job with = { .random = true };
    struct job without = { .random = false };

    if (!file_make(&with.file, opt.dir, "random", size, WRITTEN))
        return;
    if (file_make(&without.file, opt.dir, "large", size, WRITTEN)) {
        if (file_set(&without.file, STATE_L)) {
            choose_pages(&with);
            without.pages = with.pages;
            without.n = with.n;
            sync_contest(&with, &without, "sync", true);
            with.whole = without.whole = true;
            sync_contest(&with, &without, "store + sync", false);
            free(with.pages);
        }
        file_drop(&without.file);
    }
    file_drop(&with.file);
}
