/* SPDX-License-Identifier: MIT */
/* The page cache by descriptor: what is counted, loaded and evicted. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined __linux__
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

enum { PAGES = 8, FIRST = 3, LAST = 4 }; /* of which only these are cached */

enum {
    ALL_KNOWN = MMAPX_CACHE_CACHED | MMAPX_CACHE_DIRTY | MMAPX_CACHE_WRITEBACK
                | MMAPX_CACHE_EVICTED | MMAPX_CACHE_RECENTLY_EVICTED,
};

static void
write_page(int fd, size_t number)
{
    size_t page = page_size();
    char *buf = malloc(page);

    ck_assert_ptr_nonnull(buf);
    for (size_t i = 0; i < page; i++)
        buf[i] = (char)pattern(number * page + i);
    ck_assert_int_eq(pwrite(fd, buf, page, (off_t)(number * page)),
                     (ssize_t)page);
    free(buf);
}

/* A file of PAGES pages and a byte, a hole but for pages FIRST to LAST. */
static int
sparse_file(void)
{
    int fd = temp_file(0);

    ck_assert_int_eq(ftruncate(fd, (off_t)(PAGES * page_size() + 1)), 0);
    for (size_t i = FIRST; i <= LAST; i++)
        write_page(fd, i);
    return fd;
}

static uint64_t
cached(int fd, int64_t off, int64_t len)
{
    struct mmapx_cache c;

    OK(mmapx_cache_stat(fd, off, len, &c));
    ck_assert_uint_ne(c.known & MMAPX_CACHE_CACHED, 0);
    ck_assert_uint_le(c.cached, c.pages);
    return c.cached;
}

/* Out of the cache with a file, unless its file system is the cache. */
static void
need_eviction(int fd)
{
    ck_assert_int_eq(fsync(fd), 0);
    OK(mmapx_cache_evict(fd, 0, -1));
    if (cached(fd, 0, -1) != 0)
        SKIP("this file system does not evict (tmpfs has nowhere to)");
}

/* Some kernels take clean pages back at any time: what was loaded is looked at
 * so often, cold each time. */
enum { TRIES = 20 };

static void
load_cold(int fd, int64_t off, int64_t len, uint64_t pages)
{
    int tries = 0;

    do {
        ck_assert_int_lt(tries++, TRIES);
        OK(mmapx_cache_evict(fd, 0, -1));
        OK(mmapx_cache_load(fd, off, len));
    } while (cached(fd, off, len) != pages);
}

/* The same for a file that has data in so many pages, one every step bytes, the
 * first of them at off. */
static void
load_parts(int fd, int64_t off, int64_t step, size_t parts)
{
    size_t loaded;
    int tries = 0;

    do {
        ck_assert_int_lt(tries++, TRIES);
        OK(mmapx_cache_evict(fd, 0, -1));
        OK(mmapx_cache_load(fd, 0, -1));
        loaded = 0;
        while (loaded < parts
               && cached(fd, off + (int64_t)loaded * step, 1) == 1)
            loaded++;
    } while (loaded < parts);
}

/* --- Counting ------------------------------------------------------------- */

START_TEST(counts)
{
    int64_t page = (int64_t)page_size();
    int fd = sparse_file();
    struct mmapx_cache c;

    need_small_blocks(fd);
    memset(&c, 0xaa, sizeof c);
    OK(mmapx_cache_stat(fd, 0, -1, &c));
    ck_assert_uint_eq(c.pages, PAGES + 1);
    ck_assert_uint_eq(c.cached, 2);
    if (c.known == ALL_KNOWN) {
        ck_assert_uint_le(c.dirty, 2);
        ck_assert_uint_le(c.writeback, 2);
        ck_assert_uint_le(c.recently_evicted, c.evicted);
    } else {
        ck_assert_uint_eq(c.known, MMAPX_CACHE_CACHED);
        ck_assert_uint_eq(c.dirty + c.writeback, 0);
        ck_assert_uint_eq(c.evicted + c.recently_evicted, 0);
    }

    /* A page counts if a byte of it does. */
    OK(mmapx_cache_stat(fd, FIRST * page - 1, 2, &c));
    ck_assert_uint_eq(c.pages, 2);
    ck_assert_uint_eq(c.cached, 1);
    OK(mmapx_cache_stat(fd, FIRST * page + 7, 1, &c));
    ck_assert_uint_eq(c.pages, 1);
    ck_assert_uint_eq(c.cached, 1);
    OK(mmapx_cache_stat(fd, (LAST + 1) * page, 3, &c));
    ck_assert_uint_eq(c.pages, 1);
    ck_assert_uint_eq(c.cached, 0);
    OK(mmapx_cache_stat(fd, FIRST * page + 1, page, &c));
    ck_assert_uint_eq(c.pages, 2);
    ck_assert_uint_eq(c.cached, 2);

    /* There are no pages past the end, and none in nothing. */
    OK(mmapx_cache_stat(fd, PAGES * page, 100 * page, &c));
    ck_assert_uint_eq(c.pages, 1);
    /* Nor from the largest number to the end, on any width. */
    OK(mmapx_cache_stat(fd, page, (int64_t)MMAPX_TO_END, &c));
    ck_assert_uint_eq(c.pages, PAGES);
    OK(mmapx_cache_load(fd, INT64_MAX, (int64_t)MMAPX_TO_END));
    OK(mmapx_cache_evict(fd, INT64_MAX, (int64_t)MMAPX_TO_END));
    OK(mmapx_cache_stat(fd, PAGES * page + 1, -1, &c));
    ck_assert_uint_eq(c.pages, 0);
    OK(mmapx_cache_stat(fd, INT64_MAX, 0, &c));
    ck_assert_uint_eq(c.pages, 0);
    OK(mmapx_cache_stat(fd, FIRST * page + 1, 0, &c));
    ck_assert_uint_eq(c.pages, 0);
    ck_assert_uint_eq(c.cached, 0);
}
END_TEST

START_TEST(dirty_pages)
{
    int fd = temp_file(3 * page_size());
    struct mmapx_cache c;
    struct mmapx m;

    OK(mmapx_cache_stat(fd, 0, -1, &c));
    if ((c.known & MMAPX_CACHE_DIRTY) == 0)
        SKIP("no cachestat(2) here");
    need_eviction(fd);
    OK(mmapx_cache_stat(fd, 0, -1, &c));
    ck_assert_uint_eq(c.dirty + c.writeback, 0);
    /* FUSE hands on what is written, but not what is stored. */
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    *(volatile char *)m.addr = 'x';
    OK(mmapx_cache_stat(fd, 0, -1, &c));
    ck_assert_uint_ge(c.dirty + c.writeback, 1);
}
END_TEST

START_TEST(an_empty_file)
{
    int fd = temp_file(0);
    struct mmapx_cache c;
    struct mmapx_cache_run run;
    size_t n = 1;

    OK(mmapx_cache_stat(fd, 0, -1, &c));
    ck_assert_uint_eq(c.pages, 0);
    ck_assert_uint_eq(c.cached, 0);
    ck_assert_uint_eq(c.known, ALL_KNOWN);
    OK(mmapx_cache_run(fd, 0, &run));
    ck_assert_int_eq(run.off, 0);
    ck_assert_int_eq(run.len, 0);
    OK(mmapx_cache_runs(fd, 0, -1, &run, &n));
    ck_assert_uint_eq(n, 0);
    OK(mmapx_cache_load(fd, 0, -1));
    OK(mmapx_cache_evict(fd, 0, -1));
}
END_TEST

START_TEST(runs)
{
    int64_t page = (int64_t)page_size();
    int fd = sparse_file();
    struct mmapx_cache_run r[4];
    size_t n = 4;

    need_small_blocks(fd);
    OK(mmapx_cache_runs(fd, 10, -1, r, &n));
    ck_assert_uint_eq(n, 3);
    ck_assert_int_eq(r[0].off, 10);
    ck_assert_int_eq(r[0].len, FIRST * page - 10);
    ck_assert_int_eq(r[0].cached, 0);
    ck_assert_int_eq(r[1].off, FIRST * page);
    ck_assert_int_eq(r[1].len, (LAST - FIRST + 1) * page);
    ck_assert_int_eq(r[1].cached, 1);
    ck_assert_int_eq(r[2].off, (LAST + 1) * page);
    ck_assert_int_eq(r[2].off + r[2].len, PAGES * page + 1);
    ck_assert_int_eq(r[2].cached, 0);

    n = 1;
    OK(mmapx_cache_runs(fd, 0, (FIRST + 1) * page, r, &n));
    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(r[0].len, FIRST * page);
    n = 4;
    OK(mmapx_cache_runs(fd, FIRST * page + 5, 6, r, &n));
    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(r[0].off, FIRST * page + 5);
    ck_assert_int_eq(r[0].len, 6);
    ck_assert_int_eq(r[0].cached, 1);

    /* From inside a page to the run's end, not to the range's. */
    OK(mmapx_cache_run(fd, FIRST * page + 5, r));
    ck_assert_int_eq(r[0].off, FIRST * page + 5);
    ck_assert_int_eq(r[0].off + r[0].len, (LAST + 1) * page);
    OK(mmapx_cache_run(fd, INT64_MAX, r));
    ck_assert_int_eq(r[0].len, 0);
}
END_TEST

/* The largest file there can be; its last page has no end. */
START_TEST(the_largest_file)
{
    int64_t page = (int64_t)page_size();
    struct mmapx_cache_run run;
    struct mmapx_cache c;
    int64_t size = INT64_MAX;
    size_t n = 1;
    int fd = -1;

    /* mincore(2) alone would go through all of its pages. */
    OK(mmapx_cache_stat(temp_file(1), 0, -1, &c));
    if ((c.known & MMAPX_CACHE_DIRTY) == 0)
        SKIP("no cachestat(2) here");
#ifdef __linux__
    fd = (int)syscall(SYS_memfd_create, "large", 0);
#endif
    while (ftruncate(fd, (off_t)size) != 0 && size > page)
        size /= 2;
    if (size <= INT64_MAX / 4)
        SKIP("no file system here has such large files");
    OK(mmapx_cache_stat(fd, 0, -1, &c));
    ck_assert_uint_eq(c.pages, (uint64_t)size / (uint64_t)page + 1);
    ck_assert_uint_eq(c.cached, 0);
    OK(mmapx_cache_run(fd, 0, &run));
    ck_assert_int_eq(run.len, size);
    OK(mmapx_cache_runs(fd, 0, -1, &run, &n));
    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(run.len, size);
    write_page(fd, 5);
    ck_assert_int_eq(pwrite(fd, "x", 1, (off_t)(size - 1)), 1);
    OK(mmapx_cache_run(fd, 6 * page, &run));
    ck_assert_int_eq(run.off + run.len, (size - 1) / page * page);
    OK(mmapx_cache_run(fd, run.off + run.len, &run));
    ck_assert_int_eq(run.off + run.len, size);
    ck_assert_int_eq(run.cached, 1);
    OK(mmapx_cache_evict(fd, size - 1, -1));
    OK(mmapx_cache_load(fd, size - 1, -1));
}
END_TEST

/* Counting needs no right to read; what else is done here may. */
START_TEST(a_descriptor_for_writing)
{
    char path[PATH_MAX];
    int fd = temp_named(path, 3 * page_size());
    int wo = open(path, O_WRONLY);
    struct mmapx_cache_run run;
    struct mmapx_cache c;

    unlink(path);
    ck_assert_int_ge(wo, 0);
    if (mmapx_cache_stat(wo, 0, -1, &c) != 0) {
        ck_assert_int_eq(errno, EACCES);
        FAILS(EACCES, mmapx_cache_run(wo, 0, &run));
    } else {
        ck_assert_uint_eq(c.cached, 3);
        OK(mmapx_cache_run(wo, 0, &run));
        ck_assert_int_eq(run.cached, 1);
        ck_assert_int_eq(run.len, (int64_t)(3 * page_size()));
    }
    OK(mmapx_cache_evict(wo, 0, -1));
    ck_assert_int_eq(ftruncate(fd, 0), 0);
    OK(mmapx_cache_load(wo, 0, -1));
    ck_assert_int_eq(ftruncate(fd, (off_t)page_size()), 0);
    /* All of it is a hole, or has to be read. */
    if (mmapx_cache_load(wo, 0, -1) != 0)
        ck_assert_int_eq(errno, EBADF);
}
END_TEST

START_TEST(load_by_a_descriptor_for_writing)
{
    char path[PATH_MAX];
    int fd = temp_named(path, page_size());
    int wo = open(path, O_WRONLY);

    unlink(path);
    ck_assert_int_ge(wo, 0);
    need_eviction(fd);
    FAILS(EBADF, mmapx_cache_load(wo, 0, -1));
}
END_TEST

/* --- Loading and evicting ------------------------------------------------- */

START_TEST(load_and_evict)
{
    int64_t page = (int64_t)page_size();
    int fd = temp_file(10 * page_size() + 5);
    int tries = 0;

    need_small_blocks(fd);
    ck_assert_int_eq(lseek(fd, 17, SEEK_SET), 17);
    need_eviction(fd);
    load_cold(fd, 2 * page + 1, 1, 1);
    load_cold(fd, 0, -1, 11);
    /* Nothing there to be done. */
    do {
        ck_assert_int_lt(tries++, TRIES);
        OK(mmapx_cache_load(fd, 0, -1));
        OK(mmapx_cache_load(fd, 10 * page + 5, -1));
        OK(mmapx_cache_evict(fd, 10 * page + 5, -1));
    } while (cached(fd, 0, -1) != 11);
    /* A page goes by any byte of it, also the last one. */
    OK(mmapx_cache_evict(fd, 2 * page + 1, 1));
    ck_assert_uint_le(cached(fd, 2 * page, page),
                      cached(fd, 0, -1) == 11 ? 1 : 0);
    OK(mmapx_cache_evict(fd, 0, 10 * page + 1));
    ck_assert_uint_eq(cached(fd, 0, -1), 0);
    ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 17);
}
END_TEST

/* More than one step, beginning in the middle of one, with a part in memory. */
START_TEST(load_a_large_file)
{
    enum { SIZE = 5 << 20 };
    int fd = temp_file(SIZE);
    int64_t page = (int64_t)page_size();
    int tries = 0;

    need_eviction(fd);
    do {
        ck_assert_int_lt(tries++, TRIES);
        OK(mmapx_cache_evict(fd, 0, -1));
        OK(mmapx_cache_load(fd, 3 << 20, 10));
        OK(mmapx_cache_load(fd, (1 << 20) + 1, -1));
    } while (cached(fd, 1 << 20, -1) != (4 << 20) / (uint64_t)page);
    load_cold(fd, 0, -1, SIZE / (uint64_t)page);
}
END_TEST

START_TEST(load_past_the_cache)
{
#if defined O_DIRECT && O_DIRECT != 0
    char path[PATH_MAX];
    int fd = temp_named(path, 3 << 20);
    int direct = open(path, O_RDONLY | O_DIRECT);
    int wo = open(path, O_WRONLY | O_DIRECT);

    unlink(path);
    need_native();
    if (direct < 0)
        SKIP("no O_DIRECT on this file system");
    need_eviction(fd);
    FAILS(EACCES, mmapx_cache_load(wo, 0, -1));
    load_cold(direct, 1, -1, (3 << 20) / page_size());
#else
    SKIP("no O_DIRECT here");
#endif
}
END_TEST

/* Where the file system says what is a hole, none is read: not a large one,
 * which would not end in time. */
START_TEST(holes)
{
    enum { FAR = 1000 };
    int64_t page = (int64_t)page_size();
    int fd = temp_file(0);
    uint64_t n;

    ck_assert_int_eq(ftruncate(fd, (off_t)(2 * FAR * page)), 0);
    write_page(fd, FAR);
    write_page(fd, 2 * FAR - 1);
    need_eviction(fd);
    load_parts(fd, FAR * page, (FAR - 1) * page, 2);
    n = cached(fd, 0, -1);
    if (n == 2 * FAR)
        SKIP("this file system does not say what is a hole");
    ck_assert_uint_le(n, FAR / 2);
}
END_TEST

/* More parts than are asked for at once. */
START_TEST(holes_between_many_parts)
{
    enum { PARTS = 200 };
    int64_t page = (int64_t)page_size();
    int fd = temp_file(0);

    for (size_t i = 0; i < PARTS; i++)
        write_page(fd, 10 * i);
    need_eviction(fd);
    load_parts(fd, 0, 10 * page, PARTS);
}
END_TEST

/* As a file has that somebody reserves room for. */
START_TEST(blocks_never_written)
{
    enum { EACH = 100 };
    int64_t page = (int64_t)page_size();
    int fd = temp_file(0);

    reserve_blocks(fd, 0, EACH * 100 * page_size());
    for (size_t i = 1; i < EACH; i++)
        write_page(fd, i * 100);
    need_eviction(fd);
    load_parts(fd, 100 * page, 100 * page, EACH - 1);
}
END_TEST

START_TEST(evict_what_is_mapped)
{
    size_t size = 4 * page_size();
    int fd = temp_file(size);
    struct mmapx shared;
    struct mmapx_cache c;

    need_native(); /* the list of mappings may have the emulator's addresses */
    OK(mmapx_cache_stat(fd, 0, -1, &c));
    need_eviction(fd);
    OK(mmapx_map(&shared, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    check_pattern(shared.addr, 0, size);
    ck_assert_uint_eq(cached(fd, 0, -1), 4);
    OK(mmapx_cache_evict(fd, 0, -1));
    ck_assert_uint_eq(cached(fd, 0, -1), 0);
    check_pattern(shared.addr, 0, size);

    /* A mapping of another part than the one that is evicted. */
    OK(mmapx_unmap(&shared));
    OK(mmapx_map_region(&shared, fd, 0, page_size(), PROT_READ, MAP_SHARED));
    check_pattern(shared.addr, 0, page_size());
    OK(mmapx_cache_evict(fd, (int64_t)page_size(), (int64_t)page_size()));
    check_pattern(shared.addr, 0, page_size());
}
END_TEST

/* What only a private mapping has is kept. */
START_TEST(evict_what_is_mapped_privately)
{
    size_t size = 4 * page_size();
    int fd = temp_file(size);
    struct mmapx shared, private;

    need_native(); /* likewise */
    OK(mmapx_map(&shared, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    check_pattern(shared.addr, 0, size);
    OK(mmapx_map(&private, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    memset(private.addr, 'x', page_size());
    check_pattern((char *)private.addr + page_size(), page_size(),
                  size - page_size());
    OK(mmapx_cache_evict(fd, 0, -1));
    ck_assert_uint_le(cached(fd, 0, -1), 4);
    for (size_t i = 0; i < page_size(); i++)
        ck_assert_int_eq(((char *)private.addr)[i], 'x');
    check_pattern((char *)private.addr + page_size(), page_size(),
                  size - page_size());
    check_pattern(shared.addr, 0, size);
}
END_TEST

START_TEST(a_lock_holds)
{
    int fd = temp_file(4 * page_size());
    struct mmapx shared;

    if (under_sanitizer())
        SKIP("the sanitizer makes mlock(2) do nothing");
    OK(mmapx_map(&shared, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    if (mmapx_lock(&shared, 0, 1, 0) != 0)
        SKIP("nothing can be locked here");
    OK(mmapx_cache_evict(fd, 0, -1));
    ck_assert_uint_ge(cached(fd, 0, 1), 1);
}
END_TEST

/* Memory of somebody else's right behind a mapping of the file's beginning. */
START_TEST(evict_beside_other_memory)
{
    size_t page = page_size();
    int fd = temp_file(4 * page);
    struct mmapx room, m;
    char *p;

    need_native(); /* likewise */
    OK(mmapx_map_anon(&room, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    p = room.addr;
    memset(p, 'z', 3 * page);
    OK(mmapx_map_at(&m, p + page, fd, 0, page, PROT_READ,
                    MAP_SHARED | MAP_FIXED));
    check_pattern(m.addr, 0, page);
    OK(mmapx_cache_evict(fd, 0, -1));
    for (size_t i = 0; i < page; i++) {
        ck_assert_int_eq(p[i], 'z');
        ck_assert_int_eq(p[2 * page + i], 'z');
    }
    check_pattern(m.addr, 0, page);
}
END_TEST

START_TEST(nothing_written_is_lost)
{
    size_t size = 50 * page_size();
    int fd = temp_file(size);
    struct mmapx m;

    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    memset((char *)m.addr + 10, 'y', size - 20);
    OK(mmapx_cache_evict(fd, 0, -1));
    for (size_t i = 10; i < size - 10; i++)
        ck_assert_int_eq(((char *)m.addr)[i], 'y');
    check_pattern(m.addr, 0, 10);
    check_pattern((char *)m.addr + size - 10, size - 10, 10);
}
END_TEST

START_TEST(a_block_device)
{
    enum { SIZE = 4 << 20 };
    int fd = loop_device(temp_file(SIZE));
    struct mmapx_cache_run run;
    struct mmapx_cache c;

    OK(mmapx_cache_evict(fd, 0, -1));
    OK(mmapx_cache_stat(fd, 0, -1, &c));
    ck_assert_uint_eq(c.pages, SIZE / page_size());
    ck_assert_uint_eq(c.cached, 0);
    load_cold(fd, 1 << 20, 2 << 20, (2 << 20) / page_size());
    OK(mmapx_cache_run(fd, 2 << 20, &run));
    ck_assert_int_eq(run.cached, 1);
    load_cold(fd, 0, -1, SIZE / page_size());
    OK(mmapx_cache_evict(fd, 0, -1));
    ck_assert_uint_eq(cached(fd, 0, -1), 0);
}
END_TEST

/* The file behind the device is gone.  The kernel goes on counting the pages
 * that it could not read. */
START_TEST(a_failing_disk)
{
    enum { SIZE = 1 << 20 };
    int file = temp_file(SIZE);
    int fd = loop_device(file);

    OK(mmapx_cache_evict(fd, 0, -1));
    lose_backing(file, fd);
    OK(mmapx_cache_evict(fd, 0, -1));
    for (int i = 0; i < 3; i++)
        FAILS(EIO, mmapx_cache_load(fd, SIZE / 2, -1));
}
END_TEST

#ifdef O_DIRECT
/* What reads past the cache is mapped, and mlock(2) would never return. */
START_TEST(a_failing_disk_and_all_memory_locked)
{
    enum { SIZE = 1 << 20 };
    int file = temp_file(SIZE);
    int fd = loop_device(file);

    OK(mmapx_cache_evict(fd, 0, -1));
    lose_backing(file, fd);
    OK(mmapx_cache_evict(fd, 0, -1));
    if (fcntl(fd, F_SETFL, O_DIRECT) != 0)
        SKIP("this device is not read past the cache");
    if (mlockall(MCL_FUTURE) != 0)
        SKIP("this user may not lock much");
    FAILS(EIO, mmapx_cache_load(fd, SIZE / 2, -1));
    ck_assert_int_eq(munlockall(), 0);
}
END_TEST
#endif

/* --- Bad input ------------------------------------------------------------ */

START_TEST(bad_arguments)
{
    int fd = temp_file(10);
    struct mmapx_cache c;
    struct mmapx_cache_run run;
    size_t n = 1;

    FAILS(EINVAL, mmapx_cache_stat(fd, 0, -1, NULL));
    FAILS(EINVAL, mmapx_cache_stat(fd, -1, 1, &c));
    FAILS(EINVAL, mmapx_cache_stat(fd, 0, -2, &c));
    FAILS(EOVERFLOW, mmapx_cache_stat(fd, INT64_MAX, 1, &c));
    FAILS(EBADF, mmapx_cache_stat(-1, 0, -1, &c));
    FAILS(EINVAL, mmapx_cache_run(fd, 0, NULL));
    FAILS(EINVAL, mmapx_cache_run(fd, -1, &run));
    FAILS(EBADF, mmapx_cache_run(-1, 0, &run));
    FAILS(EINVAL, mmapx_cache_runs(fd, 0, -1, NULL, &n));
    FAILS(EINVAL, mmapx_cache_runs(fd, 0, -1, &run, NULL));
    FAILS(EINVAL, mmapx_cache_runs(fd, -1, 1, &run, &n));
    FAILS(EINVAL, mmapx_cache_runs(fd, 0, -2, &run, &n));
    FAILS(EOVERFLOW, mmapx_cache_runs(fd, 2, INT64_MAX - 1, &run, &n));
    FAILS(EBADF, mmapx_cache_runs(-1, 0, -1, &run, &n));
    ck_assert_uint_eq(n, 1);
    n = 0;
    FAILS(EINVAL, mmapx_cache_runs(fd, 0, -1, &run, &n));
    FAILS(EINVAL, mmapx_cache_load(fd, -1, 1));
    FAILS(EINVAL, mmapx_cache_load(fd, 0, -2));
    FAILS(EOVERFLOW, mmapx_cache_load(fd, 1, INT64_MAX));
    FAILS(EBADF, mmapx_cache_load(-1, 0, -1));
    FAILS(EINVAL, mmapx_cache_evict(fd, -1, 1));
    FAILS(EINVAL, mmapx_cache_evict(fd, 0, -2));
    FAILS(EOVERFLOW, mmapx_cache_evict(fd, 1, INT64_MAX));
    FAILS(EBADF, mmapx_cache_evict(-1, 0, -1));
}
END_TEST

static void
all_fail(int fd, int code)
{
    struct mmapx_cache c = { .cached = 77 };
    struct mmapx_cache_run run = { 7, 8, 9 };
    size_t n = 1;

    ck_assert_int_ge(fd, 0);
    FAILS(code, mmapx_cache_stat(fd, 0, -1, &c));
    FAILS(code, mmapx_cache_run(fd, 0, &run));
    ck_assert_int_eq(run.off, 7);
    FAILS(code, mmapx_cache_runs(fd, 0, -1, &run, &n));
    FAILS(code, mmapx_cache_load(fd, 0, -1));
    FAILS(code, mmapx_cache_evict(fd, 0, -1));
    ck_assert_uint_eq(c.cached, 77);
    ck_assert_uint_eq(n, 1);
}

/* Nor does a range without a byte hide the descriptor. */
static void
nothing_fails(int fd, int code)
{
    struct mmapx_cache c;
    struct mmapx_cache_run run;
    size_t n = 1;

    FAILS(code, mmapx_cache_stat(fd, 0, 0, &c));
    FAILS(code, mmapx_cache_run(fd, INT64_MAX, &run));
    FAILS(code, mmapx_cache_runs(fd, 0, 0, &run, &n));
    FAILS(code, mmapx_cache_load(fd, 0, 0));
    FAILS(code, mmapx_cache_evict(fd, 0, 0));
}

START_TEST(what_has_no_cache)
{
    static const char *const texts[]
        = { "/proc/version", "/proc/self/maps", "/sys/kernel/uevent_seqnum" };
    int ends[2];

    need_native(); /* an emulator has files of its own for some of /proc */
    nothing_fails(-1, EBADF);
    all_fail(open("/", O_RDONLY), ENODEV);
    all_fail(open("/dev/null", O_RDWR), ENODEV);
    all_fail(open("/dev/zero", O_RDWR), ENODEV);
    ck_assert_int_eq(pipe(ends), 0);
    all_fail(ends[0], ENODEV);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    all_fail(ends[0], ENODEV);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (access(texts[i], R_OK) == 0)
            all_fail(open(texts[i], O_RDONLY), ENODEV);
#ifdef O_PATH
    all_fail(open("/bin/sh", O_PATH), EBADF);
    all_fail(open("/", O_PATH), EBADF);
    nothing_fails(open("/bin/sh", O_PATH), EBADF);
#endif
}
END_TEST

START_TEST(huge_pages)
{
#if defined __linux__ && defined MFD_HUGETLB
    int fd = memfd_create("huge", MFD_HUGETLB);

    if (fd < 0)
        SKIP("no huge pages here");
    all_fail(fd, ENOTSUP);
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

/* --- Who may know, and through which call --------------------------------- */

/* The file is root's, or whose the system is; nobody may read it only. */
static bool
a_foreign_file_is_hidden(void *arg)
{
    int fd = open("/bin/sh", O_RDONLY);
    struct mmapx_cache_run run;
    struct mmapx_cache c;
    size_t n = 1;

    (void)arg;
    return mmapx_cache_stat(fd, 0, -1, &c) == -1 && errno == EPERM
           && mmapx_cache_run(fd, 0, &run) == -1 && errno == EPERM
           && mmapx_cache_runs(fd, 0, -1, &run, &n) == -1 && errno == EPERM
           && mmapx_cache_load(fd, 0, 1) == 0;
}

START_TEST(a_file_of_somebody_else)
{
    if (!is_root() && access("/bin/sh", W_OK) == 0)
        SKIP("every file is our own");
    ck_assert(in_child_as_nobody(a_foreign_file_is_hidden, NULL));
}
END_TEST

#if defined __linux__ && defined SYS_pidfd_open
enum { CACHESTAT = SYS_pidfd_open + 17 };

/* From now on this process has no cachestat(2). */
static bool
forbid_cachestat(int code)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CACHESTAT, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)code),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { 4, filter };

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
           && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static bool
mincore_does(void *arg)
{
    int64_t page = (int64_t)page_size();
    int fd = sparse_file();
    struct mmapx_cache_run r[4];
    struct mmapx_cache c;
    size_t n = 4;

    return forbid_cachestat(*(int *)arg)
           && mmapx_cache_stat(fd, 0, -1, &c) == 0 && c.pages == PAGES + 1
           && c.cached == 2 && c.known == MMAPX_CACHE_CACHED
           && mmapx_cache_runs(fd, 0, -1, r, &n) == 0 && n == 3
           && r[1].off == FIRST * page && r[1].len == 2 * page
           && mmapx_cache_run(fd, FIRST * page, r) == 0
           && r[0].len == 2 * page && r[0].cached == 1
           && mmapx_cache_load(fd, 0, -1) == 0
           && mmapx_cache_evict(fd, 0, -1) == 0;
}

static bool
mincore_does_not_lie(void *arg)
{
    return forbid_cachestat(*(int *)arg) && a_foreign_file_is_hidden(NULL);
}
#endif

/* A kernel before 6.5, and a sandbox; the latter's EPERM is not the kernel's
 * own, which is about the file. */
START_TEST(without_cachestat)
{
#if defined __linux__ && defined SYS_pidfd_open
    static int codes[] = { ENOSYS, EPERM };

    need_the_kernel();
    need_small_blocks(temp_file(0));
    for (size_t i = 0; i < 2; i++) {
        ck_assert(in_child(mincore_does, &codes[i]));
        if (is_root() || access("/bin/sh", W_OK) != 0)
            ck_assert(in_child_as_nobody(mincore_does_not_lie, &codes[i]));
    }
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("cache");

    ADD_TEST(s, counts);
    ADD_TEST(s, dirty_pages);
    ADD_TEST(s, an_empty_file);
    ADD_TEST(s, runs);
    ADD_TEST(s, the_largest_file);
    ADD_TEST(s, a_descriptor_for_writing);
    ADD_TEST(s, load_by_a_descriptor_for_writing);
    ADD_TEST(s, load_and_evict);
    ADD_TEST(s, load_a_large_file);
    ADD_TEST(s, load_past_the_cache);
    ADD_TEST(s, holes);
    ADD_TEST(s, holes_between_many_parts);
    ADD_TEST(s, blocks_never_written);
    ADD_TEST(s, evict_what_is_mapped);
    ADD_TEST(s, evict_what_is_mapped_privately);
    ADD_TEST(s, a_lock_holds);
    ADD_TEST(s, evict_beside_other_memory);
    ADD_TEST(s, nothing_written_is_lost);
    ADD_TEST(s, a_block_device);
    ADD_TEST(s, a_failing_disk);
#ifdef O_DIRECT
    ADD_TEST(s, a_failing_disk_and_all_memory_locked);
#endif
    ADD_TEST(s, bad_arguments);
    ADD_TEST(s, what_has_no_cache);
    ADD_HUGE_TEST(s, huge_pages);
    ADD_TEST(s, a_file_of_somebody_else);
    ADD_TEST(s, without_cachestat);
    return s;
}
