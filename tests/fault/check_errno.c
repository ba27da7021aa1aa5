/* SPDX-License-Identifier: MIT */
/*
 * Every errno that the manual promises and that this machine cannot be brought
 * to give, by a seam that fails on demand: the errno comes through, the handle
 * is as it was, and nothing stays mapped or open.  What arguments alone
 * provoke is in the other files.
 */
#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_os.h"
#include "internal.h"

#include "calls.h"

/* One call, one failure below it, and what comes of it. */
struct failure {
    int (*run)(void);
    enum fake_call call;
    int code;
    int expected;
};

static void
check_failures(const struct failure *failures, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct failure *f = &failures[i];
        size_t mappings;
        struct mmapx before;
        int next;

        set_up();
        before = m;
        mappings = count_mappings();
        next = dup(fd);
        close(next);
        fake_fail(f->call, f->code, 1);
        errno = 0;
        ck_assert_msg(f->run() == -1, "case %zu succeeded", i);
        ck_assert_msg(errno == f->expected, "case %zu: errno %d, not %d", i,
                      errno, f->expected);
        ck_assert_msg(memcmp(&m, &before, sizeof m) == 0,
                      "case %zu changed the handle", i);
        ck_assert_msg(count_mappings() == mappings,
                      "case %zu changed the address space", i);
        ck_assert_msg(lseek(fd, 0, SEEK_END) == (off_t)m.len,
                      "case %zu changed the file", i);
        ck_assert_msg(memfd == 77, "case %zu stored a descriptor", i);
        ck_assert_msg(dup(fd) == next, "case %zu left a descriptor", i);
        close(next);
        fake_reset();
        OK(mmapx_unmap(&m));
        close(fd);
    }
}

#define CHECK_FAILURES(failures)                                               \
    check_failures(failures, sizeof(failures) / sizeof(failures)[0])

START_TEST(mapping)
{
    static int (*const maps[])(void)
        = { run_map, run_map_region, run_map_at };
    static const int codes[] = { EACCES, EAGAIN, EBADF, EINVAL, EIO, ENFILE,
                                 ENODEV, ENOMEM, ENOTSUP, EOVERFLOW, EPERM,
                                 EROFS, ETXTBSY };

    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < sizeof codes / sizeof codes[0]; k++) {
            struct failure failures[]
                = { { maps[i], FAKE_MMAP, codes[k], codes[k] } };

            CHECK_FAILURES(failures);
        }

    static const struct failure others[] = {
        { run_map, FAKE_STAT, EBADF, EBADF },
        { run_map, FAKE_STAT, EIO, EIO },
        { run_map, FAKE_STAT, EOVERFLOW, EOVERFLOW },
        { run_map_at, FAKE_MMAP, EEXIST, EEXIST },
        { run_map_anon, FAKE_MMAP, EAGAIN, EAGAIN },
        { run_map_anon, FAKE_MMAP, EINVAL, EINVAL },
        { run_map_anon, FAKE_MMAP, ENFILE, ENFILE },
        { run_map_anon, FAKE_MMAP, ENOMEM, ENOMEM },
        { run_map_anon, FAKE_MMAP, EPERM, EPERM },
        { run_map_anon, FAKE_ANON_PAGE, ENOTSUP, ENOTSUP },
    };

    CHECK_FAILURES(others);
}
END_TEST

START_TEST(mapping_by_path)
{
    static const int codes[]
        = { EACCES, ELOOP, EINTR, EMFILE, ENAMETOOLONG, ENFILE, ENODEV, ENOENT,
            ENOMEM, ENOTDIR, EOVERFLOW, EPERM, EROFS, ETXTBSY };

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct failure failures[]
            = { { run_map_path, FAKE_OPEN, codes[i], codes[i] } };

        CHECK_FAILURES(failures);
    }

    /* What was opened is closed. */
    static const struct failure later[] = {
        { run_map_path, FAKE_STAT, EIO, EIO },
        { run_map_path, FAKE_MMAP, ENOMEM, ENODEV }, /* not even asked */
    };

    CHECK_FAILURES(later);
}
END_TEST

START_TEST(a_device_without_a_size)
{
    set_up();
    fake_is_block_device = true;
    fake_fail(FAKE_DEVICE_SIZE, EIO, 1);
    MAP_FAILS(EIO, m, run_map());
    OK(run_map_region()); /* an explicit length needs none */
    ck_assert_int_eq(fake_count(FAKE_DEVICE_SIZE), 1);
}
END_TEST

/* A kernel that takes MAP_FIXED_NOREPLACE for a hint and puts it elsewhere. */
START_TEST(an_old_kernel_and_noreplace)
{
    size_t mappings;
    struct mmapx n;

    set_up();
    if (mmapx_os_fixed_noreplace == 0)
        SKIP("the system has no MAP_FIXED_NOREPLACE");
    fake_ignores_address = true;
    mappings = count_mappings();
    MAP_FAILS(EEXIST, n,
              mmapx_map_at(&n, m.addr, fd, 0, 1, PROT_READ,
                           MAP_SHARED | mmapx_os_fixed_noreplace));
    MAP_FAILS(EEXIST, n,
              mmapx_map_at(&n, m.addr, fd, 0, 1, PROT_READ,
                           MAP_SHARED | MAP_FIXED | mmapx_os_fixed_noreplace));
    ck_assert_uint_eq(count_mappings(), mappings);
    check_pattern(m.addr, 0, m.len);
}
END_TEST

/* A better place for a large mapping is a wish: without it the first stays. */
START_TEST(no_second_place)
{
#ifdef __linux__
    char path[] = "/dev/shm/mmapx-test-XXXXXX";
    int shm = mkstemp(path);
    size_t mappings;
    struct mmapx n;

    if (shm < 0)
        SKIP("no /dev/shm");
    unlink(path);
    ck_assert_int_eq(ftruncate(shm, 16 << 20), 0);
    for (int64_t offset = 0; offset < 2 << 20; offset += 64 << 10) {
        fake_reset();
        fake_fail(FAKE_MMAP, ENOMEM, 2);
        mappings = count_mappings();
        OK(mmapx_map_region(&n, shm, offset, MMAPX_TO_END, PROT_READ,
                            MAP_SHARED));
        ck_assert_int_eq(*(char *)n.addr, 0);
        OK(mmapx_unmap(&n));
        ck_assert_uint_eq(count_mappings(), mappings);
    }
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

START_TEST(unmapping)
{
    static const struct failure failures[] = {
        { run_unmap, FAKE_MUNMAP, ENOMEM, ENOMEM },
        { run_unmap, FAKE_MUNMAP, EPERM, EPERM },
    };

    CHECK_FAILURES(failures);
}
END_TEST

START_TEST(advice)
{
    static const struct failure failures[] = {
        { run_advise, FAKE_MADVISE, EACCES, EACCES },
        { run_advise, FAKE_MADVISE, EAGAIN, EAGAIN },
        { run_advise, FAKE_MADVISE, EBADF, EBADF },
        { run_advise, FAKE_MADVISE, EBUSY, EBUSY },
        { run_advise, FAKE_MADVISE, EFAULT, EFAULT },
#ifdef EHWPOISON
        { run_advise, FAKE_MADVISE, EHWPOISON, EHWPOISON },
#endif
        { run_advise, FAKE_MADVISE, EINTR, EINTR },
        { run_advise, FAKE_MADVISE, EINVAL, EINVAL },
        { run_advise, FAKE_MADVISE, EIO, EIO },
        { run_advise, FAKE_MADVISE, ENOMEM, ENOMEM },
        { run_advise, FAKE_MADVISE, ENOSPC, ENOSPC },
        { run_advise, FAKE_MADVISE, ENOSYS, ENOTSUP },
        { run_advise, FAKE_MADVISE, EOPNOTSUPP, ENOTSUP },
        { run_advise, FAKE_MADVISE, EPERM, EPERM },
        { run_advise, FAKE_MADVISE, EROFS, EROFS },
        { run_advise, FAKE_MADVISE, ETXTBSY, ETXTBSY },
    };

    CHECK_FAILURES(failures);
}
END_TEST

/* An old kernel says EINVAL of an advice that it does not know. */
START_TEST(advice_of_the_future)
{
    set_up();
    fake_fail(FAKE_MADVISE, EINVAL, 1);
    FAILS(EINVAL, run_advise());
    fake_knows_no_advice = true;
    fake_fail(FAKE_MADVISE, EINVAL, 1);
    FAILS(ENOTSUP, run_advise());
    ck_assert_int_eq(mmapx_advice_supported(MMAPX_MADV_WILLNEED), 0);
}
END_TEST

/* A system whose headers do not have it is not even asked. */
START_TEST(advice_of_other_systems)
{
    set_up();
    fake_has_no_advice = true;
    FAILS(ENOTSUP, run_advise());
    ck_assert_int_eq(mmapx_advice_supported(MMAPX_MADV_WILLNEED), 0);
    ck_assert_int_eq(fake_count(FAKE_MADVISE), 0);
    /* Which populates by touching. */
    OK(run_populate());
}
END_TEST

START_TEST(residency)
{
    static int (*const calls[])(void)
        = { run_residency, run_resident_count, run_resident_run };
    static const int codes[] = { EAGAIN, ENOMEM, ENOSYS };

    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < 3; k++) {
            struct failure failures[]
                = { { calls[i], FAKE_MINCORE, codes[k], codes[k] } };

            CHECK_FAILURES(failures);
        }
        set_up();
        fake_may_not_know = true;
        FAILS(EPERM, calls[i]());
        ck_assert_int_eq(fake_count(FAKE_MINCORE), 0);
        OK(mmapx_unmap(&m));
        OK(run_map_anon());
        OK(calls[i]());
    }
}
END_TEST

START_TEST(residency_of_the_second_window)
{
    struct mmapx_run run;
    size_t pages = 77;
    struct mmapx n;

    OK(mmapx_map_anon(&n, 5000 * page_size(), PROT_READ, MAP_PRIVATE));
    fake_reset();
    fake_fail(FAKE_MINCORE, ENOMEM, 2);
    FAILS(ENOMEM, mmapx_resident_count(&n, 0, MMAPX_TO_END, &pages));
    ck_assert_uint_eq(pages, 77);
    fake_fail(FAKE_MINCORE, ENOMEM, 2);
    FAILS(ENOMEM, mmapx_resident_run(&n, 0, &run));
}
END_TEST

START_TEST(the_page_cache)
{
    static const struct failure failures[] = {
        { run_cache_stat, FAKE_CACHESTAT, EBADF, EBADF },
        { run_cache_stat, FAKE_CACHESTAT, EPERM, EPERM },
        { run_cache_stat, FAKE_STAT, EBADF, EBADF },
        { run_cache_run, FAKE_CACHESTAT, EPERM, EPERM },
        { run_cache_runs, FAKE_CACHESTAT, EPERM, EPERM },
        { run_cache_load, FAKE_READ_IN, EBADF, EBADF },
        { run_cache_load, FAKE_READ_IN, EIO, EIO },
        { run_cache_load, FAKE_READ_IN, ENOMEM, ENOMEM },
        { run_cache_load, FAKE_MMAP, ENODEV, ENODEV },
        { run_cache_load_mapped, FAKE_MADVISE, EFAULT, EIO },
        { run_cache_load_mapped, FAKE_MADVISE, ENOMEM, ENOMEM },
#ifdef EHWPOISON
        { run_cache_load_mapped, FAKE_MADVISE, EHWPOISON, EHWPOISON },
#endif
        { run_cache_evict, FAKE_EVICT, EBADF, EBADF },
        { run_cache_evict, FAKE_MMAP, ENODEV, ENODEV },
    };
    static int (*const calls[])(void) = { run_cache_stat, run_cache_run,
                                          run_cache_runs, run_cache_load,
                                          run_cache_evict };

    CHECK_FAILURES(failures);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        set_up();
        fake_is_block_device = true;
        fake_fail(FAKE_DEVICE_SIZE, EIO, 1);
        FAILS(EIO, calls[i]());
    }
}
END_TEST

/* What is asked through a mapping where there is nothing but mincore(2). */
START_TEST(the_page_cache_without_cachestat)
{
    static const int in_mincore[] = { EAGAIN, ENOMEM, ENOSYS };
    static const int in_mmap[] = { EACCES, EAGAIN, ENOMEM };
    static int (*const calls[])(void)
        = { run_cache_stat, run_cache_run, run_cache_runs };

    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < 3; k++) {
            set_up();
            fake_has_no_cachestat = true;
            fake_fail(FAKE_MINCORE, in_mincore[k], 1);
            FAILS(in_mincore[k], calls[i]());
            fake_fail(FAKE_MMAP, in_mmap[k], 1);
            FAILS(in_mmap[k], calls[i]());
        }
        fake_may_not_know = true;
        FAILS(EPERM, calls[i]());
    }
}
END_TEST

/* An error in one window is not forgotten over the next. */
START_TEST(the_page_cache_in_windows)
{
    struct mmapx_cache c;

    set_up();
    ck_assert_int_eq(ftruncate(fd, 65 << 20), 0);
    fake_has_no_cachestat = true;
    fake_fail(FAKE_MINCORE, EAGAIN, 1);
    FAILS(EAGAIN, mmapx_cache_stat(fd, 0, -1, &c));
    OK(mmapx_cache_stat(fd, 0, -1, &c));
}
END_TEST

/* A signal does not end it, and a second look is not needed to go on. */
START_TEST(loading_through_signals)
{
    set_up();
    fake_fail(FAKE_READ_IN, EINTR, 1);
    OK(run_cache_load());
    ck_assert_int_eq(fake_count(FAKE_READ_IN), 2);
}
END_TEST

/* Somebody has cut the file: what it has is loaded. */
START_TEST(loading_what_is_cut_off)
{
    set_up();
    fake_uncached = (struct fake_bytes){ 0, INT64_MAX };
    fake_ends_early = true;
    OK(mmapx_cache_load(fd, 0, -1));
    ck_assert_int_eq(fake_count(FAKE_READ_IN), 1);
    fake_reset();
}
END_TEST

/* What is there is not read again. */
START_TEST(loading_what_is_there)
{
    struct mmapx_cache c;

    set_up();
    OK(mmapx_cache_stat(fd, 0, -1, &c));
    if ((c.known & MMAPX_CACHE_DIRTY) == 0)
        SKIP("no cachestat(2) here");
    OK(mmapx_cache_load(fd, 0, -1));
    ck_assert_int_eq(fake_count(FAKE_READ_IN), 0);
}
END_TEST

/* What the kernel counts and has not read is read: blocks of memory that
 * were reserved. */
START_TEST(loading_what_is_not_there_yet)
{
    struct mmapx n;
    int file = -1;

    fake_reset();
    if (mmapx_map_memfd(&n, &file, "test", 0, 0) < 0)
        SKIP("no memfd_create(2) here");
    reserve_blocks(file, 0, 4 * page_size());
    OK(mmapx_cache_load(file, 0, -1));
    ck_assert_int_eq(fake_count(FAKE_READ_IN), 1);
}
END_TEST

/* What is cached at the ends of a step is left out, by halves of down to
 * 128 KiB; nothing is cut out of its middle. */
START_TEST(loading_what_is_partly_there)
{
    enum { K = 1 << 10, STEP = 2048 * K };
    static const struct {
        struct fake_bytes uncached, read;
    } cases[] = {
        { { 0, STEP }, { 0, STEP } },
        { { 0, 1 }, { 0, 128 * K } },
        { { STEP - 1, STEP }, { STEP - 128 * K, STEP } },
        { { 512 * K, 640 * K }, { 512 * K, 640 * K } },
        { { 600 * K, 601 * K }, { 512 * K, 640 * K } },
        { { 960 * K, 1088 * K }, { 896 * K, 1152 * K } },
        { { 100 * K, 1900 * K }, { 0, 1920 * K } },
    };
    int file = temp_file(STEP);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fake_reset();
        fake_uncached = cases[i].uncached;
        OK(mmapx_cache_load(file, 0, -1));
        ck_assert_int_eq(fake_read.off, cases[i].read.off);
        ck_assert_int_eq(fake_read.end, cases[i].read.end);
        ck_assert_int_eq(fake_count(FAKE_READ_IN), 1);
    }
    fake_reset();
}
END_TEST

/* Go through a file as loading does: the first data from off on. */
static int64_t
first_data(int64_t off, int64_t end, int64_t *data_end)
{
    do
        mmapx_os_next_data(fd, &off, end, data_end);
    while (off < end && *data_end <= off);
    return off;
}

START_TEST(what_is_data)
{
    enum { FAR = 1000, MANY = 100 };
    int64_t page = (int64_t)page_size();
    int64_t end = 2 * FAR * page;
    int64_t data_end;

    fake_reset();
    fd = temp_file(0);
    ck_assert_int_eq(ftruncate(fd, (off_t)end), 0);
    ck_assert_int_eq(pwrite(fd, "x", 1, (off_t)(FAR * page)), 1);
    ck_assert_int_eq(fsync(fd), 0);
    if (first_data(0, end, &data_end) == 0)
        SKIP("this file system does not say what is a hole");
    ck_assert_int_eq(first_data(0, end, &data_end), FAR * page);
    ck_assert_int_gt(data_end, FAR * page);
    ck_assert_int_le(data_end, (FAR + 1) * page);
    ck_assert_int_eq(first_data(FAR * page, end, &data_end), FAR * page);
    ck_assert_int_eq(first_data(data_end, end, &data_end), end);
    ck_assert_int_eq(first_data(0, 7 * page, &data_end), 7 * page);

    /* Allocated and never written, in more parts than are listed at once. */
    for (size_t i = 0; i < MANY; i++)
        reserve_blocks(fd, 2 * i * page_size(), page_size());
    ck_assert_int_eq(first_data(0, end, &data_end), FAR * page);

    /* Loading does as it is told, and reads once. */
    fake_reset();
    fake_has_no_cachestat = true;
    OK(mmapx_cache_load(fd, 0, -1));
    ck_assert_int_eq(fake_count(FAKE_READ_IN), 1);
}
END_TEST

START_TEST(locking)
{
    static const struct failure failures[] = {
        { run_lock, FAKE_MLOCK, EAGAIN, EAGAIN },
        { run_lock, FAKE_MLOCK, ENOMEM, ENOMEM },
        { run_lock, FAKE_MLOCK, EPERM, EPERM },
        { run_lock_on_fault, FAKE_MLOCK_ONFAULT, EAGAIN, EAGAIN },
        { run_lock_on_fault, FAKE_MLOCK_ONFAULT, ENOMEM, ENOMEM },
        { run_lock_on_fault, FAKE_MLOCK_ONFAULT, EINVAL, ENOTSUP },
        { run_lock_on_fault, FAKE_MLOCK_ONFAULT, ENOSYS, ENOTSUP },
        { run_unlock, FAKE_MUNLOCK, ENOMEM, ENOMEM },
    };

    CHECK_FAILURES(failures);
    set_up();
    fake_fail(FAKE_MLOCK, EAGAIN, 1);
    FAILS(EAGAIN, run_lock());
    ck_assert_int_eq(fake_count(FAKE_MUNLOCK), 1);
    /* That the unlock fails too is not what the caller asked about. */
    fake_fail(FAKE_MLOCK, EAGAIN, 1);
    fake_fail(FAKE_MUNLOCK, ENOMEM, 1);
    FAILS(EAGAIN, run_lock());
}
END_TEST

/* EPERM with a limit that is not 0 comes from a filter of system calls. */
START_TEST(locking_behind_a_filter)
{
    size_t limit;

    set_up();
    OK(mmapx_lock_limit(&limit, NULL));
    fake_fail(FAKE_MLOCK_ONFAULT, EPERM, 1);
    if (limit > 0)
        FAILS(ENOTSUP, run_lock_on_fault());
    else
        FAILS(EPERM, run_lock_on_fault());
}
END_TEST

START_TEST(the_lock_limit)
{
    size_t limit = 77;
    size_t locked = 77;

    fake_reset();
    fake_fail(FAKE_LOCKED, ENOTSUP, 1);
    FAILS(ENOTSUP, mmapx_lock_limit(&limit, &locked));
    ck_assert_uint_eq(limit, 77);
    ck_assert_uint_eq(locked, 77);
    OK(mmapx_lock_limit(&limit, NULL));

    /* A limit that is not told makes EPERM what it is. */
    set_up();
    fake_fail(FAKE_MLOCK_ONFAULT, EPERM, 1);
    fake_fail(FAKE_LOCK_LIMIT, EINVAL, 1);
    FAILS(EPERM, run_lock_on_fault());
}
END_TEST

START_TEST(protection)
{
    static const struct failure failures[] = {
        { run_protect, FAKE_MPROTECT, EACCES, EACCES },
        { run_protect, FAKE_MPROTECT, EINVAL, EINVAL },
        { run_protect, FAKE_MPROTECT, ENOMEM, ENOMEM },
        { run_protect, FAKE_MPROTECT, EPERM, EPERM },
    };

    CHECK_FAILURES(failures);
}
END_TEST

/* --- Growing -------------------------------------------------------------- */

START_TEST(resizing)
{
    static const struct failure failures[] = {
        { run_resize, FAKE_MREMAP, EAGAIN, EAGAIN },
        { run_resize, FAKE_MREMAP, EFAULT, ENOTSUP },
        { run_resize, FAKE_MREMAP, EINVAL, EINVAL },
        { run_resize, FAKE_MREMAP, ENOMEM, ENOMEM },
        { run_resize, FAKE_MREMAP, EPERM, EPERM },
        { run_resize_to_end, FAKE_STAT, EBADF, EBADF },
        { run_resize_to_end, FAKE_STAT, EIO, EIO },
        { run_shrink, FAKE_MUNMAP, ENOMEM, ENOMEM },
        { run_shrink, FAKE_MUNMAP, EPERM, EPERM },
        { run_resize_both, FAKE_STAT, EBADF, EBADF },
        { run_resize_both, FAKE_FILE_LIMIT, EINVAL, EINVAL },
        { run_resize_both, FAKE_CLEAR_TAIL, EBADF, EBADF },
        { run_resize_both, FAKE_ALLOCATE, EBADF, EBADF },
        { run_resize_both, FAKE_ALLOCATE, EDQUOT, EDQUOT },
        { run_resize_both, FAKE_ALLOCATE, EFBIG, EFBIG },
        { run_resize_both, FAKE_ALLOCATE, EINTR, EINTR },
        { run_resize_both, FAKE_ALLOCATE, EIO, EIO },
        { run_resize_both, FAKE_ALLOCATE, ENOSPC, ENOSPC },
        { run_resize_both, FAKE_ALLOCATE, ENOTSUP, ENOTSUP },
        { run_resize_both, FAKE_ALLOCATE, EPERM, EPERM },
        { run_resize_both, FAKE_ALLOCATE, EROFS, EROFS },
        { run_resize_both, FAKE_ALLOCATE, ETXTBSY, ETXTBSY },
        { run_resize_both, FAKE_MREMAP, ENOMEM, ENOMEM },
        { run_resize_both, FAKE_MREMAP, EFAULT, ENOTSUP },
        { run_resize_sparse, FAKE_SET_SIZE, EFBIG, EFBIG },
        { run_resize_sparse, FAKE_SET_SIZE, EIO, EIO },
        { run_resize_sparse, FAKE_SET_SIZE, EPERM, EPERM },
        { run_resize_sparse, FAKE_SET_SIZE, EROFS, EROFS },
        { run_resize_sparse, FAKE_MREMAP, EAGAIN, EAGAIN },
        { run_shrink_both, FAKE_MPROTECT, ENOMEM, ENOMEM },
        { run_shrink_both, FAKE_MPROTECT, EPERM, EPERM },
        { run_shrink_both, FAKE_SET_SIZE, EIO, EIO },
        { run_shrink_both, FAKE_SET_SIZE, EPERM, EPERM },
        { run_shrink_both, FAKE_SET_SIZE, EROFS, EROFS },
    };

    CHECK_FAILURES(failures);
}
END_TEST

/* A cut that fails gives the tail back. */
START_TEST(a_cut_that_fails)
{
    set_up();
    fake_fail(FAKE_SET_SIZE, EIO, 1);
    FAILS(EIO, run_shrink_both());
    ck_assert_int_eq(fake_count(FAKE_MPROTECT), 2);
    check_pattern(m.addr, 0, m.len);

    /* Whatever protection it had: some file systems let nobody execute. */
    if (mmapx_protect(&m, 0, MMAPX_TO_END, PROT_READ | PROT_EXEC) == 0) {
        fake_fail(FAKE_SET_SIZE, EIO, 1);
        FAILS(EIO, run_shrink_both());
        ck_assert_int_eq(fake_mprotect_args.flags, PROT_READ | PROT_EXEC);
    }
}
END_TEST

/* The mapping grows, and the file, which went on behind it, is to be cut. */
START_TEST(a_cut_that_fails_behind_a_mapping_that_grew)
{
    size_t page = page_size();

    set_up();
    OK(mmapx_resize(&m, fd, page, 0));
    fake_fail(FAKE_SET_SIZE, EIO, 1);
    FAILS(EIO, mmapx_resize(&m, fd, 2 * page,
                            MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE));
    ck_assert_uint_eq(m.len, page);
    ck_assert_int_eq(lseek(fd, 0, SEEK_END), (off_t)(3 * page + 1));
    check_pattern(m.addr, 0, m.len);
}
END_TEST

/* The mapping has to move for that; it comes back. */
START_TEST(a_cut_that_fails_after_a_move)
{
    size_t page = page_size();
    struct mmapx area, before;

    set_up();
    OK(mmapx_map_anon(&area, 2 * page, PROT_NONE, MAP_PRIVATE));
    OK(mmapx_map_at(&m, area.addr, fd, 0, page, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_FIXED));
    *(char *)m.addr = 'x';
    before = m;
    fake_reset();
    fake_fail(FAKE_SET_SIZE, EIO, 1);
    FAILS(EIO, mmapx_resize(&m, fd, 2 * page,
                            MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE));
    ck_assert_mem_eq(&m, &before, sizeof m);
    ck_assert_int_eq(*(char *)m.addr, 'x');
    ck_assert_int_eq(lseek(fd, 0, SEEK_END), (off_t)(3 * page + 1));

    /* Its place has been taken, or the way back is barred. */
    for (int call = FAKE_MMAP; call <= FAKE_MOVE;
         call += FAKE_MOVE - FAKE_MMAP) {
        size_t mappings = count_mappings();

        fake_reset();
        fake_fail(FAKE_SET_SIZE, EIO, 1);
        fake_fail((enum fake_call)call, EPERM, 1);
        FAILS(EIO, mmapx_resize(&m, fd, 2 * page,
                                MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE));
        ck_assert_uint_eq(m.len, page);
        ck_assert_int_eq(*(char *)m.addr, 'x');
        ck_assert_uint_le(count_mappings(), mappings + 1);
        OK(mmapx_unmap(&m));
        OK(mmapx_map_at(&m, area.addr, fd, 0, page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_FIXED));
        *(char *)m.addr = 'x';
    }
    fake_reset();
    OK(mmapx_resize(&m, fd, 2 * page,
                    MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE));
    ck_assert_ptr_ne(m.addr, before.addr);
    ck_assert_int_eq(lseek(fd, 0, SEEK_END), (off_t)(2 * page));
}
END_TEST

/* What the file has lost cannot be given back: that is no failure then. */
START_TEST(a_tail_that_cannot_be_unmapped)
{
    set_up();
    fake_fail(FAKE_MUNMAP, ENOMEM, 1);
    OK(run_shrink_both());
    ck_assert_uint_eq(m.len, 1);
    ck_assert_int_eq(lseek(fd, 0, SEEK_END), 1);
}
END_TEST

/* --- Growing where there is no mremap(2) ---------------------------------- */

/* Map one page of fd into m, with pages of address space behind it that are
 * free, or taken. */
static void
map_with_room(int prot, int flags, size_t room)
{
    size_t page = page_size();
    struct mmapx area, behind;

    OK(mmapx_map_anon(&area, 4 * page, PROT_NONE, MAP_PRIVATE));
    OK(mmapx_map_at(&m, area.addr, fd, 0, page, prot, flags | MAP_FIXED));
    if (room > 0) {
        OK(mmapx_view(&behind, (char *)area.addr + page, room * page));
        ck_assert_int_eq(munmap(behind.addr, behind.len), 0);
    }
    fake_reset();
    fake_fail(FAKE_MREMAP, ENOSYS, 1);
}

START_TEST(growing_in_place_without_mremap)
{
    size_t page = page_size();
    unsigned char *p;

    set_up();
    map_with_room(PROT_READ | PROT_WRITE, MAP_PRIVATE, 2);
    p = m.addr;
    memset(p, 'x', page);
    OK(mmapx_resize(&m, fd, 3 * page, 0));
    ck_assert_ptr_eq(m.addr, p);
    for (size_t i = 0; i < page; i++)
        ck_assert_int_eq(p[i], 'x');
    check_pattern(p + page, page, 2 * page);
    p[3 * page - 1] = 'y';
    OK(mmapx_unmap(&m));
    ck_assert(load_kills(p + 3 * page - 1));
}
END_TEST

START_TEST(growing_without_room_and_mremap)
{
    size_t page = page_size();
    size_t mappings;
    struct mmapx before;

    need_the_kernel();
    set_up();
    map_with_room(PROT_READ, MAP_SHARED, 1);
    before = m;
    mappings = count_mappings();
    FAILS(ENOMEM, mmapx_resize(&m, fd, 3 * page, 0));
    ck_assert_mem_eq(&m, &before, sizeof m);
    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    FAILS(ENOTSUP, mmapx_resize(&m, -1, 3 * page, MMAPX_RESIZE_MAYMOVE));
    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    fake_fail(FAKE_MMAP, ENOMEM, 2);
    FAILS(ENOMEM, mmapx_resize(&m, fd, 3 * page, MMAPX_RESIZE_MAYMOVE));
    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    fake_fail(FAKE_MUNMAP, EPERM, 1);
    FAILS(EPERM, mmapx_resize(&m, fd, 3 * page, MMAPX_RESIZE_MAYMOVE));
    ck_assert_mem_eq(&m, &before, sizeof m);
    ck_assert_uint_eq(count_mappings(), mappings);

    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    fake_fail(FAKE_MMAP, EACCES, 1);
    FAILS(EACCES, mmapx_resize(&m, fd, 3 * page, MMAPX_RESIZE_MAYMOVE));
    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    FAILS(EINVAL, mmapx_resize(&m, temp_file(1), 3 * page,
                               MMAPX_RESIZE_MAYMOVE));

    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    OK(mmapx_resize(&m, fd, 3 * page, MMAPX_RESIZE_MAYMOVE));
    ck_assert_ptr_ne(m.addr, before.addr);
    check_pattern(m.addr, 0, m.len);
}
END_TEST

/* An address that is only a hint must not scatter the mapping. */
START_TEST(growing_where_addresses_are_hints)
{
    size_t page = page_size();
    size_t mappings;

    set_up();
    /* Too small, so that the pages land elsewhere. */
    map_with_room(PROT_READ, MAP_SHARED, 1);
    mappings = count_mappings();
    fake_ignores_address = true;
    FAILS(ENOMEM, mmapx_resize(&m, fd, 3 * page, 0));
    ck_assert_uint_eq(count_mappings(), mappings);
}
END_TEST

START_TEST(written_pages_and_no_mremap)
{
    size_t page = page_size();

    /* It can be written. */
    set_up();
    map_with_room(PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
    FAILS(ENOTSUP, mmapx_resize(&m, fd, 3 * page, MMAPX_RESIZE_MAYMOVE));
    /* It could, once. */
    OK(mmapx_protect(&m, 0, MMAPX_TO_END, PROT_READ));
    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    FAILS(ENOTSUP, mmapx_resize(&m, fd, 3 * page, MMAPX_RESIZE_MAYMOVE));
    /* It never could. */
    map_with_room(PROT_READ, MAP_PRIVATE, 0);
    OK(mmapx_resize(&m, fd, 3 * page, MMAPX_RESIZE_MAYMOVE));
    check_pattern(m.addr, 0, m.len);
    /* A part of it could, once. */
    OK(mmapx_protect(&m, page, page, PROT_READ | PROT_WRITE));
    OK(mmapx_protect(&m, 0, MMAPX_TO_END, PROT_READ));
    fake_reset();
    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    fake_fail(FAKE_MMAP, ENOMEM, 1);
    FAILS(ENOTSUP, mmapx_resize(&m, fd, 4 * page, MMAPX_RESIZE_MAYMOVE));
    /* It has no one protection. */
    OK(mmapx_protect(&m, page, page, PROT_NONE));
    fake_reset();
    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    FAILS(ENOTSUP, mmapx_resize(&m, fd, 4 * page, MMAPX_RESIZE_MAYMOVE));
    /* It is no file. */
    OK(run_map_anon());
    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    FAILS(ENOTSUP, mmapx_resize(&m, fd, 4 * page, MMAPX_RESIZE_MAYMOVE));
}
END_TEST

/* What cannot be extended by zeros is allocated, or that says why not. */
START_TEST(extending_fails)
{
    size_t old, new;

    set_up();
    old = m.len;
    new = old + (1 << 20);
    fake_fail(FAKE_EXTEND, ENOSPC, 1);
    fake_fail(FAKE_ALLOCATE, EDQUOT, 1);
    FAILS(EDQUOT, mmapx_resize(&m, fd, new, MMAPX_RESIZE_MAYMOVE
                                                | MMAPX_RESIZE_FILE));
    ck_assert_uint_eq(m.len, old);
    ck_assert_int_eq(lseek(fd, 0, SEEK_END), (off_t)old);
    fake_fail(FAKE_EXTEND, EIO, 1);
    OK(mmapx_resize(&m, fd, new, MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE));
    ck_assert_int_eq(fake_count(FAKE_ALLOCATE), 2);
    ck_assert_int_eq(lseek(fd, 0, SEEK_END), (off_t)new);
    check_pattern(m.addr, 0, old);
}
END_TEST

/* Steps that are stored to at once are extended by zeros, and no others. */
START_TEST(how_far_files_are_extended)
{
    static const struct {
        size_t by;
        int extended, allocated;
    } cases[] = {
        { (64 << 10) - 1, 0, 1 },
        { 64 << 10, 1, 0 },
        { 16 << 20, 1, 0 },
        { (16 << 20) + 1, 0, 1 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_up();
        fake_extends = true;
        if (mmapx_os_extend(fd, 3 * (int64_t)page_size() + 1, 1) < 0)
            SKIP("the system or the file system cannot extend by zeros");
        OK(ftruncate(fd, (off_t)m.len));
        fake_reset();
        fake_extends = true;
        OK(mmapx_resize(&m, fd, m.len + cases[i].by,
                        MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE));
        ck_assert_int_eq(fake_count(FAKE_EXTEND), cases[i].extended);
        ck_assert_int_eq(fake_count(FAKE_ALLOCATE), cases[i].allocated);
    }
}
END_TEST

/* --- Population ----------------------------------------------------------- */

START_TEST(population)
{
    static const struct failure failures[] = {
        { run_populate, FAKE_MADVISE, EFAULT, EFAULT },
#ifdef EHWPOISON
        { run_populate, FAKE_MADVISE, EHWPOISON, EHWPOISON },
#endif
        { run_populate, FAKE_MADVISE, EINVAL, EACCES },
        { run_populate, FAKE_MADVISE, ENOMEM, ENOMEM },
    };

    CHECK_FAILURES(failures);
    set_up();
    fake_fail(FAKE_MADVISE, EINTR, 1);
    OK(run_populate());
    ck_assert_int_eq(fake_count(FAKE_MADVISE), 2);
}
END_TEST

/* A mapping of a sparse file, long enough for the ways to be compared. */
enum { LONG = 200 << 20 };

static void
set_up_race(uint64_t advice_work, uint64_t touch_work)
{
    struct mmapx_os_toucher toucher;

    set_up();
    if (mmapx_os_toucher_open(&toucher) < 0)
        SKIP("the system cannot touch, or not tell what is not mapped");
    mmapx_os_toucher_close(&toucher);
    OK(ftruncate(fd, LONG));
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    fake_reset();
    fake_advice_work = advice_work;
    fake_touch_work = touch_work;
}

static void
check_populated(void)
{
    size_t pages;

    OK(mmapx_populate(&m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ));
    OK(mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages));
    ck_assert_uint_eq(pages, mmapx_page_count(&m, 0, MMAPX_TO_END));
}

/* The cheaper way goes on, in long steps; the other one is looked at again, a
 * first and a second time in so many bytes. */
START_TEST(the_cheaper_way_to_populate)
{
    set_up_race(90000, 9000);
    check_populated();
    ck_assert_int_ge(fake_count(FAKE_TOUCH), 5);
    ck_assert_int_le(fake_count(FAKE_TOUCH), 9);

    set_up_race(9000, 90000);
    check_populated();
    ck_assert_int_ge(fake_count(FAKE_TOUCH), 2);
    ck_assert_int_le(fake_count(FAKE_TOUCH), 3);
    ck_assert_int_le(fake_count(FAKE_MADVISE), 12);
}
END_TEST

/* Whole huge pages at a time: there is nothing to compare. */
START_TEST(populating_cannot_be_faster)
{
    set_up_race(100, 0);
    check_populated();
    ck_assert_int_eq(fake_count(FAKE_TOUCHER_OPEN), 0);
    ck_assert_int_eq(fake_count(FAKE_MADVISE), 2);
}
END_TEST

/* What touching cannot do, or not know, the advice does. */
START_TEST(touching_fails)
{
    enum fake_call calls[] = { FAKE_TOUCHER_OPEN, FAKE_TOUCH, FAKE_UNMAPPED };

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        int next;

        set_up_race(90000, 9000);
        next = dup(fd);
        close(next);
        /* Opening asks once too. */
        fake_fail(calls[i], EFAULT, calls[i] == FAKE_UNMAPPED ? 2 : 1);
        check_populated();
        ck_assert_int_eq(dup(fd), next);
        close(next);
    }
#ifdef EHWPOISON
    set_up_race(90000, 9000);
    fake_fail(FAKE_TOUCH, EFAULT, 2);
    fake_fail(FAKE_MADVISE, EHWPOISON, 2);
    FAILS(EHWPOISON,
          mmapx_populate(&m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ));
#endif
}
END_TEST

/* The seam itself: a bad place behind good ones, and what lists no pages. */
START_TEST(touching_a_bad_place)
{
    struct mmapx_os_toucher toucher;
    size_t page = page_size();
    size_t len = page;
    unsigned char *at;
    struct mmapx n;

    set_up();
    if (mmapx_os_toucher_open(&toucher) < 0)
        SKIP("the system cannot touch, or not tell what is not mapped");
    OK(mmapx_map_anon(&n, 4 * page, PROT_READ, MAP_PRIVATE));
    OK(mmapx_protect(&n, 2 * page, page, PROT_NONE));
    ck_assert_int_eq(mmapx_os_touch(&toucher, n.addr, 2 * page, page), 0);
    ck_assert_int_eq(mmapx_os_touch(&toucher, n.addr, 4 * page, page),
                     -EFAULT);
    mmapx_os_toucher_close(&toucher);
    toucher.pages = fd;
    at = n.addr;
    ck_assert_int_lt(mmapx_os_unmapped(&toucher, &at, &len), 0);
}
END_TEST

/* Without the advice each page is touched. */
START_TEST(population_by_touching)
{
    static const int codes[] = { EINVAL, ENOSYS };
    size_t page = page_size();
    int flags[] = { MMAPX_POPULATE_READ, MMAPX_POPULATE_WRITE };
    struct mmapx n;

    need_fault_addresses();
    set_up();
    OK(mmapx_map_region(&n, fd, 5, 6 * page, PROT_READ | PROT_WRITE,
                        MAP_SHARED));
    for (size_t i = 0; i < 4; i++) {
        fake_knows_no_advice = true;
        fake_fail(FAKE_MADVISE, codes[i % 2], 1);
        OK(mmapx_populate(&n, 0, 3 * page, flags[i / 2]));
        check_pattern(n.addr, 5, 3 * page - 5);
        fake_fail(FAKE_MADVISE, codes[i % 2], 1);
        FAILS(EFAULT, mmapx_populate(&n, 0, MMAPX_TO_END, flags[i / 2]));
    }
    OK(mmapx_protect(&n, page - 5, page, PROT_READ));
    fake_fail(FAKE_MADVISE, EINVAL, 1);
    FAILS(ENOTSUP, mmapx_populate(&n, 0, 3 * page, MMAPX_POPULATE_WRITE));
    /* A copy cannot ask either and takes the caller's word. */
    fake_fail(FAKE_MADVISE, EINVAL, 1);
    ck_assert_int_eq(mmapx_write(&n, 0, "x", 1), 1);
}
END_TEST

START_TEST(making_a_memfd)
{
    static const struct failure failures[] = {
        { run_map_memfd, FAKE_MEMFD, EACCES, EACCES },
        { run_map_memfd, FAKE_MEMFD, EINVAL, EINVAL },
        { run_map_memfd, FAKE_MEMFD, EMFILE, EMFILE },
        { run_map_memfd, FAKE_MEMFD, ENFILE, ENFILE },
        { run_map_memfd, FAKE_MEMFD, ENODEV, ENODEV },
        { run_map_memfd, FAKE_MEMFD, ENOMEM, ENOMEM },
        { run_map_memfd, FAKE_MEMFD, ENOSYS, ENOSYS },
        { run_map_memfd, FAKE_MEMFD, EPERM, EPERM },
        { run_map_memfd, FAKE_STAT, EIO, EIO },
        { run_map_memfd, FAKE_SET_SIZE, EFBIG, EFBIG },
        { run_map_memfd, FAKE_SEAL_SHRINK, ENOSYS, ENOSYS },
        { run_map_memfd, FAKE_MMAP, EAGAIN, EAGAIN },
        { run_map_memfd, FAKE_MMAP, ENOMEM, ENOMEM },
    };

    CHECK_FAILURES(failures);
}
END_TEST

/* --- Write-back ----------------------------------------------------------- */

START_TEST(wrong_syncs_are_not_sticky)
{
    static const struct failure failures[] = {
        { run_sync, FAKE_MSYNC, EINTR, EINTR },
        { run_sync_file, FAKE_MSYNC, EINTR, EINTR },
        { run_sync_file, FAKE_FLUSH, EBADF, EBADF },
        { run_sync_file, FAKE_FLUSH, EINTR, EINTR },
    };

    CHECK_FAILURES(failures); /* which finds the handle unchanged */
}
END_TEST

static void
check_sticky(int (*run)(void), enum fake_call call, int code)
{
    set_up();
    fake_fail(call, code, 1);
    FAILS(code, run());
    FAILS(code, run_sync());
    FAILS(code, run_sync_file());
    FAILS(code, mmapx_sync(&m, 0, 0, MS_SYNC));
    FAILS(code, mmapx_sync(&m, 3, 5, MS_ASYNC));
    FAILS(EINVAL, mmapx_sync(&m, 0, 1, -1));
    /* The first failure stays the one that is told. */
    fake_fail(call, code == EIO ? ENOSPC : EIO, 1);
    FAILS(code, run());
    OK(mmapx_sync_reset(&m));
    fake_reset();
    OK(run_sync());
    OK(run_sync_file());
    OK(mmapx_unmap(&m));
}

START_TEST(failed_syncs_are_sticky)
{
    static const int codes[] = { EIO, ENOSPC, EDQUOT, ESTALE, EROFS,
                                 EBUSY, EINVAL, ENOMEM };

    /* The last three say that the call is wrong, if they are said again. */
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        check_sticky(run_sync, FAKE_MSYNC, codes[i]);
        check_sticky(run_sync_file, FAKE_MSYNC, codes[i]);
        check_sticky(run_sync_file, FAKE_FLUSH, codes[i]);
    }
}
END_TEST

/* A new mapping in the same handle begins with a clean record. */
START_TEST(a_new_mapping_has_not_failed)
{
    set_up();
    fake_fail(FAKE_MSYNC, EIO, 1);
    FAILS(EIO, run_sync());
    OK(mmapx_unmap(&m));
    OK(run_map());
    OK(run_sync());
}
END_TEST

static void
fail_with_enospc(void)
{
    fake_fail(FAKE_MSYNC, ENOSPC, 1);
    FAILS(ENOSPC, run_sync());
}

/* Two threads fail; the first one to be told is the one that is remembered. */
START_TEST(failures_side_by_side)
{
    set_up();
    fake_fail(FAKE_MSYNC, EIO, 1);
    fake_in_msync = fail_with_enospc;
    FAILS(EIO, run_sync());
    fake_reset();
    FAILS(ENOSPC, run_sync());
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("errno");

    ADD_TEST(s, mapping);
    ADD_TEST(s, mapping_by_path);
    ADD_TEST(s, a_device_without_a_size);
    ADD_TEST(s, an_old_kernel_and_noreplace);
    ADD_TEST(s, no_second_place);
    ADD_TEST(s, unmapping);
    ADD_TEST(s, advice);
    ADD_TEST(s, advice_of_the_future);
    ADD_TEST(s, advice_of_other_systems);
    ADD_TEST(s, residency);
    ADD_TEST(s, residency_of_the_second_window);
    ADD_TEST(s, the_page_cache);
    ADD_TEST(s, the_page_cache_without_cachestat);
    ADD_TEST(s, the_page_cache_in_windows);
    ADD_TEST(s, loading_through_signals);
    ADD_TEST(s, loading_what_is_cut_off);
    ADD_TEST(s, loading_what_is_there);
    ADD_TEST(s, loading_what_is_not_there_yet);
    ADD_TEST(s, loading_what_is_partly_there);
    ADD_TEST(s, what_is_data);
    ADD_TEST(s, locking);
    ADD_TEST(s, locking_behind_a_filter);
    ADD_TEST(s, the_lock_limit);
    ADD_TEST(s, protection);
    ADD_TEST(s, resizing);
    ADD_TEST(s, a_cut_that_fails);
    ADD_TEST(s, a_cut_that_fails_behind_a_mapping_that_grew);
    ADD_TEST(s, a_cut_that_fails_after_a_move);
    ADD_TEST(s, a_tail_that_cannot_be_unmapped);
    ADD_TEST(s, growing_in_place_without_mremap);
    ADD_TEST(s, growing_without_room_and_mremap);
    ADD_TEST(s, growing_where_addresses_are_hints);
    ADD_TEST(s, written_pages_and_no_mremap);
    ADD_TEST(s, extending_fails);
    ADD_TEST(s, how_far_files_are_extended);
    ADD_TEST(s, population);
    ADD_TEST(s, the_cheaper_way_to_populate);
    ADD_TEST(s, populating_cannot_be_faster);
    ADD_TEST(s, touching_fails);
    ADD_TEST(s, touching_a_bad_place);
    ADD_TEST(s, population_by_touching);
    ADD_TEST(s, making_a_memfd);
    ADD_TEST(s, wrong_syncs_are_not_sticky);
    ADD_TEST(s, failed_syncs_are_sticky);
    ADD_TEST(s, a_new_mapping_has_not_failed);
    ADD_TEST(s, failures_side_by_side);
    return s;
}
