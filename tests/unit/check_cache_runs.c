/* SPDX-License-Identifier: MIT */
/*
 * The runs of a file against what mincore(2) says of each page, whichever way
 * the search takes: the clock that decides is the test's own, and so is whether
 * the system has cachestat(2).
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

#include "fake_os.h"
#include "internal.h"

enum { PAGES = 20000 };

/* How the search is made to go. */
static const struct way {
    const char *name;
    bool no_cachestat;
    uint64_t tick;
} ways[] = {
    { "by the real clock", false, UINT64_MAX },
    { "always counting", false, 0 },
    { "never counting for long", false, 10000000 },
    { "now one and now the other", false, 3000 },
    { "mincore alone", true, UINT64_MAX },
};

enum { WAYS = sizeof ways / sizeof ways[0] };

/* The way number i; 0 if the system lacks what it needs. */
static bool
take_way(int fd, size_t i)
{
    struct mmapx_cache c;

    fake_reset();
    OK(mmapx_cache_stat(fd, 0, -1, &c));
    if (!ways[i].no_cachestat && (c.known & MMAPX_CACHE_DIRTY) == 0)
        return false;
    fake_has_no_cachestat = ways[i].no_cachestat;
    fake_tick = ways[i].tick;
    return true;
}

/* In memory, where the system evicts nothing while a test looks. */
static int
memory_file(void)
{
#ifdef __linux__
    int fd = (int)syscall(SYS_memfd_create, "test", 0);

    if (fd >= 0)
        return fd;
#endif
    return temp_file(0);
}

/* Write a stretch of a file, so that its pages are cached. */
static void
put(int fd, size_t first, size_t pages)
{
    size_t page = page_size();
    char *buf = calloc(pages, page);

    ck_assert_ptr_nonnull(buf);
    ck_assert_int_eq(pwrite(fd, buf, pages * page, (off_t)(first * page)),
                     (ssize_t)(pages * page));
    free(buf);
}

/* Everything at once: nothing, all, disorder, small groups, a last page that is
 * not whole. */
static int
mixed_file(void)
{
    size_t page = page_size();
    int fd = memory_file();

    srandom(1);
    ck_assert_int_eq(ftruncate(fd, (off_t)(PAGES * page - 7)), 0);
    put(fd, 3000, 3000);
    for (size_t i = 6000; i < 9000; i++)
        if (random() % 2 == 0)
            put(fd, i, 1);
    for (size_t i = 9000; i < 15000; i++)
        if (random() % 100 == 0)
            put(fd, i, 1);
    put(fd, 15000, 200);
    put(fd, 15201, 2);
    put(fd, PAGES - 2, 1);
    return fd;
}

/* Assert that the runs of bytes off to end are those of vec, asking for room at
 * a time. */
static void
check_runs(int fd, const unsigned char *vec, int64_t off, int64_t end,
           size_t room, const char *way)
{
    struct mmapx_cache_run *runs = malloc(room * sizeof *runs);
    int64_t page = (int64_t)page_size();
    int64_t at = off;
    int last = -1;

    ck_assert_ptr_nonnull(runs);
    while (at < end) {
        size_t n = room;

        OK(mmapx_cache_runs(fd, at, end - at, runs, &n));
        ck_assert_msg(n > 0 && n <= room, "%s: %zu runs", way, n);
        for (size_t i = 0; i < n; i++) {
            ck_assert_msg(runs[i].off == at && runs[i].len > 0,
                          "%s: a gap at byte %lld", way, (long long)at);
            ck_assert_msg(runs[i].cached != last,
                          "%s: one run in two at byte %lld", way,
                          (long long)at);
            at += runs[i].len;
            last = runs[i].cached;
            ck_assert_msg(at == end || at % page == 0,
                          "%s: a run ends at byte %lld", way, (long long)at);
            for (int64_t p = runs[i].off / page; p <= (at - 1) / page; p++)
                ck_assert_msg(vec[p] == last, "%s: page %lld", way,
                              (long long)p);
        }
    }
    ck_assert_int_eq(at, end);
    free(runs);
}

/* Some file systems do not keep what was written as it was written: the model
 * is asked of the kernel. */
static void
look(int fd, unsigned char *vec, size_t n)
{
    struct mmapx m;

    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    OK(mmapx_residency(&m, 0, MMAPX_TO_END, vec, n));
    OK(mmapx_unmap(&m));
}

START_TEST(every_way_and_room)
{
    static const size_t rooms[] = { 2, 3, 100, 1000, 10000 };
    static unsigned char vec[PAGES];
    int64_t page = (int64_t)page_size();
    int64_t size = PAGES * page - 7;
    int fd = mixed_file();

    look(fd, vec, PAGES);
    for (size_t i = 0; i < WAYS; i++) {
        if (!take_way(fd, i))
            continue;
        for (size_t k = 0; k < sizeof rooms / sizeof rooms[0]; k++)
            check_runs(fd, vec, 0, size, rooms[k], ways[i].name);
        check_runs(fd, vec, 2999 * page + 5, 3000 * page + 1, 4,
                   ways[i].name);
        check_runs(fd, vec, 6000 * page + 17, 9000 * page - 17, 100,
                   ways[i].name);
    }
}
END_TEST

/* One run at a time: another search, with the same answer. */
START_TEST(run_after_run)
{
    static unsigned char vec[PAGES];
    int64_t page = (int64_t)page_size();
    int64_t size = PAGES * page - 7;
    int fd = mixed_file();
    size_t walked = 0;

    look(fd, vec, PAGES);
    for (size_t i = 0; i < WAYS; i++) {
        struct mmapx_cache_run run = { 0, 0, 0 };
        int64_t at = 0;

        if (!take_way(fd, i))
            continue;
        for (; at < size; at += run.len, walked++) {
            OK(mmapx_cache_run(fd, at, &run));
            ck_assert_int_eq(run.off, at);
            ck_assert_int_gt(run.len, 0);
            for (int64_t p = at / page; p * page < at + run.len; p++)
                ck_assert_int_eq(vec[p], run.cached);
            if (at + run.len < size)
                ck_assert_int_ne(vec[(at + run.len) / page], run.cached);
        }
        OK(mmapx_cache_run(fd, at, &run));
        ck_assert_int_eq(run.off, size);
        ck_assert_int_eq(run.len, 0);
    }
    ck_assert_uint_gt(walked, 3);
}
END_TEST

/* A file that is nowhere costs next to nothing, and one that is everywhere in
 * order not much more. */
START_TEST(few_questions)
{
    enum { MANY = 1 << 20 };
    int64_t page = (int64_t)page_size();
    struct mmapx_cache_run runs[4];
    size_t n = 4;
    int fd = memory_file();

    ck_assert_int_eq(ftruncate(fd, (off_t)(MANY * page)), 0);
    if (!take_way(fd, 1))
        SKIP("no cachestat(2) here");
    fake_reset();
    fake_tick = 0;
    OK(mmapx_cache_runs(fd, 0, -1, runs, &n));
    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(runs[0].cached, 0);
    ck_assert_int_eq(runs[0].len, MANY * page);
    ck_assert_int_le(fake_count(FAKE_CACHESTAT), 32);
    ck_assert_int_eq(fake_count(FAKE_MINCORE), 0);

    /* A single page in it: a few hundred, and no walk through all. */
    put(fd, 777777, 1);
    n = 4;
    fake_reset();
    fake_tick = 0;
    OK(mmapx_cache_runs(fd, 0, -1, runs, &n));
    ck_assert_uint_eq(n, 3);
    ck_assert_int_eq(runs[1].off, 777777 * page);
    ck_assert_int_eq(runs[1].len, page);
    ck_assert_int_le(fake_count(FAKE_CACHESTAT), 200);
    ck_assert_int_eq(fake_count(FAKE_MINCORE), 0);
}
END_TEST

/* Where counting is slow, mincore does the work, but for a look now and then
 * whether that is still so. */
START_TEST(mincore_in_disorder)
{
    int fd = memory_file();
    struct mmapx_cache_run *runs = calloc(PAGES, sizeof *runs);
    size_t n = PAGES;

    ck_assert_ptr_nonnull(runs);
    for (size_t i = 1; i < PAGES; i += 2)
        put(fd, i, 1);
    if (!take_way(fd, 2))
        SKIP("no cachestat(2) here");
    fake_reset();
    fake_tick = 10000000;
    OK(mmapx_cache_runs(fd, 0, -1, runs, &n));
    ck_assert_uint_eq(n, PAGES);
    ck_assert_int_le(fake_count(FAKE_CACHESTAT), 3);
    ck_assert_int_le(fake_count(FAKE_MINCORE), 16);

    /* By mincore alone, in stretches that grow. */
    n = PAGES;
    fake_reset();
    fake_has_no_cachestat = true;
    OK(mmapx_cache_runs(fd, 0, -1, runs, &n));
    ck_assert_int_le(fake_count(FAKE_MINCORE), 16);

    /* A single run, for which little of all that is counted. */
    fake_reset();
    OK(mmapx_cache_run(fd, 5 * (int64_t)page_size(), runs));
    ck_assert_int_le(fake_count(FAKE_CACHESTAT), 3);
    ck_assert_int_eq(fake_count(FAKE_MINCORE), 0);
    free(runs);
}
END_TEST

/* Order behind disorder is noticed at once, and other disorder looked into now
 * and then. */
START_TEST(order_and_disorder)
{
    enum { DISORDER = 40 * 4096, ORDER = 1 << 20 };
    int64_t page = (int64_t)page_size();
    struct mmapx_cache_run *runs = calloc(DISORDER, sizeof *runs);
    size_t n = DISORDER;
    int fd = memory_file();
    int counts, looks;

    if (page > 16384)
        SKIP("with pages this large it takes gigabytes");
    ck_assert_ptr_nonnull(runs);
    for (size_t i = 1; i < DISORDER; i += 2)
        put(fd, i, 1);
    ck_assert_int_eq(ftruncate(fd, (off_t)((DISORDER + ORDER) * page)), 0);
    if (!take_way(fd, 2))
        SKIP("no cachestat(2) here");
    fake_tick = 10000000;
    OK(mmapx_cache_runs(fd, 0, DISORDER * page, runs, &n));
    counts = fake_count(FAKE_CACHESTAT);
    looks = fake_count(FAKE_MINCORE);
    ck_assert_uint_eq(n, DISORDER);
    ck_assert_int_ge(counts, 2);
    ck_assert_int_le(counts, 5);

    n = DISORDER;
    OK(mmapx_cache_runs(fd, 0, -1, runs, &n));
    ck_assert_int_le(fake_count(FAKE_CACHESTAT), 2 * counts + 20);
    n = 3;
    OK(mmapx_cache_runs(fd, (DISORDER - 2) * page, -1, runs, &n));
    ck_assert_uint_eq(n, 3);
    ck_assert_int_eq(runs[2].len, ORDER * page);
    ck_assert_int_le(fake_count(FAKE_MINCORE), 2 * looks + 10);
    free(runs);
}
END_TEST

/* Errors in the middle come through, and leave the caller's variables alone. */
START_TEST(failures_on_the_way)
{
    struct mmapx_cache_run runs[4];
    struct mmapx_cache_run run = { 5, 6, 7 };
    size_t n = 4;
    int fd = mixed_file();

    if (!take_way(fd, 1))
        SKIP("no cachestat(2) here");
    for (int nth = 2; nth < 40; nth++) {
        fake_reset();
        fake_tick = 0;
        fake_fail(FAKE_CACHESTAT, EPERM, nth);
        n = 4;
        if (mmapx_cache_runs(fd, 0, -1, runs, &n) == 0)
            break;
        ck_assert_int_eq(errno, EPERM);
        ck_assert_uint_eq(n, 4);
        fake_reset();
        fake_fail(FAKE_CACHESTAT, EPERM, nth);
        if (mmapx_cache_run(fd, 0, &run) == -1) {
            ck_assert_int_eq(errno, EPERM);
            ck_assert_int_eq(run.off, 5);
            ck_assert_int_eq(run.len, 6);
            ck_assert_int_eq(run.cached, 7);
        }
    }
    ck_assert_int_gt(fake_count(FAKE_CACHESTAT), 10);

}
END_TEST

struct listing {
    int fd;
    const unsigned char *vec;
};

/* By all ways alike. */
static bool
is_listed(void *arg)
{
    const struct listing *l = arg;
    int64_t size = PAGES * (int64_t)page_size() - 7;

    for (size_t i = 0; i < WAYS; i++)
        if (take_way(l->fd, i))
            check_runs(l->fd, l->vec, 0, size, 100, ways[i].name);
    return true;
}

static bool
descriptor_is_listed(void *arg)
{
    const struct listing *l = arg;
    int64_t size = PAGES * (int64_t)page_size() - 7;

    for (size_t i = 0; i < WAYS; i++)
        if (!ways[i].no_cachestat && take_way(l->fd, i))
            check_runs(l->fd, l->vec, 0, size, 100, ways[i].name);
    return true;
}

/* Who may write, though not by the mode, is told; and so is he by cachestat(2)
 * alone whose descriptor can write. */
START_TEST(rights_beside_the_mode)
{
    static unsigned char vec[PAGES];
    char path[64];
    int fd = mixed_file();
    struct listing l = { .vec = vec };

    if (!is_root())
        SKIP("it takes root to be somebody else");
    look(fd, vec, PAGES);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    l.fd = open(path, O_RDONLY);
    if (l.fd < 0)
        SKIP("no /proc to open a file again by");
    ck_assert_int_eq(fchmod(fd, 0644), 0);
    set_acl(fd, 65534, 6);
    ck_assert(in_child_as_nobody(is_listed, &l));
    if (!take_way(fd, 0))
        SKIP("no cachestat(2) here");
    ck_assert_int_eq(fchmod(fd, 0600), 0);
    set_acl(fd, 65534, 4);
    ck_assert(in_child_as_nobody(descriptor_is_listed, &(struct listing){
                                                           fd, vec }));
}
END_TEST

/* What cannot be mapped is counted, however long that takes. */
START_TEST(not_to_be_mapped)
{
    static unsigned char vec[PAGES];
    char path[64];
    int fd = mixed_file();
    int wo;

    if (!take_way(fd, 1))
        SKIP("no cachestat(2) here");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    wo = open(path, O_WRONLY);
    if (wo < 0)
        SKIP("no /proc to open a file again by");
    look(fd, vec, PAGES);
    fake_reset();
    fake_tick = 10000000;
    check_runs(wo, vec, 0, PAGES * (int64_t)page_size() - 7, PAGES,
               "not to be mapped");
    ck_assert_int_eq(fake_count(FAKE_MINCORE), 0);
    ck_assert_int_eq(fake_count(FAKE_MMAP), 1);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("cache_runs");

    ADD_TEST(s, every_way_and_room);
    ADD_TEST(s, run_after_run);
    ADD_TEST(s, few_questions);
    ADD_TEST(s, mincore_in_disorder);
    ADD_TEST(s, order_and_disorder);
    ADD_TEST(s, failures_on_the_way);
    ADD_TEST(s, rights_beside_the_mode);
    ADD_TEST(s, not_to_be_mapped);
    return s;
}
