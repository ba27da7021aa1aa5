/* SPDX-License-Identifier: MIT */
/* Reading ahead: what is begun, what is left out, and what is refused. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FILE_SIZE = 4 << 20 };

/* Pages that are in the cache or on their way into it, of which only
 * cachestat(2) tells. */
static uint64_t
begun(int fd, int64_t off, int64_t len)
{
    struct mmapx_cache c;

    OK(mmapx_cache_stat(fd, off, len, &c));
    if ((c.known & MMAPX_CACHE_DIRTY) == 0)
        SKIP("no cachestat(2) here");
    return c.cached;
}

/* A file on a disk, nothing of which is cached. */
static int
cold_file(void)
{
    int fd = temp_file(FILE_SIZE);

    ck_assert_int_eq(fsync(fd), 0);
    OK(mmapx_cache_evict(fd, 0, -1));
    if (begun(fd, 0, -1) != 0)
        SKIP("this file system does not evict (tmpfs has nowhere to)");
    return fd;
}

/* The places are there, and what is far from them is not. */
static void
check_places(int fd, const int64_t *places, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_uint_eq(begun(fd, places[i], 1), 1);
    ck_assert_uint_eq(begun(fd, FILE_SIZE / 2, 1), 0);
    ck_assert_uint_le(begun(fd, 0, -1) * page_size(), FILE_SIZE / 2);
}

START_TEST(places_of_a_mapping)
{
    static const int64_t places[] = { FILE_SIZE - 1, 5, 3 * FILE_SIZE / 4 };
    struct mmapx_range ranges[3];
    int fd = cold_file();
    struct mmapx m;

    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    for (size_t i = 0; i < 3; i++)
        ranges[i] = (struct mmapx_range){ (size_t)places[i], 1 };
    OK(mmapx_prefetch(&m, ranges, 3));
    check_places(fd, places, 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(((unsigned char *)m.addr)[places[i]],
                         pattern((size_t)places[i]));

    /* Once more costs nothing, and changes nothing. */
    OK(mmapx_prefetch(&m, ranges, 3));
    check_places(fd, places, 3);
}
END_TEST

START_TEST(places_of_a_file)
{
    static const int64_t places[] = { FILE_SIZE - 1, 5, 3 * FILE_SIZE / 4 };
    struct mmapx_cache_range ranges[5] = {
        { FILE_SIZE - 1, -1 }, { FILE_SIZE, 1 }, { INT64_MAX, 0 },
        { 5, 1 }, { 3 * FILE_SIZE / 4, 1 },
    };
    int fd = cold_file();

    OK(mmapx_cache_prefetch(fd, ranges, 5));
    check_places(fd, places, 3);
}
END_TEST

/* All of it, where one call of the system's would stop after a window.  Where
 * memory is short some of it may be missing. */
START_TEST(a_long_range)
{
    struct mmapx_range all = { 0, MMAPX_TO_END };
    struct mmapx_cache_range whole = { 0, -1 };
    uint64_t most = FILE_SIZE / page_size() / 10 * 9;
    int fd = cold_file();
    struct mmapx m;

    OK(mmapx_cache_prefetch(fd, &whole, 1));
    ck_assert_uint_ge(begun(fd, 0, -1), most);
    OK(mmapx_cache_evict(fd, 0, -1));
    OK(mmapx_map(&m, fd, PROT_READ, MAP_PRIVATE));
    OK(mmapx_prefetch(&m, &all, 1));
    ck_assert_uint_ge(begun(fd, 0, -1), most);
}
END_TEST

/* Holes are not read, except for those close to the data. */
START_TEST(holes)
{
    struct mmapx_cache_range whole = { 0, -1 };
    int64_t size = 64 << 20;
    int fd = cold_file();

    ck_assert_int_eq(ftruncate(fd, 0), 0);
    ck_assert_int_eq(ftruncate(fd, size), 0);
    ck_assert_int_eq(pwrite(fd, "data", 4, size / 2), 4);
    ck_assert_int_eq(fsync(fd), 0);
    OK(mmapx_cache_evict(fd, 0, -1));
    OK(mmapx_cache_prefetch(fd, &whole, 1));
    if (begun(fd, 0, -1) * page_size() == (uint64_t)size)
        SKIP("this file system does not list its extents");
    ck_assert_uint_eq(begun(fd, size / 2, 1), 1);
    ck_assert_uint_le(begun(fd, 0, -1) * page_size(), 1 << 20);
}
END_TEST

/* Whatever cannot be read ahead is left to the touch. */
START_TEST(other_memory)
{
    struct mmapx_range all = { 0, MMAPX_TO_END };
    size_t page = page_size();
    int fd = temp_file(page + 1);
    struct mmapx m, view;

    OK(mmapx_map_region(&m, fd, 0, 9 * page, PROT_NONE, MAP_SHARED));
    OK(mmapx_prefetch(&m, &all, 1));
    OK(mmapx_unmap(&m));

    OK(mmapx_map_anon(&m, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    OK(mmapx_view(&view, (char *)m.addr + 1, page));
    memset(m.addr, 7, m.len);
    OK(mmapx_prefetch(&m, &all, 1));
    OK(mmapx_prefetch(&view, &all, 1));
    ck_assert_int_eq(((char *)m.addr)[m.len - 1], 7);
    OK(mmapx_unmap(&m));

    OK(mmapx_map_region(&m, fd, 0, 0, PROT_READ, MAP_SHARED));
    OK(mmapx_prefetch(&m, &all, 1));
    all.len = 0;
    OK(mmapx_prefetch(&m, &all, 1));
    OK(mmapx_unmap(&m));
}
END_TEST

/* A place that the kernel refuses, among others. */
START_TEST(a_gap)
{
    size_t page = page_size();
    int fd = cold_file();
    struct mmapx_range ranges[3] = { { 0, 1 }, { 8 * page, 1 },
                                     { FILE_SIZE - 1, 1 } };
    struct mmapx m;

    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    ck_assert_int_eq(munmap((char *)m.addr + 8 * page, page), 0);
    OK(mmapx_prefetch(&m, ranges, 3));
    ck_assert_uint_eq(begun(fd, 0, 1), 1);
    ck_assert_uint_eq(begun(fd, FILE_SIZE - 1, 1), 1);
}
END_TEST

START_TEST(bad_ranges_of_a_mapping)
{
    int fd = cold_file();
    struct mmapx_range good[2] = { { 0, 1 }, { 1, MMAPX_TO_END } };
    static const struct mmapx_range bad[] = {
        { FILE_SIZE + 1, 0 }, { FILE_SIZE + 1, MMAPX_TO_END },
        { FILE_SIZE, 1 },     { 1, FILE_SIZE },
        { SIZE_MAX, 1 },      { 1, SIZE_MAX - 1 },
    };
    struct mmapx m, unmapped = MMAPX_INIT;

    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    FAILS(EINVAL, mmapx_prefetch(NULL, good, 1));
    FAILS(EINVAL, mmapx_prefetch(NULL, good, 0));
    FAILS(EINVAL, mmapx_prefetch(&unmapped, good, 1));
    FAILS(EINVAL, mmapx_prefetch(&unmapped, NULL, 0));
    FAILS(EINVAL, mmapx_prefetch(&m, NULL, 1));
    OK(mmapx_prefetch(&m, NULL, 0));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        good[1] = bad[i];
        FAILS(EINVAL, mmapx_prefetch(&m, good, 2));
    }
    ck_assert_uint_eq(begun(fd, 0, -1), 0);
}
END_TEST

START_TEST(bad_ranges_of_a_file)
{
    int fd = cold_file();
    struct mmapx_cache_range good[2] = { { 0, 1 }, { 0, 1 } };
    static const struct mmapx_cache_range bad[] = {
        { -1, 1 }, { -1, -1 }, { 0, -2 }, { 0, INT64_MIN },
        { INT64_MIN, 0 }, { INT64_MAX, 1 }, { 1, INT64_MAX },
    };

    FAILS(EINVAL, mmapx_cache_prefetch(fd, NULL, 1));
    OK(mmapx_cache_prefetch(fd, NULL, 0));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        good[1] = bad[i];
        FAILS(EINVAL, mmapx_cache_prefetch(fd, good, 2));
    }
    ck_assert_uint_eq(begun(fd, 0, -1), 0);
}
END_TEST

START_TEST(what_is_no_file)
{
    struct mmapx_cache_range all = { 0, -1 };
    int ends[2], dir = open("/", O_RDONLY);

    FAILS(EBADF, mmapx_cache_prefetch(-1, &all, 1));
    FAILS(EBADF, mmapx_cache_prefetch(-1, NULL, 0));
    ck_assert_int_eq(pipe(ends), 0);
    FAILS(ENODEV, mmapx_cache_prefetch(ends[0], &all, 1));
    ck_assert_int_ge(dir, 0);
    FAILS(ENODEV, mmapx_cache_prefetch(dir, &all, 1));
#ifdef O_PATH
    int handle = open("/bin/sh", O_PATH);

    ck_assert_int_ge(handle, 0);
    FAILS(EBADF, mmapx_cache_prefetch(handle, &all, 1));
    FAILS(EBADF, mmapx_cache_prefetch(handle, &(struct mmapx_cache_range){ 0 },
                                      1));
    FAILS(EBADF, mmapx_cache_prefetch(handle, NULL, 0));
#endif
}
END_TEST

START_TEST(huge_pages)
{
#ifdef MFD_HUGETLB
    struct mmapx_cache_range all = { 0, -1 };
    int fd = memfd_create("huge", MFD_HUGETLB);

    if (fd < 0)
        SKIP("no huge pages here");
    FAILS(ENOTSUP, mmapx_cache_prefetch(fd, &all, 1));
#else
    SKIP("no huge pages here");
#endif
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("prefetch");

    ADD_TEST(s, places_of_a_mapping);
    ADD_TEST(s, places_of_a_file);
    ADD_TEST(s, a_long_range);
    ADD_TEST(s, holes);
    ADD_TEST(s, other_memory);
    ADD_TEST(s, a_gap);
    ADD_TEST(s, bad_ranges_of_a_mapping);
    ADD_TEST(s, bad_ranges_of_a_file);
    ADD_TEST(s, what_is_no_file);
    ADD_HUGE_TEST(s, huge_pages);
    return s;
}
