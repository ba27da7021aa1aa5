/* SPDX-License-Identifier: MIT */
/* Rows 2 and 3, which share their file and its states. */
#include "rows/residency.h"

static void
with_page_tables(struct residency *job)
{
    struct mmapx m;

    if (mmapx_map(&m, job->file->fd, PROT_READ, MAP_SHARED) != 0)
        return;
    if (mmapx_populate(&m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ) == 0) {
        job->m = &m;
        list_contest(job, "S", 1.1);
        job->m = NULL;
    }
    mmapx_unmap(&m);
}

void
row_residency(void)
{
    static const struct {
        enum state state;
        double list_goal;
    } states[] = {
        { STATE_L, 0.05 },      { STATE_S, 1.1 }, { STATE_RANDOM, 1.1 },
        { STATE_CLUSTERED, 0.05 },
    };
    size_t size = fitting(opt.quick ? 512 * MIB : 8 * GIB, true, "2");
    struct file f;
    struct residency job = { &f, NULL, size, NULL };

    if (!file_make(&f, opt.dir, "residency", size, ALLOCATED))
        return;
    job.go = peer_start("go");
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        enum state state = states[i].state;

        if (!file_set(&f, state))
            continue;
        if (state == STATE_L || state == STATE_S) {
            vector_contest(&job, state);
            count_contest(&job, state);
            residency_series(&job, state_name(state));
        }
        list_contest(&job, state_name(state), states[i].list_goal);
        if (state == STATE_S)
            with_page_tables(&job);
    }
    peer_stop(job.go);
    file_drop(&f);
}
