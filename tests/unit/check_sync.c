/* SPDX-License-Identifier: MIT */
/* Writing back; that it failed, on a device that really fails. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(any_range)
{
    size_t page = page_size();
    int fd = temp_file(3 * page);
    int flags[] = { MS_SYNC, MS_ASYNC, MS_SYNC | MS_INVALIDATE,
                    MS_ASYNC | MS_INVALIDATE };
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 10, MMAPX_TO_END, PROT_READ | PROT_WRITE,
                        MAP_SHARED));
    for (size_t i = 0; i < 4; i++) {
        memset((char *)m.addr + page, 'x', 3);
        OK(mmapx_sync(&m, page, 3, flags[i]));
        OK(mmapx_sync(&m, page - 11, 2, flags[i]));
        OK(mmapx_sync(&m, 0, MMAPX_TO_END, flags[i]));
        OK(mmapx_sync(&m, 5, 0, flags[i]));
        OK(mmapx_sync(&m, m.len, MMAPX_TO_END, flags[i]));
    }
    OK(mmapx_sync_file(&m, fd, page, 3));
    OK(mmapx_sync_file(&m, fd, 0, MMAPX_TO_END));
    OK(mmapx_sync_reset(&m));
}
END_TEST

START_TEST(mappings_with_nothing_to_write)
{
    int fd = temp_file(100);
    struct mmapx m;

    need_the_kernel();
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    OK(mmapx_sync(&m, 0, MMAPX_TO_END, MS_SYNC));
    OK(mmapx_unmap(&m));
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    OK(mmapx_sync(&m, 0, MMAPX_TO_END, MS_SYNC));
    OK(mmapx_unmap(&m));
    OK(mmapx_map_anon(&m, 100, PROT_NONE, MAP_PRIVATE));
    OK(mmapx_sync(&m, 0, MMAPX_TO_END, MS_SYNC));
}
END_TEST

START_TEST(bad_flags)
{
    int fd = temp_file(100);
    int bad[] = { MS_SYNC | MS_ASYNC, MS_INVALIDATE,
                  MS_SYNC | MS_ASYNC | MS_INVALIDATE, 0, 0x40,
                  MS_SYNC | 0x40, -1 };
    struct mmapx m;

    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        /* Where MS_SYNC is 0, some of these are not bad. */
        if (bad[i] == MS_SYNC || bad[i] == MS_ASYNC
            || bad[i] == (MS_SYNC | MS_INVALIDATE))
            continue;
        FAILS(EINVAL, mmapx_sync(&m, 0, MMAPX_TO_END, bad[i]));
        FAILS(EINVAL, mmapx_sync(&m, 0, 0, bad[i]));
    }
}
END_TEST

START_TEST(bad_ranges)
{
    int fd = temp_file(100);
    struct mmapx m;

    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    FAILS(EINVAL, mmapx_sync(&m, 0, 101, MS_SYNC));
    FAILS(EINVAL, mmapx_sync(&m, 101, 0, MS_SYNC));
    FAILS(EINVAL, mmapx_sync(&m, SIZE_MAX, 2, MS_SYNC));
    FAILS(EINVAL, mmapx_sync(&m, 1, SIZE_MAX - 1, MS_SYNC));
    FAILS(EINVAL, mmapx_sync_file(&m, fd, 0, 101));
}
END_TEST

START_TEST(bad_descriptors)
{
    int fd = temp_file(100);
    struct mmapx m;
    int ends[2];

    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    OK(pipe(ends));
    FAILS(EBADF, mmapx_sync_file(&m, -1, 0, MMAPX_TO_END));
    FAILS(EBADF, mmapx_sync_file(&m, -1, 0, 0));
    FAILS(EINVAL, mmapx_sync_file(NULL, -1, 0, 0));
    FAILS(EINVAL, mmapx_sync_file(&m, ends[0], 0, MMAPX_TO_END));
#ifdef O_PATH
    FAILS(EBADF, mmapx_sync_file(&m, open(".", O_PATH), 0, MMAPX_TO_END));
#endif
    close(fd);
    FAILS(EBADF, mmapx_sync_file(&m, fd, 0, MMAPX_TO_END));
    /* None of these was the disk's fault. */
    OK(mmapx_sync(&m, 0, MMAPX_TO_END, MS_SYNC));
}
END_TEST

START_TEST(a_gap)
{
    size_t page = page_size();
    struct mmapx m;

    need_the_kernel();
    OK(mmapx_map_anon(&m, 3 * page, PROT_READ, MAP_SHARED));
    ck_assert_int_eq(munmap((char *)m.addr + page, page), 0);
    FAILS(ENOMEM, mmapx_sync(&m, 0, MMAPX_TO_END, MS_SYNC));
    OK(mmapx_sync(&m, 0, page, MS_SYNC));
}
END_TEST

START_TEST(invalidating_locked_pages)
{
    int fd = temp_file(100);
    struct mmapx m;

    if (under_sanitizer())
        SKIP("the sanitizer makes mlock(2) do nothing");
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    if (mmapx_lock(&m, 0, MMAPX_TO_END, 0) != 0)
        SKIP("RLIMIT_MEMLOCK does not allow one page");
    FAILS(EBUSY, mmapx_sync(&m, 0, MMAPX_TO_END, MS_SYNC | MS_INVALIDATE));
    FAILS(EBUSY, mmapx_sync(&m, 0, 3, MS_ASYNC | MS_INVALIDATE));
    OK(mmapx_sync(&m, 0, MMAPX_TO_END, MS_SYNC));
    OK(mmapx_unlock(&m, 0, MMAPX_TO_END));
    OK(mmapx_sync(&m, 0, MMAPX_TO_END, MS_SYNC | MS_INVALIDATE));
}
END_TEST

/* tmpfs moves the time at the first store to a page, and never again. */
START_TEST(the_time_of_the_last_change)
{
    int fd = tiny_tmpfs_file(1 << 20);
    struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
    struct stat sb;
    struct mmapx m, reader;

    ck_assert_int_eq(ftruncate(fd, 4096), 0);
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    OK(mmapx_map(&reader, fd, PROT_READ, MAP_SHARED));
    *(char *)m.addr = 'a';
    ck_assert_int_eq(futimens(fd, old), 0);
    *(char *)m.addr = 'b';
    ck_assert_int_eq(fstat(fd, &sb), 0);
    ck_assert_int_eq(sb.st_mtime, 1000);
    OK(mmapx_sync_file(&reader, fd, 0, MMAPX_TO_END));
    ck_assert_int_eq(fstat(fd, &sb), 0);
    ck_assert_int_eq(sb.st_mtime, 1000);
    OK(mmapx_sync_file(&m, fd, 0, MMAPX_TO_END));
    ck_assert_int_eq(fstat(fd, &sb), 0);
    ck_assert_int_gt(sb.st_mtime, 1000);
    ck_assert_int_eq(sb.st_atime, 1000);
}
END_TEST

/* A block device of 4 MiB over a file in a tmpfs of 1 MiB: it takes writes
 * into the page cache and has no room for them afterwards.  All of it is cached
 * from the start: Linux 5.10 needs room also to read holes for a device. */
static int
failing_device(void)
{
    enum { SIZE = 4 << 20 };
    static const char zeros[SIZE];
    int file, device;

    if (!is_root())
        SKIP("it takes root to make a device that fails");
    file = tiny_tmpfs_file(1 << 20);
    ck_assert_int_eq(ftruncate(file, SIZE), 0);
    device = loop_device(file);
    ck_assert_int_eq(pwrite(device, zeros, SIZE, 0), SIZE);
    return device;
}

START_TEST(a_failed_write_back_is_sticky)
{
    int fd = failing_device();
    struct mmapx m;
    int error;

    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    memset(m.addr, 'x', m.len);
    errno = 0;
    ck_assert_int_eq(mmapx_sync(&m, 0, MMAPX_TO_END, MS_SYNC), -1);
    error = errno;
    ck_assert(error == EIO || error == ENOSPC);
    /* The kernel has forgotten; the handle has not. */
    ck_assert_int_eq(msync(m.addr, m.len, MS_SYNC), 0);
    FAILS(error, mmapx_sync(&m, 0, 1, MS_SYNC));
    FAILS(error, mmapx_sync(&m, 0, 1, MS_ASYNC));
    FAILS(error, mmapx_sync(&m, 0, 0, MS_SYNC));
    FAILS(error, mmapx_sync_file(&m, fd, 0, 1));
    FAILS(EINVAL, mmapx_sync(&m, 0, 1, MS_SYNC | MS_ASYNC));
    OK(mmapx_sync_reset(&m));
    OK(mmapx_sync(&m, 0, 1, MS_SYNC));
}
END_TEST

/* The kernel tells each open file once, whichever mapping asks: the others of
 * it have to be told by the library. */
static void
check_one_loss(int fd, int other_fd)
{
    struct mmapx a, b, young;
    int error;

    OK(mmapx_map_region(&a, fd, 0, 2 << 20, PROT_READ | PROT_WRITE,
                        MAP_SHARED));
    OK(mmapx_map_region(&b, other_fd, 2 << 20, 2 << 20, PROT_READ | PROT_WRITE,
                        MAP_SHARED));
    memset(a.addr, 'a', a.len);
    memset(b.addr, 'b', b.len);
    sync(); /* somebody writes it all back, and nobody is told */
    errno = 0;
    ck_assert_int_eq(mmapx_sync(&a, 0, MMAPX_TO_END, MS_SYNC), -1);
    error = errno;
    ck_assert_int_eq(mmapx_sync(&b, 0, MMAPX_TO_END, MS_SYNC), -1);
    FAILS(error, mmapx_sync_file(&b, other_fd, 0, MMAPX_TO_END));
    OK(mmapx_map_region(&young, fd, 0, 1, PROT_READ, MAP_SHARED));
    OK(mmapx_sync(&young, 0, MMAPX_TO_END, MS_SYNC));

    OK(mmapx_sync_reset(&a));
    OK(mmapx_sync(&a, 0, 1, MS_SYNC));
    FAILS(error, mmapx_sync(&b, 0, 1, MS_SYNC));
    OK(mmapx_sync_reset(&b));
    OK(mmapx_sync(&b, 0, 1, MS_SYNC));
    OK(mmapx_sync(&a, 0, 1, MS_SYNC));
}

START_TEST(a_loss_is_every_mappings)
{
    int fd = failing_device();

    check_one_loss(fd, fd);
}
END_TEST

START_TEST(a_loss_by_two_descriptors)
{
    char path[32];
    int fd = failing_device();
    int other;

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    other = open(path, O_RDWR);
    ck_assert_int_ge(other, 0);
    check_one_loss(fd, other);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("sync");

    ADD_TEST(s, any_range);
    ADD_TEST(s, mappings_with_nothing_to_write);
    ADD_TEST(s, bad_flags);
    ADD_TEST(s, bad_ranges);
    ADD_TEST(s, bad_descriptors);
    ADD_TEST(s, a_gap);
    ADD_TEST(s, invalidating_locked_pages);
    ADD_TEST(s, the_time_of_the_last_change);
    ADD_TEST(s, a_failed_write_back_is_sticky);
    ADD_TEST(s, a_loss_is_every_mappings);
    ADD_TEST(s, a_loss_by_two_descriptors);
    return s;
}
