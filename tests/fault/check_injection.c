/* SPDX-License-Identifier: MIT */
/*
 * Every call that is made through the seam, in each public function, at each of
 * its turns, fails with each errno.
 */
#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "fake_os.h"
#include "internal.h"

static const int codes_of[FAKE_CALLS][20] = { /* up to a 0 */
#define SEAM_CALL(NAME, name, ...) [FAKE_##NAME] = { __VA_ARGS__ },
#include "seam.def"
};

/* Elsewhere some answer only that there is no such thing, and what would follow
 * is not called. */
#ifdef __linux__
enum { MAKES_EVERY_CALL = true };
#else
enum { MAKES_EVERY_CALL = false };
#endif

static void
map_all(struct fixture *f, int prot, int flags)
{
    OK(mmapx_map(&f->m, f->fd, prot, flags));
}

static void
map_shared(struct fixture *f)
{
    map_all(f, PROT_READ | PROT_WRITE, MAP_SHARED);
}

static void
map_private(struct fixture *f)
{
    map_all(f, PROT_READ, MAP_PRIVATE);
}

/* So that mmapx_write() has to ask. */
static void
map_mixed(struct fixture *f)
{
    map_shared(f);
    OK(mmapx_protect(&f->m, page_size(), page_size(), PROT_READ));
}

static void
map_room(struct fixture *f)
{
    map_shared(f);
    OK(mmapx_reserve(&f->m, 9 * page_size(), MMAPX_RESIZE_MAYMOVE));
}

static void
map_private_room(struct fixture *f)
{
    map_all(f, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    OK(mmapx_reserve(&f->m, 9 * page_size(), MMAPX_RESIZE_MAYMOVE));
}

static void
map_full_room(struct fixture *f)
{
    map_shared(f);
    OK(mmapx_reserve(&f->m, f->m.len + page_size(), MMAPX_RESIZE_MAYMOVE));
    OK(mmapx_resize(&f->m, -1, mmapx_room(&f->m), 0));
}

static void
map_nothing(struct fixture *f)
{
    f->m = (struct mmapx)MMAPX_INIT;
}

static void
map_first_page(struct fixture *f)
{
    OK(mmapx_map_region(&f->m, f->fd, 0, page_size(), PROT_READ | PROT_WRITE,
                        MAP_SHARED));
}

static void
map_beyond_the_end(struct fixture *f)
{
    OK(mmapx_map_region(&f->m, f->fd, 0, 8 * page_size(),
                        PROT_READ | PROT_WRITE, MAP_SHARED));
}

static int
run_map_device(struct fixture *f)
{
    int r;

    fake_is_block_device = true;
    r = mmapx_map_region(&f->m, f->fd, 0, MMAPX_TO_END, PROT_READ, MAP_SHARED);
    fake_is_block_device = false;
    return r;
}

static int
run_map_large(struct fixture *f)
{
    fake_misplaces = mmapx_os_large_alignment > 1;
    return mmapx_map_region(&f->m, f->fd, (int64_t)page_size(), 8 << 20,
                            PROT_READ, MAP_SHARED);
}

/* Pages of the mapping's own, with the bytes of the file; and a journal, above
 * the descriptors that are looked at. */
static int journal = -1;

static void
map_changed(struct fixture *f)
{
    map_all(f, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    *(volatile unsigned char *)f->m.addr = pattern(0);
    ((volatile unsigned char *)f->m.addr)[f->m.len - 1] = pattern(f->m.len - 1);
    if (journal < 0) {
        int made = temp_file(0);

        journal = fcntl(made, F_DUPFD, 100);
        close(made);
    }
    ck_assert_int_eq(ftruncate(journal, 0), 0);
}

static int
run_commit(struct fixture *f)
{
    return mmapx_commit(&f->m, f->fd, 0, MMAPX_TO_END);
}

static int
run_commit_atomic(struct fixture *f)
{
    return mmapx_commit_atomic(&f->m, f->fd, journal, 0, MMAPX_TO_END);
}

static int
run_changed(struct fixture *f)
{
    struct mmapx_run run;

    return mmapx_changed_run(&f->m, 0, &run);
}

static void
map_memory(struct fixture *f)
{
    OK(mmapx_map_anon(&f->m, 3 * page_size() + 1, PROT_READ, MAP_PRIVATE));
}

static int
run_lock_limit(struct fixture *f)
{
    size_t limit, locked;

    (void)f;
    return mmapx_lock_limit(&limit, &locked);
}

static int
run_can_fault(struct fixture *f)
{
    return mmapx_can_fault(&f->m, f->fd) == 1 ? 0 : -1;
}

static int
run_read(struct fixture *f)
{
    char buf[10];

    return mmapx_read(&f->m, 5, buf, sizeof buf) == sizeof buf ? 0 : -1;
}

static int
run_write(struct fixture *f)
{
    unsigned char byte = pattern(5);

    return mmapx_write(&f->m, 5, &byte, 1) == 1 ? 0 : -1;
}

static int
run_sync_async(struct fixture *f)
{
    return mmapx_sync(&f->m, 1, 2, MS_ASYNC);
}

static int
run_cache_stat_by_mapping(struct fixture *f)
{
    fake_has_no_cachestat = true;
    return run_cache_stat(f);
}

static int
run_cache_run_by_mapping(struct fixture *f)
{
    fake_has_no_cachestat = true;
    return run_cache_run(f);
}

static int
run_map_path_file(struct fixture *f)
{
    char path[32];

    snprintf(path, sizeof path, "/dev/fd/%d", f->fd);
    return mmapx_map_path(&f->m, path, PROT_READ, MAP_SHARED);
}

/* The mapping grows from the file's middle, and the file is cut. */
static int
run_grow_and_cut(struct fixture *f)
{
    return mmapx_resize(&f->m, f->fd, 2 * page_size(),
                        MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE
                            | MMAPX_RESIZE_CUT);
}

/* By a step that is written with zeros, where tails are kept. */
static int
run_grow_by_zeros(struct fixture *f)
{
    fake_zeros_pay = true;
    fake_keeps_tail = true;
    return mmapx_resize(&f->m, f->fd, f->m.len + (64 << 10),
                        MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE);
}

/* Nothing may be behind the mapping while it grows. */
static char *
take_behind(struct fixture *f)
{
    size_t page = page_size();
    char *end = (char *)f->m.addr + (f->m.len + page - 1) / page * page;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;

    return mmap(end, page, PROT_NONE, flags, -1, 0);
}

static int
run_and_give_back(struct fixture *f, fixture_call *run)
{
    char *taken = take_behind(f);
    int r = run(f);
    int error = errno;

    if (taken != MAP_FAILED)
        munmap(taken, page_size());
    errno = error;
    return r;
}

static int
run_move(struct fixture *f)
{
    return run_and_give_back(f, run_resize);
}

static int
run_move_both(struct fixture *f)
{
    return run_and_give_back(f, run_resize_both);
}

/* The same runs where they come out otherwise. */
static int
run_move_parts(struct fixture *f)
{
    return run_move(f);
}

static int
run_move_parts_both(struct fixture *f)
{
    return run_move_both(f);
}

static int
reserve_elsewhere(struct fixture *f)
{
    return mmapx_reserve(&f->m, 9 * page_size(), MMAPX_RESIZE_MAYMOVE);
}

static int
run_reserve(struct fixture *f)
{
    return run_and_give_back(f, reserve_elsewhere);
}

static int
run_give_up_room(struct fixture *f)
{
    return mmapx_reserve(&f->m, 0, 0);
}

static int
run_grow_in_room(struct fixture *f)
{
    return mmapx_resize(&f->m, f->fd, f->m.len + page_size(), 0);
}

static int
run_grow_private_in_room(struct fixture *f)
{
    return run_grow_in_room(f);
}

static int
run_grow_in_room_by_itself(struct fixture *f)
{
    return mmapx_resize(&f->m, -1, f->m.len + page_size(), 0);
}

static int
run_grow_both_in_room(struct fixture *f)
{
    return mmapx_resize(&f->m, f->fd, f->m.len + page_size(),
                        MMAPX_RESIZE_FILE);
}

static int
run_shrink_in_room(struct fixture *f)
{
    return mmapx_resize(&f->m, -1, 1, 0);
}

static int
run_grow_beyond_room(struct fixture *f)
{
    return run_and_give_back(f, run_resize);
}

/* A file of its own, so large that touching it may be worth it. */
/* What is read in before it is populated. */
static void
map_hole(struct fixture *f)
{
    int hole = temp_file(0);

    OK(ftruncate(hole, 1 << 20));
    OK(mmapx_map(&f->m, hole, PROT_READ, MAP_SHARED));
    close(hole);
}

static void
map_large_file(struct fixture *f)
{
    int large = temp_file(0);

    OK(ftruncate(large, 16 << 20));
    OK(mmapx_map(&f->m, large, PROT_READ, MAP_SHARED));
    close(large);
}

static int
run_populate_by_touching(struct fixture *f)
{
    fake_mincore_bits = 1; /* all is cached */
    fake_advice_work = 90000;
    fake_touch_work = 9000;
    return run_populate(f);
}

static int
run_populate_cold(struct fixture *f)
{
    return run_populate(f);
}

/* The file grows and the mapping shrinks. */
static int
run_grow_and_shrink(struct fixture *f)
{
    return mmapx_resize(&f->m, f->fd, 6 * page_size(),
                        MMAPX_RESIZE_FILE | MMAPX_RESIZE_SPARSE);
}

static const struct scenario {
    const char *name;
    void (*map)(struct fixture *f);
    fixture_call *run;
} scenarios[] = {
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
    { "cache_evict", map_nothing, run_cache_evict },
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
    { run_lock_on_fault, FAKE_MLOCK_ONFAULT, ANY, EINVAL, ENOTSUP },
    { run_lock_on_fault, FAKE_MLOCK_ONFAULT, ANY, ENOSYS, ENOTSUP },
    { run_lock_on_fault, FAKE_MLOCK_ONFAULT, ANY, EPERM, ENOTSUP },
    { run_lock, FAKE_MLOCK_ONFAULT, ANY, EINVAL, 0 },
    { run_lock, FAKE_MLOCK_ONFAULT, ANY, ENOSYS, 0 },
    { run_lock, FAKE_MLOCK_ONFAULT, ANY, EPERM, 0 },
    /* What is not told is compared. */
    { run_commit, FAKE_OWN_PAGES_OPEN, ANY, ANY, 0 },
    { run_commit, FAKE_OWN_PAGES, ANY, ANY, 0 },
    { run_commit_atomic, FAKE_OWN_PAGES_OPEN, ANY, ANY, 0 },
    { run_commit_atomic, FAKE_OWN_PAGES, ANY, ANY, 0 },
    /* Neither the limit nor a gap. */
    { run_lock_on_fault, FAKE_MLOCK_ONFAULT, ANY, ENOMEM, EAGAIN },
    { run_lock, FAKE_MLOCK_ONFAULT, ANY, ENOMEM, EAGAIN },
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
    { run_cache_evict, FAKE_CACHESTAT, ANY, ANY, 0 },
    { run_cache_evict, FAKE_STAT, 2, ANY, 0 },
    { run_cache_evict, FAKE_ACCESS, 2, ANY, 0 },
    { run_cache_evict_stacking, FAKE_STAT, 2, ANY, 0 },
    { run_cache_evict_stacking, FAKE_STAT, 3, ANY, 0 },
    { run_cache_evict_stacking, FAKE_STAT, 4, ANY, 0 },
    { run_cache_evict_stacking, FAKE_ACCESS, 2, ANY, 0 },
    { run_cache_evict_stacking, FAKE_MMAP, ANY, ANY, 0 },
    { run_cache_evict_stacking, FAKE_CACHESTAT, ANY, ANY, 0 },
    { run_cache_evict_stacking, FAKE_MINCORE, ANY, ANY, 0 },
    { run_cache_evict_stacking, FAKE_MUNMAP, ANY, ANY, 0 },
    /* An emulator does not look at memory without protection: once more. */
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
    { run_cache_evict, FAKE_MUNMAP, ANY, ANY, 0 },
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
    /* Parts need mremap(2), and a place that is reserved. */
    { run_move_parts, FAKE_MREMAP, 1, ENOSYS, ENOTSUP },
    { run_move_parts_both, FAKE_MREMAP, 1, ENOSYS, ENOTSUP },
    { run_move_parts, FAKE_MREMAP_TO, ANY, ENOMEM, ENOMEM },
    { run_move_parts_both, FAKE_MREMAP_TO, ANY, ENOMEM, ENOMEM },
    { run_move_parts_both, FAKE_MMAP, 1, ENOMEM, ENOMEM },
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

/* Whether blocks come from writing zeros, so that a failure of that counts. */
static bool
is_allocated_by_zeros(const struct fixture *f, enum fake_call call, int code)
{
    return call == FAKE_WRITE_ZEROS && code != EINTR
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

static int
outcome_of(const struct scenario *s, const struct fixture *f,
           enum fake_call call, int turn, int code)
{
    fixture_call *group = group_of(s->run);

    if (is_allocated_by_zeros(f, call, code))
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

/* What a failure must not change. */
struct state {
    struct mmapx m;
    off_t size;
    int next; /* descriptor */
    char mappings[1 << 16];
};

static void
look(const struct fixture *f, struct state *now)
{
    now->m = f->m;
    now->size = lseek(f->fd, 0, SEEK_END);
    now->next = dup(f->fd);
    ck_assert_int_ge(now->next, 0);
    close(now->next);
    read_mappings(now->mappings, sizeof now->mappings);
}

/* All bytes of the file, past the library. */
static void
check_file(const struct fixture *f)
{
    unsigned char buf[4096];
    off_t at = 0;
    ssize_t n;

    while ((n = pread(f->fd, buf, sizeof buf, at)) > 0) {
        check_pattern(buf, (size_t)at, (size_t)n);
        at += n;
    }
}

/* A sync that failed is the one failure that leaves a trace. */
static bool
is_sticky(enum fake_call call, int code)
{
    return (call == FAKE_MSYNC && code != EINTR)
           || (call == FAKE_FLUSH && code != EINTR && code != EBADF);
}

/* The line of a text from which on another one differs. */
static const char *
first_difference(const char *text, const char *other)
{
    const char *line = text;

    for (; *text != '\0' && *text == *other; text++, other++)
        if (*text == '\n')
            line = text + 1;
    return line;
}

static void
check_same(const char *what, const struct state *before,
           const struct state *after)
{
    ck_assert_msg(memcmp(&before->m, &after->m, sizeof before->m) == 0,
                  "%s: another handle", what);
    ck_assert_msg(before->size == after->size, "%s: the file has %lld bytes",
                  what, (long long)after->size);
    ck_assert_msg(before->next == after->next, "%s: a descriptor", what);
    /* All of it would be too long for a message. */
    ck_assert_msg(strcmp(before->mappings, after->mappings) == 0,
                  "%s: mapped was\n%.300s\nnow\n%.300s", what,
                  first_difference(before->mappings, after->mappings),
                  first_difference(after->mappings, before->mappings));
}

/* What a call has mapped for itself and cannot unmap stays where it is, and so
 * do a tail that has been cut off and a place that has been left. */
static bool
leaves_mapping(const struct scenario *s, enum fake_call call)
{
    return call == FAKE_MUNMAP
           && (s->map == map_nothing || s->run == run_populate_cold
               || s->run == run_shrink_both
               || s->run == run_grow_and_shrink || group_of(s->run) != NULL);
}

/* Run one scenario with one failure.  The file is new each time. */
static void
inject(const struct scenario *s, enum fake_call call, int turn, int code)
{
    struct fixture f = { .memfd = UNTOUCHED_FD };
    static struct state first, before, after;
    char what[128];
    int outcome, r;

    snprintf(what, sizeof what, "%s: %s, turn %d, %s", s->name,
             fake_name(call), turn, errno_name(code));
    f.fd = temp_file(3 * page_size() + 1);
    outcome = outcome_of(s, &f, call, turn, code);
    OK(ftruncate(f.fd, (off_t)(3 * page_size() + 1)));
    map_nothing(&f);
    look(&f, &first);
    s->map(&f);
    look(&f, &before);
    fake_reset();
    fake_fail(call, code, turn);
    errno = 0;
    r = s->run(&f);
    if (outcome == 0) {
        ck_assert_msg(r == 0, "%s: now %s", what, errno_name(errno));
    } else {
        ck_assert_msg(r == -1, "%s: succeeded", what);
        ck_assert_msg(errno == outcome, "%s: now %s", what,
                      errno_name(errno));
        if (is_sticky(call, code)) {
            ck_assert_int_eq(mmapx_i_remembered(&f.m), -code);
            OK(mmapx_sync_reset(&f.m)); /* which notes that there was one */
            before.m.reserved[MMAPX_I_ERROR] = f.m.reserved[MMAPX_I_ERROR];
        }
        look(&f, &after);
        if (leaves_mapping(s, call))
            memcpy(after.mappings, before.mappings, sizeof after.mappings);
        check_same(what, &before, &after);
        ck_assert_msg(f.memfd == UNTOUCHED_FD, "%s: a descriptor", what);
        check_file(&f);
    }

    /* And nothing stays behind. */
    fake_reset();
    OK(mmapx_unmap(&f.m));
    if (f.memfd != UNTOUCHED_FD)
        close(f.memfd);
    ck_assert_int_eq(ftruncate(f.fd, first.size), 0);
    look(&f, &after);
    if (!leaves_mapping(s, call))
        check_same(what, &first, &after);
    close(f.fd);
}

/* How often the scenario makes each call when nothing fails. */
static void
count_turns(const struct scenario *s, int *turns)
{
    struct fixture f = { .memfd = UNTOUCHED_FD };

    f.fd = temp_file(3 * page_size() + 1);
    s->map(&f);
    fake_reset();
    ck_assert_msg(s->run(&f) == 0, "%s: %s", s->name, errno_name(errno));
    for (int call = 0; call < FAKE_CALLS; call++)
        turns[call] = fake_count((enum fake_call)call);
    OK(mmapx_unmap(&f.m));
    if (f.memfd != UNTOUCHED_FD)
        close(f.memfd);
    close(f.fd);
}

static void
fail_everywhere(const struct scenario *s, int *failures)
{
    int turns[FAKE_CALLS];

    count_turns(s, turns);
    for (int call = 0; call < FAKE_CALLS; call++)
        for (int turn = 1; turn <= turns[call]; turn++)
            for (size_t i = 0; codes_of[call][i] != 0; i++) {
                inject(s, (enum fake_call)call, turn, codes_of[call][i]);
                failures[call]++;
            }
}

/* Sees that each call is made by some scenario, so that a new one is not
 * forgotten. */
START_TEST(everything_that_can_fail)
{
    int failures[FAKE_CALLS] = { 0 };
    int fd;

    need_the_kernel();
    need_memlock(16 * page_size()); /* else EPERM is a true answer */
    fd = temp_file(0);
    if (is_stacked(fd))
        SKIP("each answer about the cache is asked for twice here");
    close(fd);
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++)
        fail_everywhere(&scenarios[i], failures);
    for (int call = 0; call < FAKE_CALLS; call++)
        ck_assert_msg(failures[call] > 0 || codes_of[call][0] == 0
                          || !MAKES_EVERY_CALL,
                      "%s never failed", fake_name((enum fake_call)call));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("injection");

    ADD_TEST(s, everything_that_can_fail);
    return s;
}
