/* SPDX-License-Identifier: MIT */
/* Locking, under whatever limit there is. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static size_t
locked_now(void)
{
    size_t locked;

    if (under_sanitizer())
        SKIP("the sanitizer makes mlock(2) do nothing");
    if (mmapx_lock_limit(NULL, &locked) != 0)
        SKIP("the system does not tell what is locked");
    return locked;
}

static struct mmapx
anonymous(size_t pages)
{
    struct mmapx m;

    OK(mmapx_map_anon(&m, pages * page_size(), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE));
    return m;
}

static void
lock_or_skip(const struct mmapx *m, size_t off, size_t len, int flags)
{
    if (mmapx_lock(m, off, len, flags) == 0)
        return;
    ck_assert(errno == ENOMEM || errno == EPERM || errno == ENOTSUP);
    SKIP("RLIMIT_MEMLOCK does not allow it, or the kernel has it not");
}

START_TEST(three_bytes_lock_their_page)
{
    size_t page = page_size();
    struct mmapx m = anonymous(4);
    size_t before = locked_now();

    lock_or_skip(&m, page + 7, 3, 0);
    ck_assert_uint_eq(locked_now(), before + page);
    OK(mmapx_unlock(&m, page + 100, 1));
    ck_assert_uint_eq(locked_now(), before);
    lock_or_skip(&m, page - 1, 2, 0);
    ck_assert_uint_eq(locked_now(), before + 2 * page);
    OK(mmapx_unlock(&m, 0, MMAPX_TO_END));
    ck_assert_uint_eq(locked_now(), before);
}
END_TEST

START_TEST(a_lock_brings_pages_in)
{
    struct mmapx m = anonymous(3);
    size_t before = locked_now();
    size_t pages;

    lock_or_skip(&m, 0, MMAPX_TO_END, 0);
    OK(mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages));
    ck_assert_uint_eq(pages, 3);
    ck_assert_uint_eq(locked_now(), before + m.len);
}
END_TEST

/* What a locked mapping grows by is brought in, as mremap(2) does it. */
START_TEST(a_locked_file_that_grows)
{
    size_t page = page_size(), before = locked_now();
    int fd = temp_file(64 * page);
    struct mmapx m;

    for (int i = 0; i < 4; i++) {
        int flags = (i & 1) != 0 ? MAP_PRIVATE : MAP_SHARED;
        size_t pages;

        OK(mmapx_map_region(&m, fd, 0, 2 * page, PROT_READ | PROT_WRITE, flags));
        if ((i & 2) != 0)
            OK(mmapx_reserve(&m, 64 * page, MMAPX_RESIZE_MAYMOVE));
        lock_or_skip(&m, 0, MMAPX_TO_END, 0);
        ck_assert_int_eq(fsync(fd), 0);
        posix_fadvise(fd, (off_t)(2 * page), 0, POSIX_FADV_DONTNEED);
        OK(mmapx_resize(&m, fd, 64 * page, MMAPX_RESIZE_MAYMOVE));
        ck_assert_uint_eq(locked_now(), before + 64 * page);
        OK(mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages));
        ck_assert_uint_eq(pages, 64);
        OK(mmapx_unmap(&m));
    }
}
END_TEST

START_TEST(on_fault)
{
    struct mmapx m = anonymous(3);
    size_t before = locked_now();
    size_t pages;

    if (mmapx_advice_supported(MMAPX_MADV_NOHUGEPAGE))
        OK(mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_NOHUGEPAGE));
    lock_or_skip(&m, 0, MMAPX_TO_END, MMAPX_LOCK_ONFAULT);
    ck_assert_uint_eq(locked_now(), before + m.len);
    OK(mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages));
    ck_assert_uint_eq(pages, 0);
    *(char *)m.addr = 1;
    OK(mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages));
    ck_assert_uint_eq(pages, 1);
    OK(mmapx_unlock(&m, 0, MMAPX_TO_END));
    ck_assert_uint_eq(locked_now(), before);
}
END_TEST

START_TEST(locks_do_not_nest)
{
    struct mmapx m = anonymous(1);
    size_t before = locked_now();

    lock_or_skip(&m, 0, MMAPX_TO_END, 0);
    OK(mmapx_lock(&m, 0, MMAPX_TO_END, 0));
    OK(mmapx_unlock(&m, 0, MMAPX_TO_END));
    ck_assert_uint_eq(locked_now(), before);
    OK(mmapx_unlock(&m, 0, MMAPX_TO_END));
}
END_TEST

START_TEST(bad_arguments)
{
    struct mmapx m = anonymous(1);

    FAILS(EINVAL, mmapx_lock(&m, 0, 1, 2));
    FAILS(EINVAL, mmapx_lock(&m, 0, 0, 2));
    FAILS(EINVAL, mmapx_lock(&m, 0, 1, -1));
    FAILS(EINVAL, mmapx_lock(&m, 0, 1, 4));
    FAILS(EINVAL, mmapx_lock(&m, 0, 1, 4 | MMAPX_LOCK_ONFAULT));
    FAILS(EINVAL, mmapx_lock(&m, 0, 0, INT_MIN));
    FAILS(EINVAL, mmapx_lock(&m, 0, m.len + 1, 0));
    FAILS(EINVAL, mmapx_lock(&m, SIZE_MAX, 2, 0));
    FAILS(EINVAL, mmapx_unlock(&m, 1, m.len));
    FAILS(EINVAL, mmapx_unlock(&m, SIZE_MAX, 1));
    OK(mmapx_lock(&m, 3, 0, 0));
    OK(mmapx_lock(&m, 3, 0, MMAPX_LOCK_ONFAULT));
    OK(mmapx_unlock(&m, m.len, MMAPX_TO_END));
}
END_TEST

/* Linux 5.10 says EAGAIN of memory without access, as of too little memory. */
static bool
is_said_otherwise(void)
{
    return errno == EAGAIN && !mmapx_advice_supported(MMAPX_MADV_POPULATE_READ);
}

/* The kernel leaves a range marked although it could not lock it. */
static void
check_failed_lock(const struct mmapx *m, int flags)
{
    size_t before = locked_now();

    errno = 0;
    ck_assert_int_eq(mmapx_lock(m, 0, MMAPX_TO_END, flags), -1);
    if (errno == EPERM)
        SKIP("RLIMIT_MEMLOCK is 0");
    /* The test's file has no name, and only root finds its end without one. */
    if ((errno != EFAULT || geteuid() == 0) && !is_said_otherwise())
        ck_assert_int_eq(errno, ENOMEM);
    ck_assert_uint_eq(locked_now(), before);
}

/* What comes in by itself is locked, and what never does is no error. */
static void
check_lock_on_fault(const struct mmapx *m)
{
    size_t limit;

    OK(mmapx_lock_limit(&limit, NULL));
    if (mmapx_lock(m, 0, MMAPX_TO_END, MMAPX_LOCK_ONFAULT) != 0)
        ck_assert(errno == ENOTSUP || limit < (size_t)1 << 20);
}

START_TEST(past_the_end_of_the_file)
{
    int fd = temp_file(page_size());
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 0, 3 * page_size(), PROT_READ, MAP_SHARED));
    check_failed_lock(&m, 0);
    check_lock_on_fault(&m);
}
END_TEST

START_TEST(no_access)
{
    struct mmapx m;

    OK(mmapx_map_anon(&m, 2 * page_size(), PROT_NONE, MAP_PRIVATE));
    check_failed_lock(&m, 0);
    check_lock_on_fault(&m);
}
END_TEST

START_TEST(a_gap)
{
    size_t page = page_size();
    struct mmapx m = anonymous(3);
    size_t before = locked_now();

    need_native();
    ck_assert_int_eq(munmap((char *)m.addr + page, page), 0);
    check_failed_lock(&m, 0);
    FAILS(ENOMEM, mmapx_unlock(&m, 0, MMAPX_TO_END));
    ck_assert_uint_eq(locked_now(), before);
}
END_TEST

/* A device whose reads fail: the size of the file behind it is taken away. */
static struct mmapx
failing_device(size_t size)
{
    int file = temp_file(size);
    int fd = loop_device(file);
    struct mmapx m;

    need_native();
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    lose_backing(file, fd);
    return m;
}

/* Where there is none, the kernel brings in by itself what is locked. */
static void
need_lock_on_fault(void)
{
    struct mmapx m = anonymous(1);

    if (mmapx_lock(&m, 0, 1, MMAPX_LOCK_ONFAULT) != 0 && errno == ENOTSUP)
        SKIP("there is no lock on fault");
    OK(mmapx_unmap(&m));
}

/* mlock(2) never returns from that, and the test would time out. */
START_TEST(a_page_that_cannot_be_read)
{
    size_t size = 1 << 20;
    struct mmapx m = failing_device(size);
    size_t before = locked_now();
    struct mmapx view;

    need_lock_on_fault();
    FAILS(EFAULT, mmapx_lock(&m, size / 2, 1, 0));
    FAILS(EFAULT, mmapx_lock(&m, 0, MMAPX_TO_END, 0));
    OK(mmapx_view(&view, m.addr, m.len));
    FAILS(EFAULT, mmapx_lock(&view, 3, 10000, 0));
    OK(mmapx_protect(&m, 0, page_size(), PROT_READ));
    FAILS(EFAULT, mmapx_lock(&m, 0, MMAPX_TO_END, 0));
    ck_assert_uint_eq(locked_now(), before);
}
END_TEST

/* The new part of a locked mapping: what the kernel adds to one it brings in,
 * and never returns from that either. */
START_TEST(a_new_part_that_cannot_be_read)
{
    size_t page = page_size(), before = locked_now();
    size_t most = 64 * page;

    need_native();
    need_lock_on_fault();
    for (int i = 0; i < 4; i++) {
        int file = temp_file(most);
        int fd = loop_device(file);
        struct mmapx m;

        OK(mmapx_map_region(&m, fd, 0, page, PROT_READ | PROT_WRITE,
                            (i & 1) != 0 ? MAP_PRIVATE : MAP_SHARED));
        OK(mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_RANDOM));
        if ((i & 2) != 0)
            OK(mmapx_reserve(&m, most, MMAPX_RESIZE_MAYMOVE));
        lock_or_skip(&m, 0, MMAPX_TO_END, 0);
        lose_backing(file, fd);
        OK(mmapx_resize(&m, fd, most, MMAPX_RESIZE_MAYMOVE));
        ck_assert_uint_eq(locked_now(), before + most);
        FAILS(EFAULT, mmapx_populate(&m, most / 2, 1, MMAPX_POPULATE_READ));
        /* Once more, where the last page is locked on fault. */
        OK(mmapx_resize(&m, fd, most / 2, 0));
        OK(mmapx_resize(&m, fd, most, MMAPX_RESIZE_MAYMOVE));
        ck_assert_uint_eq(locked_now(), before + most);
        OK(mmapx_unmap(&m));
        close(fd);
    }
}
END_TEST

/* A second mapping of what is locked is brought in by the kernel as well. */
START_TEST(locked_pages_that_cannot_be_read_again)
{
    struct mmapx m;
    size_t size = 1 << 20;
    int file = temp_file(size);
    int fd = loop_device(file);

    need_native();
    if (!mmapx_advice_supported(MMAPX_MADV_DONTNEED_LOCKED))
        SKIP("locked pages cannot be dropped here");
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    locked_now();
    lock_or_skip(&m, 0, MMAPX_TO_END, 0);
    OK(mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_DONTNEED_LOCKED));
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    lose_backing(file, fd);
    FAILS(EFAULT, mmapx_populate(&m, size / 2, MMAPX_TO_END,
                                 MMAPX_POPULATE_READ));
}
END_TEST

/* Each page of a private mapping is the process's own afterwards. */
START_TEST(private_pages_are_copied)
{
    size_t page = page_size();
    int fd = temp_file(3 * page);
    struct mmapx m;

    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    locked_now();
    lock_or_skip(&m, 0, MMAPX_TO_END, 0);
    ck_assert_int_eq(pwrite(fd, "changed", 7, (off_t)page), 7);
    check_pattern(m.addr, 0, m.len);
    OK(mmapx_unlock(&m, 0, MMAPX_TO_END));
    check_pattern(m.addr, 0, m.len);
}
END_TEST

static bool
one_page_is_the_limit(void *arg)
{
    size_t page = page_size();
    size_t limit, before, after;
    int flags = *(int *)arg;
    struct mmapx m;

    return limit_memlock(page)
           && mmapx_map_anon(&m, 2 * page, PROT_READ, MAP_PRIVATE) == 0
           && mmapx_lock_limit(&limit, &before) == 0 && limit == page
           && mmapx_lock(&m, 0, 2 * page, flags) == -1 && errno == ENOMEM
           && mmapx_lock_limit(NULL, &after) == 0 && after == before;
}

static bool
nothing_may_be_locked(void *arg)
{
    int flags = *(int *)arg;
    struct mmapx m;

    return limit_memlock(0)
           && mmapx_map_anon(&m, 1, PROT_READ, MAP_PRIVATE) == 0
           && mmapx_lock(&m, 0, 1, flags) == -1 && errno == EPERM;
}

START_TEST(above_the_limit)
{
    int flags[] = { 0, MMAPX_LOCK_ONFAULT };

    need_memlock(page_size());
    locked_now();
    for (size_t i = 0; i < 2; i++) {
        struct mmapx m = anonymous(1);

        if (mmapx_lock(&m, 0, 1, flags[i]) != 0 && errno == ENOTSUP)
            continue;
        OK(mmapx_unmap(&m));
        ck_assert(in_child_as_nobody(one_page_is_the_limit, &flags[i]));
        ck_assert(in_child_as_nobody(nothing_may_be_locked, &flags[i]));
    }
}
END_TEST

static bool
the_soft_limit_is_told(void *arg)
{
    struct rlimit rl = { 3 * 65536, 5 * 65536 };
    size_t limit;

    (void)arg;
    return setrlimit(RLIMIT_MEMLOCK, &rl) == 0
           && mmapx_lock_limit(&limit, NULL) == 0 && limit == 3 * 65536;
}

START_TEST(the_soft_limit)
{
    need_memlock(5 * 65536);
    ck_assert(in_child(the_soft_limit_is_told, NULL));
}
END_TEST

START_TEST(the_limit)
{
    struct rlimit rl;
    size_t limit = 12345;
    size_t locked = 12345;

    int next = dup(0);

    close(next);
    OK(mmapx_lock_limit(NULL, NULL));
    OK(mmapx_lock_limit(&limit, NULL));
    ck_assert_int_eq(getrlimit(RLIMIT_MEMLOCK, &rl), 0);
    if (rl.rlim_cur == RLIM_INFINITY)
        ck_assert_uint_eq(limit, SIZE_MAX);
    else
        ck_assert_uint_eq(limit, rl.rlim_cur);
    if (mmapx_lock_limit(&limit, &locked) == 0)
        ck_assert_uint_ne(locked, 12345);
    ck_assert_int_eq(dup(0), next); /* /proc was closed */
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("lock");

    ADD_TEST(s, three_bytes_lock_their_page);
    ADD_TEST(s, a_lock_brings_pages_in);
    ADD_TEST(s, a_locked_file_that_grows);
    ADD_TEST(s, on_fault);
    ADD_TEST(s, locks_do_not_nest);
    ADD_TEST(s, bad_arguments);
    ADD_TEST(s, past_the_end_of_the_file);
    ADD_TEST(s, no_access);
    ADD_TEST(s, a_gap);
    ADD_TEST(s, a_page_that_cannot_be_read);
    ADD_TEST(s, a_new_part_that_cannot_be_read);
    ADD_TEST(s, locked_pages_that_cannot_be_read_again);
    ADD_TEST(s, private_pages_are_copied);
    ADD_TEST(s, above_the_limit);
    ADD_TEST(s, the_limit);
    ADD_TEST(s, the_soft_limit);
    return s;
}
