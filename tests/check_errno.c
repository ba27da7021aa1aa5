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

static int fd;         /* of a file of three pages and a bit */
static struct mmapx m; /* all of it, or anonymous memory for run_advise() */

static int
run_map(void)
{
    return mmapx_map(&m, fd, PROT_READ, MAP_SHARED);
}

static int
run_map_region(void)
{
    return mmapx_map_region(&m, fd, 5, 10, PROT_READ, MAP_SHARED);
}

static int
run_map_at(void)
{
    return mmapx_map_at(&m, NULL, fd, 5, 10, PROT_READ, MAP_SHARED);
}

static int
run_map_path(void)
{
    return mmapx_map_path(&m, "/dev/null", PROT_READ, MAP_SHARED);
}

static int
run_map_anon(void)
{
    return mmapx_map_anon(&m, 10, PROT_READ, MAP_PRIVATE);
}

static int
run_unmap(void)
{
    return mmapx_unmap(&m);
}

static int
run_advise(void)
{
    return mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_WILLNEED);
}

static int
run_residency(void)
{
    unsigned char vec[16];

    return mmapx_residency(&m, 0, MMAPX_TO_END, vec, sizeof vec);
}

static int
run_resident_count(void)
{
    size_t pages;

    return mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages);
}

static int
run_resident_run(void)
{
    struct mmapx_run run;

    return mmapx_resident_run(&m, 0, &run);
}

static int
run_lock(void)
{
    return mmapx_lock(&m, 0, MMAPX_TO_END, 0);
}

static int
run_lock_on_fault(void)
{
    return mmapx_lock(&m, 0, MMAPX_TO_END, MMAPX_LOCK_ONFAULT);
}

static int
run_unlock(void)
{
    return mmapx_unlock(&m, 0, MMAPX_TO_END);
}

static int
run_protect(void)
{
    return mmapx_protect(&m, 0, MMAPX_TO_END, PROT_NONE);
}

static int
run_sync(void)
{
    return mmapx_sync(&m, 0, MMAPX_TO_END, MS_SYNC);
}

static int
run_sync_file(void)
{
    return mmapx_sync_file(&m, fd, 0, MMAPX_TO_END);
}

/* m grows by a page, with the file and without; fd is its file. */
static int
run_resize(void)
{
    return mmapx_resize(&m, fd, m.len + page_size(), MMAPX_RESIZE_MAYMOVE);
}

static int
run_resize_to_end(void)
{
    return mmapx_resize(&m, fd, MMAPX_TO_END, MMAPX_RESIZE_MAYMOVE);
}

static int
run_shrink(void)
{
    return mmapx_resize(&m, -1, 1, 0);
}

static int
run_resize_both(void)
{
    return mmapx_resize(&m, fd, m.len + page_size(),
                        MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE);
}

static int
run_resize_sparse(void)
{
    return mmapx_resize(&m, fd, m.len + page_size(),
                        MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE
                            | MMAPX_RESIZE_SPARSE);
}

static int
run_shrink_both(void)
{
    return mmapx_resize(&m, fd, 1, MMAPX_RESIZE_FILE);
}

static int
run_populate(void)
{
    return mmapx_populate(&m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ);
}

static int
run_cache_stat(void)
{
    struct mmapx_cache c;

    return mmapx_cache_stat(fd, 0, -1, &c);
}

static int
run_cache_run(void)
{
    struct mmapx_cache_run run;

    return mmapx_cache_run(fd, 0, &run);
}

static int
run_cache_runs(void)
{
    struct mmapx_cache_run runs[8];
    size_t n = 8;

    return mmapx_cache_runs(fd, 0, -1, runs, &n);
}

/* On a file system in memory everything stays cached, and nothing is read. */
static int
run_cache_load(void)
{
    fake_has_no_cachestat = true;
    return mmapx_cache_load(fd, 0, -1);
}

static int
run_cache_load_mapped(void)
{
    fake_reads_past_cache = true;
    return run_cache_load();
}

static int
run_cache_evict(void)
{
    return mmapx_cache_evict(fd, 0, -1);
}

static int memfd = 77;

static int
run_map_memfd(void)
{
    return mmapx_map_memfd(&m, &memfd, "test", 10, 0);
}

static void
set_up(void)
{
    fake_reset();
    fd = temp_file(3 * page_size() + 1);
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    fake_reset();
}

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
                                 ENODEV, ENOMEM, ENOTSUP, EOVERFLOW, EPERM };

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

/* A signal does not end it, and a second look is not needed to go on. */
START_TEST(loading_through_signals)
{
    set_up();
    fake_fail(FAKE_READ_IN, EINTR, 1);
    OK(run_cache_load());
    ck_assert_int_eq(fake_count(FAKE_READ_IN), 2);
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
    for (int64_t i = 0; i < MANY; i++)
        if (posix_fallocate(fd, (off_t)(2 * i * page), (off_t)page) != 0)
            SKIP("this file system allocates no blocks");
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
        { run_resize_both, FAKE_ALLOCATE, ETXTBSY, ETXTBSY },
        { run_resize_both, FAKE_MREMAP, ENOMEM, ENOMEM },
        { run_resize_both, FAKE_MREMAP, EFAULT, ENOTSUP },
        { run_resize_sparse, FAKE_SET_SIZE, EFBIG, EFBIG },
        { run_resize_sparse, FAKE_SET_SIZE, EIO, EIO },
        { run_resize_sparse, FAKE_SET_SIZE, EPERM, EPERM },
        { run_resize_sparse, FAKE_MREMAP, EAGAIN, EAGAIN },
        { run_shrink_both, FAKE_MPROTECT, ENOMEM, ENOMEM },
        { run_shrink_both, FAKE_MPROTECT, EPERM, EPERM },
        { run_shrink_both, FAKE_SET_SIZE, EIO, EIO },
        { run_shrink_both, FAKE_SET_SIZE, EPERM, EPERM },
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
        if (mmapx_os_extend(fd, 3 * (int64_t)page_size() + 1, 1) < 0)
            SKIP("the system or the file system cannot extend by zeros");
        OK(ftruncate(fd, (off_t)m.len));
        fake_reset();
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
    set_up_race(90000, 9000);
    fake_fail(FAKE_TOUCH, EFAULT, 2);
    fake_fail(FAKE_MADVISE, EHWPOISON, 2);
    FAILS(EHWPOISON,
          mmapx_populate(&m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ));
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
        { run_map_memfd, FAKE_MEMFD, ENOMEM, ENOMEM },
        { run_map_memfd, FAKE_MEMFD, ENOSYS, ENOSYS },
        { run_map_memfd, FAKE_MEMFD, EPERM, EPERM },
        { run_map_memfd, FAKE_STAT, EIO, EIO },
        { run_map_memfd, FAKE_SET_SIZE, EFBIG, EFBIG },
        { run_map_memfd, FAKE_SEAL_SHRINK, ENOSYS, ENOSYS },
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

/* --- What is handed down --------------------------------------------------- */

/* What madvise(2) is asked to act on, for a range that begins and ends inside
 * a page: pages 0 to 3 outward, 1 to 2 inward, nothing, or a refusal. */
enum handed { OUTWARD, INWARD, REFUSED, WRONG_KIND };

START_TEST(every_advice_and_its_rounding)
{
    /* Of a shared mapping, a private one, private memory, and a view. */
    static const struct {
        enum mmapx_advice advice;
        unsigned char shared, private, anon, view;
    } table[] = {
        { MMAPX_MADV_NORMAL, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_RANDOM, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_SEQUENTIAL, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_WILLNEED, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_DONTNEED, OUTWARD, INWARD, INWARD, INWARD },
        { MMAPX_MADV_FREE, WRONG_KIND, WRONG_KIND, INWARD, INWARD },
        { MMAPX_MADV_REMOVE, INWARD, WRONG_KIND, WRONG_KIND, INWARD },
        { MMAPX_MADV_DONTFORK, REFUSED, REFUSED, REFUSED, REFUSED },
        { MMAPX_MADV_DOFORK, REFUSED, REFUSED, REFUSED, REFUSED },
        { MMAPX_MADV_MERGEABLE, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_UNMERGEABLE, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_HUGEPAGE, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_NOHUGEPAGE, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_DONTDUMP, REFUSED, REFUSED, REFUSED, REFUSED },
        { MMAPX_MADV_DODUMP, REFUSED, REFUSED, REFUSED, REFUSED },
        { MMAPX_MADV_WIPEONFORK, WRONG_KIND, WRONG_KIND, INWARD, INWARD },
        { MMAPX_MADV_KEEPONFORK, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_COLD, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_PAGEOUT, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_POPULATE_READ, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_POPULATE_WRITE, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_DONTNEED_LOCKED, INWARD, INWARD, INWARD, INWARD },
        { MMAPX_MADV_COLLAPSE, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_GUARD_INSTALL, INWARD, INWARD, INWARD, INWARD },
        { MMAPX_MADV_GUARD_REMOVE, REFUSED, REFUSED, REFUSED, REFUSED },
    };
    size_t page = page_size();
    int file = temp_file(4 * page);

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const unsigned char expected[] = { table[i].shared, table[i].private,
                                           table[i].anon, table[i].view };

        if (mmapx_os_advice(table[i].advice) < 0)
            continue;
        for (size_t kind = 0; kind < 4; kind++) {
            struct mmapx n, v;
            int prot = PROT_READ | PROT_WRITE;

            if (kind < 2)
                OK(mmapx_map(&n, file, prot,
                             kind == 0 ? MAP_SHARED : MAP_PRIVATE));
            else
                OK(mmapx_map_anon(&n, 4 * page, prot, MAP_PRIVATE));
            OK(mmapx_view(&v, n.addr, n.len));
            fake_reset();
            fake_fail(FAKE_MADVISE, EBUSY, 1);
            errno = 0;
            ck_assert_int_eq(mmapx_advise(kind == 3 ? &v : &n, page - 1,
                                          2 * page + 2, table[i].advice),
                             -1);
            if (expected[kind] == OUTWARD || expected[kind] == INWARD) {
                size_t head = expected[kind] == OUTWARD ? 0 : page;

                ck_assert_msg(errno == EBUSY, "advice %d, kind %zu: errno %d",
                              (int)table[i].advice, kind, errno);
                ck_assert_int_eq(fake_madvise_args.flags,
                                 mmapx_os_advice(table[i].advice));
                ck_assert_msg(
                    fake_madvise_args.addr == (char *)n.addr + head
                        && fake_madvise_args.len == 4 * page - 2 * head,
                    "advice %d, kind %zu: %zu bytes", (int)table[i].advice,
                    kind, fake_madvise_args.len);
            } else {
                ck_assert_int_eq(errno, EINVAL);
                ck_assert_int_eq(fake_count(FAKE_MADVISE), 0);
            }
            OK(mmapx_unmap(&n));
        }
    }
}
END_TEST

/* A second place is looked for only where a whole large page can be had. */
START_TEST(one_mmap_where_a_second_is_useless)
{
#ifdef __linux__
    enum { LARGE = 2 << 20 };
    char path[] = "/dev/shm/mmapx-test-XXXXXX";
    int file = mkstemp(path);
    int zero = open("/dev/zero", O_RDWR);
    struct mmapx n;

    if (file < 0 || zero < 0)
        SKIP("no /dev/shm or no /dev/zero");
    unlink(path);
    ck_assert_int_eq(ftruncate(file, 4 * LARGE), 0);
    fake_reset();
    /* 2 MiB, but from one page into a large page to one page into the next */
    OK(mmapx_map_region(&n, file, (int64_t)page_size(), LARGE, PROT_READ,
                        MAP_SHARED));
    ck_assert_int_eq(fake_count(FAKE_MMAP), 1);
    OK(mmapx_unmap(&n));
    OK(mmapx_map_anon(&n, 4 * LARGE, PROT_READ, MAP_PRIVATE));
    ck_assert_int_eq(fake_count(FAKE_MMAP), 2);

    /* An address that was asked for is kept. */
    char *hint = (char *)n.addr + page_size();
    void *got;

    OK(mmapx_unmap(&n));
    OK(mmapx_map_at(&n, hint, file, 0, 3 * LARGE, PROT_READ, MAP_SHARED));
    ck_assert_int_eq(fake_count(FAKE_MMAP), 3);
    got = n.addr;
    if (!under_valgrind())
        ck_assert_ptr_eq(got, hint);
    OK(mmapx_unmap(&n));
    /* A driver is asked once: it may take every mmap(2) for an order. */
    for (int64_t offset = 0; offset < LARGE; offset += 256 << 10) {
        int before = fake_count(FAKE_MMAP);

        OK(mmapx_map_region(&n, zero, offset, 3 * LARGE, PROT_READ,
                            MAP_SHARED));
        ck_assert_int_eq(fake_count(FAKE_MMAP), before + 1);
        OK(mmapx_unmap(&n));
    }
    /* Nor is anything read in, or locked, twice. */
    for (int64_t offset = 0; offset < LARGE; offset += 256 << 10) {
        int before = fake_count(FAKE_MMAP);

        OK(mmapx_map_region(&n, file, offset, 3 * LARGE, PROT_READ,
                            MAP_SHARED | mmapx_os_map_eager));
        ck_assert_int_eq(fake_count(FAKE_MMAP), before + 1);
        OK(mmapx_unmap(&n));
    }
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

START_TEST(flags_that_are_handed_down)
{
    size_t page = page_size();
    int empty = temp_file(0);
    struct mmapx n;

    set_up();
    OK(mmapx_map(&n, empty, PROT_READ,
                 MAP_SHARED | mmapx_os_map_eager | MAP_NORESERVE));
    ck_assert_int_eq(fake_mmap_args.flags, MAP_SHARED | MAP_NORESERVE);
    OK(mmapx_unmap(&n));
    if (mmapx_os_fixed_noreplace != 0) {
        /* MAP_FIXED beside it would clobber on a kernel that knows it not. */
        FAILS(EEXIST, mmapx_map_at(&n, m.addr, fd, 0, page, PROT_READ,
                                   MAP_SHARED | MAP_FIXED
                                       | mmapx_os_fixed_noreplace));
        ck_assert_int_eq(fake_mmap_args.flags,
                         MAP_SHARED | mmapx_os_fixed_noreplace);
    }
    /* What overflows does not depend on the kernel to say so. */
    fake_reset();
    FAILS(EOVERFLOW, mmapx_map_region(&n, fd, INT64_MAX, 1, PROT_READ,
                                      MAP_SHARED));
    ck_assert_int_eq(fake_count(FAKE_MMAP), 0);
    OK(run_sync_file());
    ck_assert_int_eq(fake_msync_args.flags, MS_SYNC);
    fake_reset();
    FAILS(EBADF, mmapx_sync_file(&m, -1, 0, MMAPX_TO_END));
    FAILS(EBADF, mmapx_sync_file(&m, -1, 0, 0));
    ck_assert_int_eq(fake_count(FAKE_MSYNC), 0);
}
END_TEST

/* NetBSD, FreeBSD and macOS have more to say in a vector. */
START_TEST(one_bit_of_a_vector)
{
    unsigned char vec[4];
    size_t pages;

    set_up();
    fake_mincore_bits = 0x7e;
    OK(mmapx_residency(&m, 0, MMAPX_TO_END, vec, sizeof vec));
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(vec[i], 1);
    OK(mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages));
    ck_assert_uint_eq(pages, 4);
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

/* --- Every call below, at each of its turns, with each errno -------------- */

/*
 * What the manual pages of the systems list, and what a filter of system calls
 * says.  What one of these becomes in the seam itself is not seen here.
 */
static const int codes_of[FAKE_CALLS][19] = { /* up to a 0 */
    [FAKE_STAT] = { EBADF, EIO, ENOMEM, EOVERFLOW, ENOSYS, EPERM },
    [FAKE_OPEN] = { EACCES, EDQUOT, EEXIST, EFBIG, EINTR, ELOOP, EMFILE,
                    ENAMETOOLONG, ENFILE, ENODEV, ENOENT, ENOMEM, ENOTDIR,
                    EOVERFLOW, EROFS, ETXTBSY, ENOSYS, EPERM },
    [FAKE_MMAP] = { EACCES, EAGAIN, EBADF, EEXIST, EINVAL, EIO, ENFILE, ENODEV,
                    ENOMEM, ENOTSUP, EOVERFLOW, ETXTBSY, ENOSYS, EPERM },
    [FAKE_MUNMAP] = { EINVAL, ENOMEM, ENOSYS, EPERM },
    [FAKE_MPROTECT] = { EACCES, EINVAL, ENOMEM, ENOSYS, EPERM },
    [FAKE_MSYNC] = { EBUSY, EDQUOT, EINTR, EINVAL, EIO, ENOMEM, ENOSPC, EROFS,
                     ENOSYS, EPERM },
    [FAKE_MLOCK] = { EAGAIN, EINVAL, ENOMEM, ENOSYS, EPERM },
    [FAKE_MLOCK_ONFAULT] = { EAGAIN, EINVAL, ENOMEM, ENOSYS, EPERM },
    [FAKE_MUNLOCK] = { EINVAL, ENOMEM, ENOSYS, EPERM },
    [FAKE_LOCKED] = { ENOTSUP },
    [FAKE_LOCK_LIMIT] = { EINVAL, ENOSYS, EPERM },
    [FAKE_MINCORE] = { EAGAIN, EFAULT, EINVAL, ENOMEM, ENOSYS, EPERM },
    [FAKE_MADVISE] = { EACCES, EAGAIN, EBADF, EBUSY, EFAULT, EINTR, EINVAL,
                       EIO, ENODEV, ENOMEM, ENOSPC, EOPNOTSUPP, ETXTBSY,
                       ENOSYS, EPERM },
    [FAKE_ANON_PAGE] = { EINVAL, ENOTSUP },
    [FAKE_DEVICE_SIZE] = { EIO },
    [FAKE_FLUSH] = { EBADF, EDQUOT, EINTR, EINVAL, EIO, ENOSPC, EROFS, ENOSYS,
                     EPERM },
    [FAKE_MREMAP] = { EAGAIN, EFAULT, EINVAL, ENOMEM, ENOSYS, EPERM },
    [FAKE_MOVE] = { EFAULT, EINVAL, ENOMEM, ENOSYS, EPERM },
    [FAKE_SET_SIZE] = { EACCES, EBADF, EFBIG, EINTR, EINVAL, EIO, EROFS,
                        ETXTBSY, ENOSYS, EPERM },
    [FAKE_ALLOCATE] = { EBADF, EDQUOT, EFBIG, EINTR, EINVAL, EIO, ENODEV,
                        ENOSPC, ENOTSUP, ESPIPE, ETXTBSY, ENOSYS, EPERM },
    [FAKE_CLEAR_TAIL] = { EBADF },
    [FAKE_FILE_LIMIT] = { EINVAL, ENOSYS, EPERM },
    [FAKE_MEMFD] = { EACCES, EINVAL, EMFILE, ENFILE, ENOMEM, ENOSYS, EPERM },
    [FAKE_CACHESTAT] = { EBADF, EFAULT, EINVAL, EOPNOTSUPP, ENOSYS, EPERM },
    [FAKE_READ_IN] = { EBADF, EINTR, EINVAL, EIO, ENOMEM, ENOSYS, EPERM },
    [FAKE_EVICT] = { EBADF, EINVAL, ESPIPE, ENOSYS, EPERM },
    [FAKE_SEAL_SHRINK] = { EBADF, EBUSY, EINVAL, ENOSYS, EPERM },
};

static void
map_all(int prot, int flags)
{
    OK(mmapx_map(&m, fd, prot, flags));
}

static void
map_shared(void)
{
    map_all(PROT_READ | PROT_WRITE, MAP_SHARED);
}

static void
map_private(void)
{
    map_all(PROT_READ, MAP_PRIVATE);
}

/* So that mmapx_write() has to ask. */
static void
map_mixed(void)
{
    map_shared();
    OK(mmapx_protect(&m, page_size(), page_size(), PROT_READ));
}

static void
map_nothing(void)
{
    m = (struct mmapx)MMAPX_INIT;
}

static void
map_first_page(void)
{
    OK(mmapx_map_region(&m, fd, 0, page_size(), PROT_READ | PROT_WRITE,
                        MAP_SHARED));
}

static void
map_beyond_the_end(void)
{
    OK(mmapx_map_region(&m, fd, 0, 8 * page_size(), PROT_READ | PROT_WRITE,
                        MAP_SHARED));
}

static int
run_map_device(void)
{
    int r;

    fake_is_block_device = true;
    r = mmapx_map_region(&m, fd, 0, MMAPX_TO_END, PROT_READ, MAP_SHARED);
    fake_is_block_device = false;
    return r;
}

static int
run_map_large(void)
{
    fake_misplaces = mmapx_os_congruence > 1;
    return mmapx_map_region(&m, fd, (int64_t)page_size(), 8 << 20, PROT_READ,
                            MAP_SHARED);
}

static int
run_lock_limit(void)
{
    size_t limit, locked;

    return mmapx_lock_limit(&limit, &locked);
}

static int
run_can_fault(void)
{
    return mmapx_can_fault(&m, fd) == 1 ? 0 : -1;
}

static int
run_read(void)
{
    char buf[10];

    return mmapx_read(&m, 5, buf, sizeof buf) == sizeof buf ? 0 : -1;
}

static int
run_write(void)
{
    unsigned char byte = pattern(5);

    return mmapx_write(&m, 5, &byte, 1) == 1 ? 0 : -1;
}

static int
run_sync_async(void)
{
    return mmapx_sync(&m, 1, 2, MS_ASYNC);
}

static int
run_cache_stat_by_mapping(void)
{
    fake_has_no_cachestat = true;
    return run_cache_stat();
}

static int
run_cache_run_by_mapping(void)
{
    fake_has_no_cachestat = true;
    return run_cache_run();
}

static int
run_map_path_file(void)
{
    char path[32];

    snprintf(path, sizeof path, "/dev/fd/%d", fd);
    return mmapx_map_path(&m, path, PROT_READ, MAP_SHARED);
}

/* Mapping and file grow from the file's middle, so that it is cut. */
static int
run_grow_and_cut(void)
{
    return mmapx_resize(&m, fd, 2 * page_size(),
                        MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE);
}

/* The file grows and the mapping shrinks. */
static int
run_grow_and_shrink(void)
{
    return mmapx_resize(&m, fd, 6 * page_size(),
                        MMAPX_RESIZE_FILE | MMAPX_RESIZE_SPARSE);
}

static const struct scenario {
    const char *name;
    void (*map)(void);
    int (*run)(void);
} scenarios[] = {
    { "map", map_nothing, run_map },
    { "map_region", map_nothing, run_map_region },
    { "map a block device", map_nothing, run_map_device },
    { "map a large region", map_nothing, run_map_large },
    { "map_at", map_nothing, run_map_at },
    { "map_path", map_nothing, run_map_path_file },
    { "map_anon", map_nothing, run_map_anon },
    { "map_memfd", map_nothing, run_map_memfd },
    { "unmap", map_shared, run_unmap },
    { "advise", map_shared, run_advise },
    { "residency", map_shared, run_residency },
    { "resident_count", map_shared, run_resident_count },
    { "resident_run", map_shared, run_resident_run },
    { "lock", map_shared, run_lock },
    { "lock on fault", map_shared, run_lock_on_fault },
    { "unlock", map_shared, run_unlock },
    { "lock_limit", map_nothing, run_lock_limit },
    { "protect", map_shared, run_protect },
    { "sync", map_shared, run_sync },
    { "sync without waiting", map_shared, run_sync_async },
    { "sync_file", map_shared, run_sync_file },
    { "populate", map_shared, run_populate },
    { "cache_stat", map_nothing, run_cache_stat },
    { "cache_stat by mapping", map_nothing, run_cache_stat_by_mapping },
    { "cache_run", map_nothing, run_cache_run },
    { "cache_run by mapping", map_nothing, run_cache_run_by_mapping },
    { "cache_runs", map_nothing, run_cache_runs },
    { "cache_load", map_nothing, run_cache_load },
    { "cache_load past the cache", map_nothing, run_cache_load_mapped },
    { "cache_evict", map_nothing, run_cache_evict },
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
};

/* What is not simply passed on.  The first line that fits counts; 0 fits all,
 * and as an outcome it is success. */
enum { ANY };

static const struct exception {
    int (*run)(void);
    enum fake_call call;
    int turn;
    int code;
    int outcome;
} exceptions[] = {
    /* A better place is a wish, and the first one is kept. */
    { run_map_large, FAKE_MMAP, 2, ANY, 0 },
    { run_map_large, FAKE_MMAP, 3, ANY, 0 },
    { run_map_large, FAKE_MUNMAP, ANY, ANY, 0 },
    /* What the file has lost cannot come back, and the tail stays. */
    { run_shrink_both, FAKE_MUNMAP, ANY, ANY, 0 },
    /* The system has no such advice. */
    { run_advise, FAKE_MADVISE, ANY, ENOSYS, ENOTSUP },
    { run_advise, FAKE_MADVISE, ANY, EOPNOTSUPP, ENOTSUP },
    { run_advise, FAKE_MADVISE, ANY, ENODEV, EINVAL },
    { run_populate, FAKE_MADVISE, ANY, EINTR, 0 },
    { run_populate, FAKE_MADVISE, ANY, EINVAL, EACCES },
    { run_populate, FAKE_MADVISE, ANY, ENOSYS, 0 },
    { run_populate, FAKE_MADVISE, ANY, EOPNOTSUPP, 0 },
    { run_write, FAKE_MADVISE, ANY, EINVAL, EACCES },
    { run_write, FAKE_MADVISE, ANY, ANY, 0 },
    /* The system has no such lock. */
    { run_lock_on_fault, FAKE_MLOCK_ONFAULT, ANY, EINVAL, ENOTSUP },
    { run_lock_on_fault, FAKE_MLOCK_ONFAULT, ANY, ENOSYS, ENOTSUP },
    { run_lock_on_fault, FAKE_MLOCK_ONFAULT, ANY, EPERM, ENOTSUP },
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
    { run_cache_load, FAKE_MMAP, 1, ENODEV, ENODEV },
    { run_cache_load, FAKE_MMAP, 1, ANY, 0 },
    { run_cache_load_mapped, FAKE_STAT, 2, ANY, 0 },
    { run_cache_load_mapped, FAKE_MMAP, 1, ENODEV, ENODEV },
    { run_cache_load_mapped, FAKE_MMAP, 1, ANY, 0 },
    { run_cache_evict, FAKE_STAT, 2, ANY, 0 },
    { run_cache_evict, FAKE_MMAP, 1, ENODEV, ENODEV },
    { run_cache_evict, FAKE_MMAP, 1, ANY, 0 },
    /* What is not known to be there is read. */
    { run_cache_load, FAKE_CACHESTAT, ANY, ANY, 0 },
    { run_cache_load, FAKE_READ_IN, ANY, EINTR, 0 },
    { run_cache_load_mapped, FAKE_CACHESTAT, ANY, ANY, 0 },
    { run_cache_load, FAKE_MUNMAP, ANY, ANY, 0 },
    { run_cache_load_mapped, FAKE_MUNMAP, ANY, ANY, 0 },
    { run_cache_evict, FAKE_MUNMAP, ANY, ANY, 0 },
    { run_cache_load_mapped, FAKE_MADVISE, ANY, EFAULT, EIO },
    { run_cache_load_mapped, FAKE_MADVISE, ANY, EINTR, 0 },
    { run_cache_load_mapped, FAKE_MADVISE, ANY, EINVAL, EACCES },
    { run_cache_load_mapped, FAKE_MADVISE, ANY, ENOSYS, 0 },
    { run_cache_load_mapped, FAKE_MADVISE, ANY, EOPNOTSUPP, 0 },
    /* What is not known to be sealed can fault. */
    { run_can_fault, FAKE_STAT, ANY, ANY, 0 },
    /* No mremap(2): there is room behind it, or it is mapped anew. */
    { run_resize, FAKE_MREMAP, ANY, ENOSYS, 0 },
    { run_resize_to_end, FAKE_MREMAP, ANY, ENOSYS, 0 },
    { run_resize_both, FAKE_MREMAP, ANY, ENOSYS, 0 },
    { run_resize_sparse, FAKE_MREMAP, ANY, ENOSYS, 0 },
    { run_grow_and_cut, FAKE_MREMAP, ANY, ENOSYS, 0 },
    { run_resize, FAKE_MREMAP, ANY, EFAULT, ENOTSUP },
    { run_resize_to_end, FAKE_MREMAP, ANY, EFAULT, ENOTSUP },
    { run_resize_both, FAKE_MREMAP, ANY, EFAULT, ENOTSUP },
    { run_resize_sparse, FAKE_MREMAP, ANY, EFAULT, ENOTSUP },
    { run_grow_and_cut, FAKE_MREMAP, ANY, EFAULT, ENOTSUP },
};

static int
outcome_of(const struct scenario *s, enum fake_call call, int turn, int code)
{
    for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++) {
        const struct exception *e = &exceptions[i];

        if (e->run == s->run && e->call == call
            && (e->turn == ANY || e->turn == turn)
            && (e->code == ANY || e->code == code))
            return e->outcome;
    }
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
look(struct state *now)
{
    now->m = m;
    now->size = lseek(fd, 0, SEEK_END);
    now->next = dup(fd);
    ck_assert_int_ge(now->next, 0);
    close(now->next);
    read_mappings(now->mappings, sizeof now->mappings);
}

/* All bytes of the file, past the library. */
static void
check_file(void)
{
    unsigned char buf[4096];
    off_t at = 0;
    ssize_t n;

    while ((n = pread(fd, buf, sizeof buf, at)) > 0) {
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
    ck_assert_msg(memcmp(&before->m, &after->m, sizeof m) == 0,
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
 * does a tail that has been cut off. */
static bool
leaves_mapping(const struct scenario *s, enum fake_call call)
{
    return call == FAKE_MUNMAP
           && (s->map == map_nothing || s->run == run_shrink_both);
}

/* Run one scenario with one failure.  The file is new each time. */
static void
inject(const struct scenario *s, enum fake_call call, int turn, int code)
{
    static struct state first, before, after;
    int outcome = outcome_of(s, call, turn, code);
    char what[128];
    int r;

    snprintf(what, sizeof what, "%s: call %d, turn %d, errno %d", s->name,
             (int)call, turn, code);
    fd = temp_file(3 * page_size() + 1);
    map_nothing();
    look(&first);
    s->map();
    look(&before);
    fake_reset();
    fake_fail(call, code, turn);
    errno = 0;
    r = s->run();
    if (outcome == 0) {
        ck_assert_msg(r == 0, "%s: now %d", what, errno);
    } else {
        ck_assert_msg(r == -1, "%s: succeeded", what);
        ck_assert_msg(errno == outcome, "%s: now %d", what, errno);
        if (is_sticky(call, code)) {
            ck_assert_uint_eq(m.reserved[MMAPX_I_ERROR], (uintptr_t)code);
            OK(mmapx_sync_reset(&m));
        }
        look(&after);
        if (leaves_mapping(s, call))
            memcpy(after.mappings, before.mappings, sizeof after.mappings);
        check_same(what, &before, &after);
        ck_assert_msg(memfd == 77, "%s: a descriptor", what);
        check_file();
    }

    /* And nothing stays behind. */
    fake_reset();
    OK(mmapx_unmap(&m));
    if (memfd != 77)
        close(memfd);
    memfd = 77;
    ck_assert_int_eq(ftruncate(fd, first.size), 0);
    look(&after);
    if (!leaves_mapping(s, call))
        check_same(what, &first, &after);
    close(fd);
}

/* How often the scenario makes each call when nothing fails. */
static void
count_turns(const struct scenario *s, int *turns)
{
    fd = temp_file(3 * page_size() + 1);
    s->map();
    fake_reset();
    ck_assert_msg(s->run() == 0, "%s: errno %d", s->name, errno);
    for (int call = 0; call < FAKE_CALLS; call++)
        turns[call] = fake_count((enum fake_call)call);
    OK(mmapx_unmap(&m));
    if (memfd != 77)
        close(memfd);
    memfd = 77;
    close(fd);
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

    need_the_kernel();
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++)
        fail_everywhere(&scenarios[i], failures);
    /* It is only made after another failure: a_cut_that_fails_after_a_move. */
    failures[FAKE_MOVE]++;
    /* These take larger files: extending_fails, touching_fails. */
    failures[FAKE_EXTEND]++;
    failures[FAKE_TOUCHER_OPEN]++;
    failures[FAKE_TOUCH]++;
    failures[FAKE_UNMAPPED]++;
    for (int call = 0; call < FAKE_CALLS; call++)
        ck_assert_msg(failures[call] > 0 || mmapx_os_congruence == 1,
                      "call %d never failed", call);
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
    ADD_TEST(s, loading_through_signals);
    ADD_TEST(s, loading_what_is_there);
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
    ADD_TEST(s, every_advice_and_its_rounding);
    ADD_TEST(s, one_mmap_where_a_second_is_useless);
    ADD_TEST(s, flags_that_are_handed_down);
    ADD_TEST(s, one_bit_of_a_vector);
    ADD_TEST(s, failures_side_by_side);
    ADD_TEST(s, everything_that_can_fail);
    return s;
}
