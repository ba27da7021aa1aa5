/* SPDX-License-Identifier: MIT */
/* What tests/fault/injection.h says. */
#include "injection.h"

#include <errno.h>

#include "injection_runs.h"
#include "internal.h"

const struct scenario scenarios[] = {
    { "map", map_nothing, run_map },
    { "map_region", map_nothing, run_map_region },
    { "map a block device", map_nothing, run_map_device },
    { "map a large region", map_nothing, run_map_large },
    { "map_at", map_nothing, run_map_at },
    { "map_path", map_nothing, run_map_path_file },
    { "map_anon", map_nothing, run_map_anon },
    { "name", map_memory, run_name },
    { "map_memfd", map_nothing, run_map_memfd },
    { "unmap", map_shared, run_unmap },
    { "advise", map_shared, run_advise },
    { "residency", map_shared, run_residency },
    { "resident_count", map_shared, run_resident_count },
    { "resident_run", map_shared, run_resident_run },
    { "lock", map_shared, run_lock },
    { "lock memory", map_memory, run_lock },
    { "commit", map_changed, run_commit },
    { "commit atomic", map_changed, run_commit_atomic },
    { "changed run", map_changed, run_changed },
    { "lock on fault", map_shared, run_lock_on_fault },
    { "unlock", map_shared, run_unlock },
    { "lock_limit", map_nothing, run_lock_limit },
    { "protect", map_shared, run_protect },
    { "sync", map_shared, run_sync },
    { "sync without waiting", map_shared, run_sync_async },
    { "sync_file", map_shared, run_sync_file },
    { "populate", map_shared, run_populate },
    { "populate by touching", map_large_file, run_populate_by_touching },
    { "populate, cold", map_hole, run_populate_cold },
    { "cache_stat", map_nothing, run_cache_stat },
    { "cache_stat by mapping", map_nothing, run_cache_stat_by_mapping },
    { "cache_run", map_nothing, run_cache_run },
    { "cache_run by mapping", map_nothing, run_cache_run_by_mapping },
    { "cache_runs", map_nothing, run_cache_runs },
    { "cache_load", map_nothing, run_cache_load },
    { "cache_load past the cache", map_nothing, run_cache_load_mapped },
    { "cache_load by blocks", map_nothing, run_cache_load_blocks },
    { "cache_evict", map_nothing, run_cache_evict_twice },
    { "cache_evict stacking", map_nothing, run_cache_evict_stacking },
    { "prefetch", map_shared, run_prefetch },
    { "cache_prefetch", map_nothing, run_cache_prefetch },
    { "can_fault", map_shared, run_can_fault },
    { "read", map_mixed, run_read },
    { "write", map_mixed, run_write },
    { "grow", map_shared, run_resize },
    { "grow a private mapping", map_private, run_resize },
    { "to the end", map_first_page, run_resize_to_end },
    { "shrink", map_shared, run_shrink },
    { "grow both", map_shared, run_resize_both },
    { "grow both, sparse", map_shared, run_resize_sparse },
    { "shrink both", map_shared, run_shrink_both },
    { "grow the mapping, cut the file", map_first_page, run_grow_and_cut },
    { "shrink the mapping, grow the file", map_beyond_the_end,
      run_grow_and_shrink },
    { "grow by zeros", map_shared, run_grow_by_zeros },
    { "move", map_shared, run_move },
    { "move parts", map_mixed, run_move_parts },
    { "move and grow both", map_shared, run_move_both },
    { "move parts and grow both", map_mixed, run_move_parts_both },
    { "reserve", map_shared, run_reserve },
    { "reserve for parts", map_mixed, run_reserve },
    { "give up room", map_room, run_give_up_room },
    { "grow in room", map_room, run_grow_in_room },
    { "grow in room by itself", map_room, run_grow_in_room_by_itself },
    { "grow a private mapping in room", map_private_room,
      run_grow_private_in_room },
    { "grow both in room", map_room, run_grow_both_in_room },
    { "shrink in room", map_room, run_shrink_in_room },
    { "grow beyond the room", map_full_room, run_grow_beyond_room },
};

const size_t scenario_count = sizeof scenarios / sizeof scenarios[0];

/* What is not simply passed on.  The first line that fits counts; 0 fits all,
 * and as an outcome it is success. */
enum { ANY };

static const struct exception {
    fixture_call *run;
    enum fake_call call;
    int turn;
    int code;
    int outcome;
} exceptions[] = {
    /* A better place is a wish, and the first one is kept. */
    { run_map_large, FAKE_MMAP, 2, ANY, 0 },
    { run_map_large, FAKE_MREMAP_TO, ANY, ANY, 0 },
    { run_map_large, FAKE_MUNMAP, ANY, ANY, 0 },
    /* What the file has lost cannot come back, and the tail stays. */
    { run_shrink_both, FAKE_MUNMAP, ANY, ANY, 0 },
    { run_grow_and_shrink, FAKE_MUNMAP, ANY, ANY, 0 },
    /* The system has no such advice. */
    { run_advise, FAKE_MADVISE, ANY, ENOSYS, ENOTSUP },
    { run_advise, FAKE_MADVISE, ANY, EOPNOTSUPP, ENOTSUP },
    { run_advise, FAKE_MADVISE, ANY, ENODEV, EINVAL },
    /* What is not known to be missing is not read before. */
    { run_populate, FAKE_MINCORE, ANY, ANY, 0 },
    { run_lock, FAKE_MINCORE, ANY, ANY, 0 },
    { run_populate_by_touching, FAKE_MINCORE, ANY, ANY, 0 },
    { run_populate_cold, FAKE_MINCORE, ANY, ANY, 0 },
    { run_populate_cold, FAKE_MREMAP, ANY, ANY, 0 },
    { run_populate_cold, FAKE_MUNMAP, ANY, ANY, 0 },
    { run_populate_cold, FAKE_MADVISE, 1, ANY, 0 },
    { run_populate_cold, FAKE_MADVISE, 2, ANY, 0 },
    { run_populate_cold, FAKE_MADVISE, 3, ANY, 0 },
    { run_populate_cold, FAKE_MADVISE, 4, EINTR, 0 },
    { run_populate_cold, FAKE_MADVISE, 4, EINVAL, EACCES },
    { run_populate_cold, FAKE_MADVISE, 4, ENOSYS, 0 },
    { run_populate_cold, FAKE_MADVISE, 4, EOPNOTSUPP, 0 },
    { run_cache_load_mapped, FAKE_MINCORE, ANY, ANY, 0 },
    { run_populate, FAKE_MADVISE, ANY, EINTR, 0 },
    { run_populate, FAKE_MADVISE, ANY, EINVAL, EACCES },
    { run_populate, FAKE_MADVISE, ANY, ENOSYS, 0 },
    { run_populate, FAKE_MADVISE, ANY, EOPNOTSUPP, 0 },
    { run_populate_by_touching, FAKE_MADVISE, ANY, EINTR, 0 },
    { run_populate_by_touching, FAKE_MADVISE, ANY, EINVAL, EACCES },
    { run_populate_by_touching, FAKE_MADVISE, ANY, ENOSYS, 0 },
    { run_populate_by_touching, FAKE_MADVISE, ANY, EOPNOTSUPP, 0 },
    /* Where touching fails, the advice knows why. */
    { run_populate_by_touching, FAKE_TOUCH_OPEN, ANY, ANY, 0 },
    { run_populate_by_touching, FAKE_TOUCH, ANY, ANY, 0 },
    { run_populate_by_touching, FAKE_NEXT_UNMAPPED, ANY, ANY, 0 },
    { run_write, FAKE_MADVISE, ANY, EINVAL, EACCES },
    { run_write, FAKE_MADVISE, ANY, ANY, 0 },
    /* No names, or not for such memory. */
    { run_name, FAKE_NAME, ANY, EBADF, ENOTSUP },
    { run_name, FAKE_NAME, ANY, EINVAL, ENOTSUP },
    { run_name, FAKE_NAME, ANY, ENOSYS, ENOTSUP },
    { run_name, FAKE_NAME, ANY, EPERM, ENOTSUP },
    /* The system has no such lock. */
    { run_lock_on_fault, FAKE_LOCK_ONFAULT, ANY, EINVAL, ENOTSUP },
    { run_lock_on_fault, FAKE_LOCK_ONFAULT, ANY, ENOSYS, ENOTSUP },
    { run_lock_on_fault, FAKE_LOCK_ONFAULT, ANY, EPERM, ENOTSUP },
    { run_lock, FAKE_LOCK_ONFAULT, ANY, EINVAL, 0 },
    { run_lock, FAKE_LOCK_ONFAULT, ANY, ENOSYS, 0 },
    { run_lock, FAKE_LOCK_ONFAULT, ANY, EPERM, 0 },
    /* Only the zeros are not written. */
    { run_grow_by_zeros, FAKE_STAT, 2, ANY, 0 },
    /* What is not told is compared. */
    { run_commit, FAKE_OWN_PAGES_OPEN, ANY, ANY, 0 },
    { run_commit, FAKE_OWN_PAGES, ANY, ANY, 0 },
    { run_commit_atomic, FAKE_OWN_PAGES_OPEN, ANY, ANY, 0 },
    { run_commit_atomic, FAKE_OWN_PAGES, ANY, ANY, 0 },
    /* Where zeros cannot be written over the journal it is cut. */
    { run_commit_atomic, FAKE_WRITE_AT, 9, ANY, 0 },
    /* They are dropped one by one. */
    { run_commit, FAKE_MADVISE_BATCH, ANY, ANY, 0 },
    { run_commit_atomic, FAKE_MADVISE_BATCH, ANY, ANY, 0 },
    /* Neither the limit nor a gap. */
    { run_lock_on_fault, FAKE_LOCK_ONFAULT, ANY, ENOMEM, EAGAIN },
    { run_lock, FAKE_LOCK_ONFAULT, ANY, ENOMEM, EAGAIN },
    /* What cannot be populated is left to mlock(2). */
    { run_lock, FAKE_MADVISE, ANY, EACCES, 0 },
    { run_lock, FAKE_MADVISE, ANY, EINTR, 0 },
    { run_lock, FAKE_MADVISE, ANY, EINVAL, 0 },
    { run_lock, FAKE_MADVISE, ANY, ENOSYS, 0 },
    { run_lock, FAKE_MADVISE, ANY, EOPNOTSUPP, 0 },
    /* There is another way to look. */
    { run_cache_stat, FAKE_CACHESTAT, ANY, ENOSYS, 0 },
    { run_cache_stat, FAKE_MUNMAP, ANY, ANY, 0 }, /* before 6.5 */
    { run_cache_run, FAKE_MUNMAP, ANY, ANY, 0 },
    { run_cache_runs, FAKE_MUNMAP, ANY, ANY, 0 },
    { run_cache_run, FAKE_CACHESTAT, ANY, ENOSYS, 0 },
    { run_cache_runs, FAKE_CACHESTAT, ANY, ENOSYS, 0 },
    { run_cache_stat_by_mapping, FAKE_CACHESTAT, ANY, ANY, 0 },
    { run_cache_stat_by_mapping, FAKE_MUNMAP, ANY, ANY, 0 },
    { run_cache_run_by_mapping, FAKE_CACHESTAT, ANY, ANY, 0 },
    { run_cache_run_by_mapping, FAKE_MUNMAP, ANY, ANY, 0 },
    /* First it is mapped, only to see that it is no text of procfs. */
    { run_cache_load, FAKE_STAT, 2, ANY, 0 },
    { run_cache_load, FAKE_STAT, 3, ANY, 0 },
    { run_cache_load, FAKE_ACCESS, 2, ANY, 0 },
    { run_cache_load, FAKE_MMAP, 1, ENODEV, ENODEV },
    { run_cache_load, FAKE_MMAP, 1, ANY, 0 },
    { run_cache_load_mapped, FAKE_STAT, 2, ANY, 0 },
    { run_cache_load_mapped, FAKE_STAT, 3, ANY, 0 },
    { run_cache_load_mapped, FAKE_ACCESS, 2, ANY, 0 },
    { run_cache_load_mapped, FAKE_MMAP, 1, ENODEV, ENODEV },
    { run_cache_load_mapped, FAKE_MMAP, 1, ANY, 0 },
    { run_cache_evict_stacking, FAKE_MMAP, 1, ENODEV, ENODEV },
    { run_cache_evict_stacking, FAKE_MMAP, 1, ANY, 0 },
    /* It is advice: what cannot be found out is tried. */
    { run_cache_evict_twice, FAKE_CACHESTAT, ANY, ANY, 0 },
    { run_cache_evict_twice, FAKE_STAT, 2, ANY, 0 },
    { run_cache_evict_twice, FAKE_ACCESS, 2, ANY, 0 },
    { run_cache_evict_twice, FAKE_STAT, 3, ANY, 0 }, /* before 6.5 */
    { run_cache_evict_twice, FAKE_MMAP, ANY, ANY, 0 },
    { run_cache_evict_twice, FAKE_MINCORE, ANY, ANY, 0 },
    { run_cache_evict_stacking, FAKE_STAT, 2, ANY, 0 },
    { run_cache_evict_stacking, FAKE_STAT, 3, ANY, 0 },
    { run_cache_evict_stacking, FAKE_STAT, 4, ANY, 0 },
    { run_cache_evict_stacking, FAKE_ACCESS, 2, ANY, 0 },
    { run_cache_evict_stacking, FAKE_MMAP, ANY, ANY, 0 },
    { run_cache_evict_stacking, FAKE_CACHESTAT, ANY, ANY, 0 },
    { run_cache_evict_stacking, FAKE_MINCORE, ANY, ANY, 0 },
    { run_cache_evict_stacking, FAKE_MUNMAP, ANY, ANY, 0 },
    /* An emulator does not look at memory without protection: once more. */
    { run_cache_stat, FAKE_MINCORE, ANY, ENOMEM, 0 }, /* before 6.5 */
    { run_cache_run, FAKE_MINCORE, ANY, ENOMEM, 0 },
    { run_cache_runs, FAKE_MINCORE, ANY, ENOMEM, 0 },
    { run_cache_stat_by_mapping, FAKE_MINCORE, ANY, ENOMEM, 0 },
    { run_cache_run_by_mapping, FAKE_MINCORE, ANY, ENOMEM, 0 },
    /* What is not known to be there is read. */
    { run_cache_load, FAKE_CACHESTAT, ANY, ANY, 0 },
    { run_cache_load, FAKE_READ_AND_DISCARD, ANY, EINTR, 0 },
    { run_cache_load_mapped, FAKE_CACHESTAT, ANY, ANY, 0 },
    /* What cannot be brought in by a mapping is read. */
    { run_cache_load_blocks, FAKE_STAT, 2, ANY, 0 },
    { run_cache_load_blocks, FAKE_STAT, 3, ANY, 0 },
    { run_cache_load_blocks, FAKE_ACCESS, 2, ANY, 0 },
    { run_cache_load_blocks, FAKE_MMAP, 1, ENODEV, ENODEV },
    { run_cache_load_blocks, FAKE_MMAP, ANY, ANY, 0 },
    { run_cache_load_blocks, FAKE_MUNMAP, ANY, ANY, 0 },
    { run_cache_load_blocks, FAKE_MPROTECT, ANY, ANY, 0 },
    { run_cache_load_blocks, FAKE_MADVISE, ANY, ANY, 0 },
    { run_cache_load_blocks, FAKE_MINCORE, ANY, ANY, 0 },
    { run_cache_load_blocks, FAKE_CACHESTAT, ANY, ANY, 0 },
    { run_cache_load_blocks, FAKE_READ_AND_DISCARD, ANY, EINTR, 0 },
    { run_cache_load, FAKE_MUNMAP, ANY, ANY, 0 },
    { run_cache_load_mapped, FAKE_MUNMAP, ANY, ANY, 0 },
    { run_cache_evict_twice, FAKE_MUNMAP, ANY, ANY, 0 },
    { run_cache_load_mapped, FAKE_MADVISE, ANY, EFAULT, EIO },
    { run_cache_load_mapped, FAKE_MADVISE, ANY, EINTR, 0 },
    { run_cache_load_mapped, FAKE_MADVISE, ANY, EINVAL, EACCES },
    { run_cache_load_mapped, FAKE_MADVISE, ANY, ENOSYS, 0 },
    { run_cache_load_mapped, FAKE_MADVISE, ANY, EOPNOTSUPP, 0 },
    /* What cannot be read ahead is read when it is touched. */
    { run_prefetch, FAKE_MADVISE_BATCH, ANY, ANY, 0 },
    { run_prefetch, FAKE_MADVISE, ANY, ANY, 0 },
    { run_cache_prefetch, FAKE_READAHEAD, ANY, ENOTSUP, ENOTSUP },
    { run_cache_prefetch, FAKE_READAHEAD, ANY, ANY, 0 },
    /* What is not known to be sealed can fault. */
    { run_can_fault, FAKE_STAT, ANY, ANY, 0 },
    /* In a room: another way than by the descriptor, and what is not free. */
    { run_grow_in_room, FAKE_STAT, ANY, ENOMEM, ENOMEM },
    { run_grow_in_room, FAKE_STAT, ANY, ANY, 0 },
    { run_grow_in_room, FAKE_MMAP, 1, EAGAIN, EAGAIN },
    { run_grow_in_room, FAKE_MMAP, 1, ENOMEM, ENOMEM },
    { run_grow_in_room, FAKE_MMAP, 1, ANY, 0 },
    { run_grow_both_in_room, FAKE_STAT, 2, ENOMEM, ENOMEM },
    { run_grow_both_in_room, FAKE_STAT, 2, ANY, 0 },
    { run_grow_both_in_room, FAKE_MMAP, 1, EAGAIN, EAGAIN },
    { run_grow_both_in_room, FAKE_MMAP, 1, ENOMEM, ENOMEM },
    { run_grow_both_in_room, FAKE_MMAP, 1, ANY, 0 },
    { run_grow_in_room_by_itself, FAKE_MREMAP_TO, ANY, EINVAL, ENOTSUP },
    { run_grow_in_room_by_itself, FAKE_MREMAP_TO, ANY, ENOSYS, ENOTSUP },
    { run_grow_in_room_by_itself, FAKE_MREMAP_COPY, ANY, EINVAL, ENOTSUP },
    { run_grow_in_room_by_itself, FAKE_MREMAP_COPY, ANY, ENOSYS, ENOTSUP },
    { run_grow_in_room_by_itself, FAKE_MREMAP_COPY, ANY, EFAULT, ENOTSUP },
    { run_grow_beyond_room, FAKE_MMAP, 1, ENOMEM, 0 },
    { run_grow_beyond_room, FAKE_MMAP, 1, EEXIST, 0 },
    { run_reserve, FAKE_MMAP, 1, ENOMEM, 0 },
    { run_reserve, FAKE_MMAP, 1, EEXIST, 0 },
    { run_reserve, FAKE_MMAP, ANY, EINVAL, ENOTSUP },
    { run_reserve, FAKE_MMAP, ANY, ENOSYS, ENOTSUP },
    { run_reserve, FAKE_MREMAP_KEEPING, ANY, ENOSYS, ENOTSUP },
    { run_reserve, FAKE_MPROTECT, ANY, EINVAL, ENOTSUP },
    { run_reserve, FAKE_MPROTECT, ANY, ENOSYS, ENOTSUP },
    /* Parts need mremap(2), and a place that is reserved. */
    { run_move_parts, FAKE_MREMAP, 1, ENOSYS, ENOTSUP },
    { run_move_parts_both, FAKE_MREMAP, 1, ENOSYS, ENOTSUP },
    { run_move_parts, FAKE_MREMAP_TO, ANY, ENOMEM, ENOMEM },
    { run_move_parts_both, FAKE_MREMAP_TO, ANY, ENOMEM, ENOMEM },
    { run_move_parts_both, FAKE_MMAP, 1, ENOMEM, ENOMEM },
    { run_move_parts_both, FAKE_MPROTECT, ANY, ENOMEM, ENOMEM },
};

/* The same for all that grow.  No mremap(2): there is room behind it, or it is
 * mapped anew.  What the kernel cannot extend it can move, in parts if it is
 * not one; the old place is kept, if that can be; it stays where it cannot be
 * unmapped.  Blocks come from writing where there is no other way, and are
 * there before the zeros are. */
static const struct exception growth[] = {
    { run_move, FAKE_MREMAP, 1, ENOSYS, 0 },
    { run_move, FAKE_MREMAP, 1, ENOMEM, 0 },
    { run_move, FAKE_MREMAP, 1, EINVAL, ENOMEM },
    { run_move, FAKE_MREMAP, 1, EFAULT, ENOTSUP },
    { run_move, FAKE_MREMAP, 2, EFAULT, 0 },
    { run_move, FAKE_MREMAP_KEEPING, ANY, EINVAL, 0 },
    { run_move, FAKE_MREMAP_KEEPING, ANY, ENOMEM, 0 },
    { run_move, FAKE_MREMAP_KEEPING, ANY, EFAULT, ENOTSUP },
    { run_move, FAKE_MREMAP_TO, ANY, EFAULT, ENOTSUP },
    { run_move_both, FAKE_MREMAP_TO, ANY, ENOMEM, 0 },
    { run_move_both, FAKE_MMAP, 1, ENOMEM, 0 },
    { run_move_both, FAKE_MPROTECT, ANY, ENOMEM, 0 },
    { run_move, FAKE_MUNMAP, ANY, ANY, 0 },
    { run_move, FAKE_ALLOCATE, ANY, EINTR, 0 },
    { run_move, FAKE_ALLOCATE, ANY, ENOTSUP, 0 },
    { run_move, FAKE_WRITE_ZEROS, ANY, ANY, 0 },
};

/* The group of growth[] that a run is of: run_move or run_move_both, which is
 * one of the former too; else NULL. */
static fixture_call *
group_of(fixture_call *run)
{
    fixture_call *const with_file[]
        = { run_resize_both, run_resize_sparse, run_grow_and_cut,
            run_grow_by_zeros, run_move_both, run_move_parts_both };
    fixture_call *const alone[]
        = { run_resize, run_resize_to_end, run_move, run_move_parts,
            run_reserve, run_grow_in_room, run_grow_in_room_by_itself,
            run_grow_private_in_room, run_grow_both_in_room,
            run_grow_beyond_room };

    for (size_t i = 0; i < sizeof with_file / sizeof with_file[0]; i++)
        if (run == with_file[i])
            return run_move_both;
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++)
        if (run == alone[i])
            return run_move;
    return NULL;
}

/* Whether blocks come from writing zeros, so that a failure of that counts, or
 * of the look at the file before it. */
static bool
is_allocated_by_zeros(const struct fixture *f, fixture_call *run,
                      enum fake_call call, int code)
{
    return ((call == FAKE_WRITE_ZEROS && code != EINTR)
            || (call == FAKE_STAT && run == run_grow_by_zeros))
           && mmapx_os_allocate(f->fd, 1 << 20, 1) == -ENOTSUP;
}

/* The outcome by one line, if it fits. */
static bool
fits(const struct exception *e, fixture_call *run, enum fake_call call,
     int turn, int code)
{
    return e->run == run && e->call == call
           && (e->turn == ANY || e->turn == turn)
           && (e->code == ANY || e->code == code);
}

int
outcome_of(const struct scenario *s, const struct fixture *f,
           enum fake_call call, int turn, int code)
{
    fixture_call *group = group_of(s->run);

    if (is_allocated_by_zeros(f, s->run, call, code))
        return code;
    for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++)
        if (fits(&exceptions[i], s->run, call, turn, code))
            return exceptions[i].outcome;
    for (size_t i = 0; i < sizeof growth / sizeof growth[0]; i++)
        if (group != NULL
            && (fits(&growth[i], group, call, turn, code)
                || fits(&growth[i], run_move, call, turn, code)))
            return growth[i].outcome;
    return code;
}

bool
leaves_mapping(const struct scenario *s, enum fake_call call)
{
    return call == FAKE_MUNMAP
           && (s->map == map_nothing || s->run == run_populate_cold
               || s->run == run_shrink_both
               || s->run == run_grow_and_shrink || group_of(s->run) != NULL);
}
