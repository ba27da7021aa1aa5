/* SPDX-License-Identifier: MIT */
/* The calls of calls.h behind a seam that fails, and those for which it has to
 * say what is not so. */
#ifndef MMAPX_TESTS_FAKE_CALLS_H
#define MMAPX_TESTS_FAKE_CALLS_H

#include "calls.h"

/* Make the fixture with a seam that does not fail. */
void set_up(struct fixture *f);

int run_cache_load(struct fixture *f);
int run_cache_load_mapped(struct fixture *f);
int run_cache_load_blocks(struct fixture *f);
/* One file system on another. */
int run_cache_evict_twice(struct fixture *f); /* its first try leaves all */
int run_cache_evict_stacking(struct fixture *f);

#endif /* MMAPX_TESTS_FAKE_CALLS_H */
