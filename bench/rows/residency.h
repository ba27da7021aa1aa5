/* SPDX-License-Identifier: MIT */
/* What rows 2 to 4 share: ways to ask which pages are cached. */
#ifndef MMAPX_BENCH_RESIDENCY_H
#define MMAPX_BENCH_RESIDENCY_H

#include "rows/rows.h"

struct residency {
    const struct file *file;
    struct peer *go;
    size_t len;      /* bytes asked about, from the start on */
    struct mmapx *m; /* a mapping with page tables, or NULL */
};

/* Each runs with a struct residency. */
runner run_our_vector, run_our_count, run_vmtouch_count;
runner run_our_list, run_scan_list;

void vector_contest(struct residency *job, enum state state);
void count_contest(struct residency *job, enum state state);
void list_contest(struct residency *job, const char *state, double goal);

/* How the time grows with the size. */
void residency_series(struct residency *job, const char *state);

#endif /* MMAPX_BENCH_RESIDENCY_H */
