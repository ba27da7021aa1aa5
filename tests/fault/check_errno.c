/* SPDX-License-Identifier: MIT */
/*
 * Every errno that the manual promises and that this machine cannot be brought
 * to give, by a seam that fails on demand: the errno comes through, the handle
 * is as it was, and nothing stays mapped or open.  What arguments alone
 * provoke is in the other files.
 */
#include "failures.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

START_TEST(mapping)
{
    static fixture_call *const maps[] = { run_map, run_map_region, run_map_at };
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
        { run_map_anon, FAKE_ANON_PAGE_SIZE, ENOTSUP, ENOTSUP },
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
    struct fixture f;

    set_up(&f);
    fake_is_block_device = true;
    fake_fail(FAKE_DEVICE_SIZE, EIO, 1);
    MAP_FAILS(EIO, f.m, run_map(&f));
    OK(run_map_region(&f)); /* an explicit length needs none */
    ck_assert_int_eq(fake_count(FAKE_DEVICE_SIZE), 1);
}
END_TEST

/* A kernel that takes MAP_FIXED_NOREPLACE for a hint and puts it elsewhere. */
START_TEST(an_old_kernel_and_noreplace)
{
    struct fixture f;
    size_t mappings;
    struct mmapx m;

    set_up(&f);
    if (mmapx_os_fixed_noreplace == 0)
        SKIP("the system has no MAP_FIXED_NOREPLACE");
    fake_ignores_address = true;
    mappings = count_mappings();
    MAP_FAILS(EEXIST, m,
              mmapx_map_at(&m, f.m.addr, f.fd, 0, 1, PROT_READ,
                           MAP_SHARED | mmapx_os_fixed_noreplace));
    MAP_FAILS(EEXIST, m,
              mmapx_map_at(&m, f.m.addr, f.fd, 0, 1, PROT_READ,
                           MAP_SHARED | MAP_FIXED | mmapx_os_fixed_noreplace));
    ck_assert_uint_eq(count_mappings(), mappings);
    check_pattern(f.m.addr, 0, f.m.len);
#ifdef __linux__
    /* Nothing is there: the address is not one that can be had. */
    MAP_FAILS(ENOMEM, m,
              mmapx_map_at(&m, (void *)(UINTPTR_MAX - 2 * page_size() + 1),
                           f.fd, 0, 1, PROT_READ,
                           MAP_SHARED | mmapx_os_fixed_noreplace));
#endif
}
END_TEST

/* A better place for a large mapping is a wish: without it the first stays. */
START_TEST(no_second_place)
{
#ifdef __linux__
    char path[] = "/dev/shm/mmapx-test-XXXXXX";
    int shm = mkstemp(path);
    size_t mappings;
    struct mmapx m;

    if (shm < 0)
        SKIP("no /dev/shm");
    unlink(path);
    ck_assert_int_eq(ftruncate(shm, 16 << 20), 0);
    for (int64_t offset = 0; offset < 2 << 20; offset += 64 << 10) {
        fake_reset();
        fake_fail(FAKE_MMAP, ENOMEM, 2);
        mappings = count_mappings();
        OK(mmapx_map_region(&m, shm, offset, MMAPX_TO_END, PROT_READ,
                            MAP_SHARED));
        ck_assert_int_eq(*(char *)m.addr, 0);
        OK(mmapx_unmap(&m));
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
    struct fixture f;

    set_up(&f);
    fake_fail(FAKE_MADVISE, EINVAL, 1);
    FAILS(EINVAL, run_advise(&f));
    fake_knows_no_advice = true;
    fake_fail(FAKE_MADVISE, EINVAL, 1);
    FAILS(ENOTSUP, run_advise(&f));
    ck_assert_int_eq(mmapx_advice_supported(MMAPX_MADV_WILLNEED), 0);
}
END_TEST

/* A system whose headers do not have it is not even asked. */
START_TEST(advice_of_other_systems)
{
    struct fixture f;

    set_up(&f);
    fake_has_no_advice = true;
    FAILS(ENOTSUP, run_advise(&f));
    ck_assert_int_eq(mmapx_advice_supported(MMAPX_MADV_WILLNEED), 0);
    ck_assert_int_eq(fake_count(FAKE_MADVISE), 0);
    /* Which populates by touching. */
    OK(run_populate(&f));
}
END_TEST

/* Older kernels do not tell too many mappings from one that is gone. */
START_TEST(advice_of_older_kernels)
{
    struct fixture f;
    size_t page = page_size();

    set_up(&f);
    fake_fail(FAKE_MADVISE, ENOMEM, 1);
    FAILS(EAGAIN, mmapx_advise(&f.m, 0, page, MMAPX_MADV_RANDOM));
    fake_fail(FAKE_MADVISE, ENOMEM, 1);
    FAILS(ENOMEM, mmapx_advise(&f.m, 0, page, MMAPX_MADV_WILLNEED));
    if (mmapx_advice_supported(MMAPX_MADV_DONTFORK)) {
        fake_fail(FAKE_MADVISE, ENOMEM, 1);
        FAILS(EAGAIN, mmapx_advise(&f.m, 0, page, MMAPX_MADV_DONTFORK));
    }
    if (mmapx_advice_supported(MMAPX_MADV_COLD)) {
        fake_fail(FAKE_MADVISE, ENOMEM, 1);
        FAILS(ENOMEM, mmapx_advise(&f.m, 0, page, MMAPX_MADV_COLD));
    }
    ck_assert_int_eq(munmap((char *)f.m.addr + page, page), 0);
    fake_fail(FAKE_MADVISE, ENOMEM, 1);
    FAILS(ENOMEM, mmapx_advise(&f.m, 0, MMAPX_TO_END, MMAPX_MADV_RANDOM));
}
END_TEST

START_TEST(residency)
{
    struct fixture f;
    static fixture_call *const calls[]
        = { run_residency, run_resident_count, run_resident_run };
    static const int codes[] = { EAGAIN, ENOMEM, ENOSYS };

    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < 3; k++) {
            struct failure failures[]
                = { { calls[i], FAKE_MINCORE, codes[k], codes[k] } };

            CHECK_FAILURES(failures);
        }
        set_up(&f);
        fake_may_not_know = true;
        FAILS(EPERM, calls[i](&f));
        ck_assert_int_eq(fake_count(FAKE_MINCORE), 0);
        OK(mmapx_unmap(&f.m));
        OK(run_map_anon(&f));
        OK(calls[i](&f));
    }
}
END_TEST

START_TEST(residency_of_the_second_window)
{
    struct mmapx_run run;
    size_t pages = 77;
    struct mmapx m;

    OK(mmapx_map_anon(&m, 5000 * page_size(), PROT_READ, MAP_PRIVATE));
    fake_reset();
    fake_fail(FAKE_MINCORE, ENOMEM, 2);
    FAILS(ENOMEM, mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages));
    ck_assert_uint_eq(pages, 77);
    fake_fail(FAKE_MINCORE, ENOMEM, 2);
    FAILS(ENOMEM, mmapx_resident_run(&m, 0, &run));
}
END_TEST

START_TEST(locking)
{
    struct fixture f;
    static const struct failure failures[] = {
        { run_lock, FAKE_LOCK_ONFAULT, EAGAIN, EAGAIN },
        { run_lock, FAKE_MADVISE, EFAULT, EFAULT },
        { run_lock, FAKE_MADVISE, ENOMEM, ENOMEM },
        { run_lock_on_fault, FAKE_LOCK_ONFAULT, EAGAIN, EAGAIN },
        { run_lock_on_fault, FAKE_LOCK_ONFAULT, EINVAL, ENOTSUP },
        { run_lock_on_fault, FAKE_LOCK_ONFAULT, ENOSYS, ENOTSUP },
        { run_unlock, FAKE_MUNLOCK, ENOMEM, ENOMEM },
    };

    CHECK_FAILURES(failures);
    set_up(&f);
    fake_fail(FAKE_LOCK_ONFAULT, EAGAIN, 1);
    FAILS(EAGAIN, run_lock(&f));
    ck_assert_int_eq(fake_count(FAKE_MUNLOCK), 1);
    /* That the unlock fails too is not what the caller asked about. */
    fake_fail(FAKE_LOCK_ONFAULT, EAGAIN, 1);
    fake_fail(FAKE_MUNLOCK, ENOMEM, 1);
    FAILS(EAGAIN, run_lock(&f));
}
END_TEST

/* Three causes have one errno, and a system without lock on fault has none. */
START_TEST(what_enomem_means)
{
    struct fixture f;

    need_memlock(16 * page_size());
    set_up(&f);
    fake_fail(FAKE_LOCK_ONFAULT, ENOMEM, 1);
    FAILS(EAGAIN, run_lock(&f)); /* neither the limit nor a gap */
    fake_fail(FAKE_LOCK_ONFAULT, ENOMEM, 1);
    FAILS(EAGAIN, run_lock_on_fault(&f));
    fake_fail(FAKE_LOCK_ONFAULT, ENOMEM, 1);
    fake_fail(FAKE_MSYNC, ENOMEM, 1);
    FAILS(ENOMEM, run_lock(&f)); /* a gap */

    fake_fail(FAKE_LOCK_ONFAULT, ENOSYS, 1);
    OK(run_lock(&f));
    ck_assert_int_eq(fake_count(FAKE_MLOCK), 1);
    fake_fail(FAKE_LOCK_ONFAULT, ENOSYS, 1);
    fake_fail(FAKE_MLOCK, EAGAIN, 1);
    FAILS(EAGAIN, run_lock(&f));
}
END_TEST

/* EPERM with a limit that is not 0 comes from a filter of system calls. */
START_TEST(locking_behind_a_filter)
{
    struct fixture f;
    size_t limit;

    set_up(&f);
    OK(mmapx_lock_limit(&limit, NULL));
    fake_fail(FAKE_LOCK_ONFAULT, EPERM, 1);
    if (limit > 0)
        FAILS(ENOTSUP, run_lock_on_fault(&f));
    else
        FAILS(EPERM, run_lock_on_fault(&f));
}
END_TEST

START_TEST(the_lock_limit)
{
    struct fixture f;
    size_t limit = 77;
    size_t locked = 77;

    fake_reset();
    fake_fail(FAKE_LOCKED_BYTES, ENOTSUP, 1);
    FAILS(ENOTSUP, mmapx_lock_limit(&limit, &locked));
    ck_assert_uint_eq(limit, 77);
    ck_assert_uint_eq(locked, 77);
    OK(mmapx_lock_limit(&limit, NULL));

    /* A limit that is not told makes EPERM what it is. */
    set_up(&f);
    fake_fail(FAKE_LOCK_ONFAULT, EPERM, 1);
    fake_fail(FAKE_LOCK_LIMIT, EINVAL, 1);
    FAILS(EPERM, run_lock_on_fault(&f));
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

/* Where the limit counts, ENOMEM may mean it: EAGAIN is only what certainly
 * fits. */
static bool
is_limited(void *arg)
{
    struct fixture *f = arg;
    size_t limit, locked;

    if (mmapx_lock_limit(&limit, &locked) != 0 || limit == SIZE_MAX)
        return true;
    for (int i = 0; i < 2; i++) {
        fake_fail(FAKE_LOCK_ONFAULT, ENOMEM, 1);
        fake_fail(i == 0 ? FAKE_LOCK_LIMIT : FAKE_LOCKED_BYTES, EPERM, 1);
        FAILS(ENOMEM, run_lock_on_fault(f));
        fake_reset();
    }
    fake_fail(FAKE_LOCK_ONFAULT, ENOMEM, 1);
    FAILS(EAGAIN, run_lock_on_fault(f));
    if (!limit_memlock(3 * page_size()))
        return false;
    fake_fail(FAKE_LOCK_ONFAULT, ENOMEM, 1);
    FAILS(ENOMEM, run_lock_on_fault(f)); /* four pages */
    OK(mmapx_lock(&f->m, 0, 2 * page_size(), 0));
    if (!limit_memlock(page_size()))
        return false;
    fake_fail(FAKE_LOCK_ONFAULT, ENOMEM, 1);
    FAILS(ENOMEM, mmapx_lock(&f->m, 0, 1, MMAPX_LOCK_ONFAULT));
    return true;
}

START_TEST(what_enomem_means_for_nobody)
{
    struct fixture f;

    need_the_kernel();
    need_memlock(16 * page_size());
    if (under_sanitizer())
        SKIP("the sanitizer locks nothing");
    set_up(&f);
    ck_assert(in_child_as_nobody(is_limited, &f));
}
END_TEST

/* Where parts differ and nothing populates, mlock(2) is left. */
START_TEST(locking_parts_on_an_old_kernel)
{
    struct fixture f;

    need_the_kernel();
    need_memlock(16 * page_size());
    set_up(&f);
    OK(mmapx_protect(&f.m, page_size(), page_size(), PROT_NONE));
    OK(mmapx_protect(&f.m, page_size(), page_size(), PROT_READ));
    OK(mmapx_advise(&f.m, 0, MMAPX_TO_END, MMAPX_MADV_NORMAL));
    fake_reset();
    fake_knows_no_advice = true;
    fake_fail_from(FAKE_MADVISE, EINVAL, 1);
    OK(run_lock(&f));
    ck_assert_int_eq(fake_count(FAKE_MLOCK), 1);
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
    ADD_TEST(s, advice_of_older_kernels);
    ADD_TEST(s, residency);
    ADD_TEST(s, residency_of_the_second_window);
    ADD_TEST(s, locking);
    ADD_TEST(s, what_enomem_means);
    ADD_TEST(s, locking_behind_a_filter);
    ADD_TEST(s, the_lock_limit);
    ADD_TEST(s, protection);
    ADD_TEST(s, making_a_memfd);
    ADD_TEST(s, what_enomem_means_for_nobody);
    ADD_TEST(s, locking_parts_on_an_old_kernel);
    return s;
}
