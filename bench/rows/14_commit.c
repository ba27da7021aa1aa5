/* SPDX-License-Identifier: MIT */
/* Row 14: private changes into the file, against msync(2) of shared ones. */
#include "rows/rows.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct job {
    struct file file;
    enum state state;
    int journal; /* negative: mmapx_commit() */
    uint64_t *pages;
    size_t n;
};

static void
store(const struct job *job, struct mmapx *m)
{
    for (size_t i = 0; i < job->n; i++)
        ((unsigned char *)m->addr)[job->pages[i] * page_size()]++;
}

static bool
by_commit(void *arg, long loops, struct sample *s)
{
    struct job *job = arg;
    double before = disk_written(&job->file);
    struct mmapx m;
    struct timer t;
    int r;

    if (mmapx_map(&m, job->file.fd, PROT_READ | PROT_WRITE, MAP_PRIVATE) != 0)
        return false;
    timer_start(&t);
    store(job, &m);
    r = job->journal < 0
            ? mmapx_commit(&m, job->file.fd, 0, MMAPX_TO_END)
            : mmapx_commit_atomic(&m, job->file.fd, job->journal, 0,
                                  MMAPX_TO_END);
    timer_stop(&t, loops, s);
    s->bytes = disk_written(&job->file) - before;
    mmapx_unmap(&m);
    return r == 0;
}

static bool
by_msync(void *arg, long loops, struct sample *s)
{
    struct job *job = arg;
    double before = disk_written(&job->file);
    struct mmapx m;
    struct timer t;
    int r;

    if (mmapx_map(&m, job->file.fd, PROT_READ | PROT_WRITE, MAP_SHARED) != 0)
        return false;
    timer_start(&t);
    store(job, &m);
    r = msync(m.addr, m.len, MS_SYNC);
    timer_stop(&t, loops, s);
    s->bytes = disk_written(&job->file) - before;
    mmapx_unmap(&m);
    return r == 0;
}

static void
commit_contest(struct job *job, struct job *atomic, const char *state,
               double bytes_goal, double time_goal)
{
    struct contest *c = contest_new("14", state, job->file.size,
                                    "store + commit, 1 %% of %s",
                                    bytes_text((double)job->file.size));
    int commit = contest_add(c, "mmapx_commit", by_commit, job);
    int whole = contest_add(c, "mmapx_commit_atomic", by_commit, atomic);
    int shared = contest_add(c, "msync, shared", by_msync, job);

    c->loops = 1;
    contest_run(c);
    compare(c, commit, shared, BYTES_RATIO, bytes_goal);
    compare(c, commit, shared, TIME_RATIO, time_goal);
    compare(c, whole, commit, TIME_RATIO, 3);
    contest_end(c);
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

void
row_commit(void)
{
    size_t size = fitting(opt.quick ? 256 * MIB : GIB, true, "14");
    struct job job = { .journal = -1 };
    struct job atomic;
    struct file journal;

    if (!file_make(&job.file, opt.dir, "commit", size, WRITTEN))
        return;
    if (file_make(&journal, opt.dir, "journal", page_size(), WRITTEN)) {
        choose_pages(&job);
        atomic = job;
        atomic.journal = journal.fd;
        if (ftruncate(journal.fd, 0) != 0)
            die("ftruncate");
        if (file_set(&job.file, STATE_L))
            commit_contest(&job, &atomic, "L", 0.02, 0.65);
        if (file_set(&job.file, STATE_S))
            commit_contest(&job, &atomic, "S", NO_GOAL, 1.25);
        free(job.pages);
        file_drop(&journal);
    }
    file_drop(&job.file);
}
