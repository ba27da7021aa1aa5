/* SPDX-License-Identifier: MIT */
/*
 * Mappings and calls for the scenarios of injection.h, beside those of calls.h.
 * Each map_x() begins with the file of the fixture and no mapping; each run_x()
 * returns 0 or -1 with errno.
 */
#ifndef MMAPX_TESTS_INJECTION_RUNS_H
#define MMAPX_TESTS_INJECTION_RUNS_H

#include "fake_calls.h"

void map_shared(struct fixture *f);
void map_private(struct fixture *f);
void map_mixed(struct fixture *f);
void map_room(struct fixture *f);
void map_private_room(struct fixture *f);
void map_full_room(struct fixture *f);
void map_nothing(struct fixture *f);
void map_first_page(struct fixture *f);
void map_beyond_the_end(struct fixture *f);
void map_changed(struct fixture *f);
void map_memory(struct fixture *f);
void map_hole(struct fixture *f);
void map_large_file(struct fixture *f);

int run_map_device(struct fixture *f);
int run_map_large(struct fixture *f);
int run_commit(struct fixture *f);
int run_commit_atomic(struct fixture *f);
int run_changed(struct fixture *f);
int run_lock_limit(struct fixture *f);
int run_can_fault(struct fixture *f);
int run_read(struct fixture *f);
int run_write(struct fixture *f);
int run_sync_async(struct fixture *f);
int run_cache_stat_by_mapping(struct fixture *f);
int run_cache_run_by_mapping(struct fixture *f);
int run_map_path_file(struct fixture *f);
int run_grow_and_cut(struct fixture *f);
int run_grow_by_zeros(struct fixture *f);
int run_move(struct fixture *f);
int run_move_both(struct fixture *f);
int run_move_parts(struct fixture *f);
int run_move_parts_both(struct fixture *f);
int run_reserve(struct fixture *f);
int run_give_up_room(struct fixture *f);
int run_grow_in_room(struct fixture *f);
int run_grow_private_in_room(struct fixture *f);
int run_grow_in_room_by_itself(struct fixture *f);
int run_grow_both_in_room(struct fixture *f);
int run_shrink_in_room(struct fixture *f);
int run_grow_beyond_room(struct fixture *f);
int run_populate_by_touching(struct fixture *f);
int run_populate_cold(struct fixture *f);
int run_grow_and_shrink(struct fixture *f);

#endif /* MMAPX_TESTS_INJECTION_RUNS_H */
