/* SPDX-License-Identifier: MIT */
/*
 * Calls of each public function, to be made where the system fails, on one
 * mapping of one file.  Each returns what the function does.
 */
#ifndef MMAPX_TESTS_CALLS_H
#define MMAPX_TESTS_CALLS_H

#include <libmmapx.h>

/* What a descriptor is before a call fills it in. */
enum { UNTOUCHED_FD = 77 };

struct fixture {
    int fd;         /* of a file of three pages and a bit */
    struct mmapx m; /* all of it, or what the last call has mapped */
    int memfd;      /* what run_map_memfd() fills in */
};

typedef int fixture_call(struct fixture *f);

/* Make the file and map it for reading, shared. */
void make_fixture(struct fixture *f);

int run_map(struct fixture *f);
int run_map_region(struct fixture *f);
int run_map_at(struct fixture *f);
int run_map_path(struct fixture *f);
int run_map_anon(struct fixture *f);
int run_unmap(struct fixture *f);
int run_advise(struct fixture *f);
int run_residency(struct fixture *f);
int run_resident_count(struct fixture *f);
int run_resident_run(struct fixture *f);
int run_lock(struct fixture *f);
int run_lock_on_fault(struct fixture *f);
int run_unlock(struct fixture *f);
int run_protect(struct fixture *f);
int run_sync(struct fixture *f);
int run_sync_file(struct fixture *f);
int run_resize(struct fixture *f);
int run_resize_to_end(struct fixture *f);
int run_shrink(struct fixture *f);
int run_resize_both(struct fixture *f);
int run_resize_sparse(struct fixture *f);
int run_shrink_both(struct fixture *f);
int run_populate(struct fixture *f);
int run_cache_stat(struct fixture *f);
int run_cache_run(struct fixture *f);
int run_cache_runs(struct fixture *f);
int run_cache_evict(struct fixture *f);
int run_name(struct fixture *f);
int run_prefetch(struct fixture *f);
int run_cache_prefetch(struct fixture *f);
int run_map_memfd(struct fixture *f);

#endif /* MMAPX_TESTS_CALLS_H */
