/* SPDX-License-Identifier: MIT */
/* How the time of counting and listing grows with the size. */
#include "rows/residency.h"

static void
one_series(struct residency *job, const char *title, const char *name,
           runner *run, const char *state, size_t most)
{
    struct series series = { title, name, state, 0, { 0 }, { 0 } };
    size_t size = job->file->size;

    for (job->len = 4 * KIB; job->len <= size && job->len <= most;
         job->len *= 8) {
        struct contest *c = contest_new("2", state, job->len, "%s", title);
        int it = contest_add(c, name, run, job);

        c->loops = job->len >= 64 * MIB ? 1 : 0;
        contest_run(c);
        series_add(&series, job->len, contest_median(c, it));
        contest_end(c);
    }
    job->len = size;
    series_print(&series);
}

void
residency_series(struct residency *job, const char *state)
{
    one_series(job, "count", "mmapx_cache_stat", run_our_count, state,
               SIZE_MAX);
    one_series(job, "list", "mmapx_cache_runs", run_our_list, state, SIZE_MAX);
    if (state[0] == 'L')
        return; /* what looks at every page does not care about folios */
    one_series(job, "list", "mincore, byte by byte", run_scan_list, state,
               opt.quick ? GIB : 8 * GIB);
    one_series(job, "vector", "mmapx_residency", run_our_vector, state,
               opt.quick ? GIB : 8 * GIB);
}
