/* SPDX-License-Identifier: MIT */
/* The rows, and what each of them is made with.  Their numbers are those of
 * bench/README. */
#ifndef MMAPX_BENCH_ROWS_H
#define MMAPX_BENCH_ROWS_H

#include "harness/base.h"
#include "harness/command.h"
#include "harness/contest.h"
#include "harness/disk.h"
#include "harness/files.h"
#include "harness/folios.h"
#include "harness/group.h"
#include "harness/options.h"
#include "harness/output.h"
#include "harness/peers.h"
#include "harness/result.h"
#include "libmmapx.h"

void row_map(void);
void row_calls(void);
void row_residency(void);
void row_sparse(void);
void row_populate(void);
void row_load(void);
void row_evict(void);
void row_guard(void);
void row_resize(void);
void row_sync(void);
void row_commit(void);
void row_status(void);
void row_prefetch(void);
void row_little_memory(void);
void row_populate_cold(void);
void row_trees(void);
void row_far(void);
void row_restore(void);
void row_no_cachestat(void);

#endif /* MMAPX_BENCH_ROWS_H */
