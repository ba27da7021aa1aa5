/* SPDX-License-Identifier: MIT */
/*
 * Calls of each public function, to be made behind a seam that fails, on one
 * mapping of one file.  Each returns what the function does.  To be included
 * last: parameters elsewhere have the names of these variables.
 */
#ifndef MMAPX_TESTS_CALLS_H
#define MMAPX_TESTS_CALLS_H

#include <libmmapx.h>

extern int fd;         /* of a file of three pages and a bit */
extern struct mmapx m; /* all of it, or anonymous memory for run_advise() */
extern int memfd;      /* what run_map_memfd() fills in; 77 before */

/* Make the file and map it, with a seam that does not fail. */
void set_up(void);

int run_map(void);
int run_map_region(void);
int run_map_at(void);
int run_map_path(void);
int run_map_anon(void);
int run_unmap(void);
int run_advise(void);
int run_residency(void);
int run_resident_count(void);
int run_resident_run(void);
int run_lock(void);
int run_lock_on_fault(void);
int run_unlock(void);
int run_protect(void);
int run_sync(void);
int run_sync_file(void);
int run_resize(void);
int run_resize_to_end(void);
int run_shrink(void);
int run_resize_both(void);
int run_resize_sparse(void);
int run_shrink_both(void);
int run_populate(void);
int run_cache_stat(void);
int run_cache_run(void);
int run_cache_runs(void);
int run_cache_load(void);
int run_cache_load_mapped(void);
int run_cache_load_blocks(void);
int run_cache_evict(void);
int run_cache_evict_stacking(void); /* one file system on another */
int run_name(void);
int run_prefetch(void);
int run_cache_prefetch(void);
int run_map_memfd(void);

#endif /* MMAPX_TESTS_CALLS_H */
