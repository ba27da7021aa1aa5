/* SPDX-License-Identifier: MIT */
/* Failures below the calls that look at, fill and empty the page cache. */
#include "failures.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

/* Some kernels take single pages back at any time, which are read then: what a
 * load does to a file that is in memory is seen sooner or later. */
enum { TRIES = 20 };

/* While it is written to the disk, what is new may be listed as if it had never
 * been written. */
static int
file_on_disk(size_t size)
{
    int file = temp_file(size);

    ck_assert_int_eq(fsync(file), 0);
    return file;
}

/* Have the file in memory again. */
static void
read_file(int file)
{
    static char discarded[64 << 10];
    off_t off = 0;
    ssize_t n;

    while ((n = pread(file, discarded, sizeof discarded, off)) > 0)
        off += n;
    ck_assert_int_eq(n, 0);
}

START_TEST(the_page_cache)
{
    struct fixture f;
    static const struct failure failures[] = {
        { run_cache_stat, FAKE_CACHESTAT, EBADF, EBADF },
        { run_cache_stat, FAKE_CACHESTAT, EPERM, EPERM },
        { run_cache_stat, FAKE_STAT, EBADF, EBADF },
        { run_cache_run, FAKE_CACHESTAT, EPERM, EPERM },
        { run_cache_runs, FAKE_CACHESTAT, EPERM, EPERM },
        { run_cache_load, FAKE_READ_AND_DISCARD, EBADF, EBADF },
        { run_cache_load, FAKE_READ_AND_DISCARD, EIO, EIO },
        { run_cache_load, FAKE_READ_AND_DISCARD, ENOMEM, ENOMEM },
        { run_cache_load, FAKE_MMAP, ENODEV, ENODEV },
        { run_cache_load_mapped, FAKE_MADVISE, EFAULT, EIO },
        { run_cache_load_mapped, FAKE_MADVISE, ENOMEM, ENOMEM },
#ifdef EHWPOISON
        { run_cache_load_mapped, FAKE_MADVISE, EHWPOISON, EHWPOISON },
#endif
        { run_cache_evict, FAKE_EVICT, EBADF, EBADF },
        { run_cache_evict_stacking, FAKE_MMAP, ENODEV, ENODEV },
        { run_cache_prefetch, FAKE_STAT, EBADF, EBADF },
        { run_cache_prefetch, FAKE_STAT, ENOMEM, ENOMEM },
        { run_cache_prefetch, FAKE_READAHEAD, ENOTSUP, ENOTSUP },
    };
    static fixture_call *const calls[]
        = { run_cache_stat, run_cache_run, run_cache_runs, run_cache_load,
            run_cache_evict, run_cache_prefetch };

    CHECK_FAILURES(failures);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        set_up(&f);
        fake_is_block_device = true;
        fake_fail(FAKE_DEVICE_SIZE, EIO, 1);
        FAILS(EIO, calls[i](&f));
    }
}
END_TEST

/* Places that cannot be begun are left to the touch, in whichever way the
 * kernel takes them, and those behind them are begun. */
START_TEST(reading_ahead)
{
    struct fixture f;
    size_t page = page_size();
    struct mmapx_range places[130];

    set_up(&f);
    for (size_t i = 0; i < 130; i++)
        places[i] = (struct mmapx_range){ i % 3 * page, 1 };
    for (int turn = 1; turn <= 3; turn++) {
        fake_reset();
        fake_fail(FAKE_MADVISE_BATCH, ENOMEM, turn);
        OK(mmapx_prefetch(&f.m, places, 130));
        ck_assert_int_ge(fake_count(FAKE_MADVISE_BATCH)
                             + fake_count(FAKE_MADVISE), 3);
    }

    /* An old kernel is asked once whether it can. */
    fake_reset();
    fake_fail(FAKE_MADVISE_BATCH, ENOTSUP, 1);
    fake_fail(FAKE_MADVISE, EIO, 2);
    OK(mmapx_prefetch(&f.m, places, 130));
    ck_assert_int_eq(fake_count(FAKE_MADVISE_BATCH), 1);
    ck_assert_int_eq(fake_count(FAKE_MADVISE), 130);

    /* Nothing is begun where one of them is bad. */
    fake_reset();
    places[129].off = f.m.len + 1;
    FAILS(EINVAL, mmapx_prefetch(&f.m, places, 130));
    ck_assert_int_eq(fake_count(FAKE_MADVISE_BATCH), 0);

    fake_has_no_advice = true;
    FAILS(ENOTSUP, mmapx_prefetch(&f.m, places, 129));
}
END_TEST

/* By steps of a window, whatever the kernel says to one of them. */
START_TEST(reading_ahead_by_descriptor)
{
    struct fixture f;
    struct mmapx_cache_range places[2] = { { 0, -1 }, { 5, 1 } };
    int steps = 64;

    set_up(&f);
    f.fd = file_on_disk((size_t)steps * (128 << 10));
    fake_fail(FAKE_READAHEAD, EIO, 3);
    OK(mmapx_cache_prefetch(f.fd, places, 2));
    ck_assert_int_eq(fake_count(FAKE_READAHEAD), steps + 1);
    ck_assert_int_eq(fake_read.off, 5);
    ck_assert_int_eq(fake_read.end, 6);

    fake_reset();
    places[1].len = -2;
    FAILS(EINVAL, mmapx_cache_prefetch(f.fd, places, 2));
    ck_assert_int_eq(fake_count(FAKE_READAHEAD), 0);
}
END_TEST

/* What is asked through a mapping where there is nothing but mincore(2). */
START_TEST(the_page_cache_without_cachestat)
{
    struct fixture f;
    static const int in_mincore[] = { EAGAIN, ENOSYS, EAGAIN };
    static const int in_mmap[] = { EACCES, EAGAIN, ENOMEM };
    static fixture_call *const calls[]
        = { run_cache_stat, run_cache_run, run_cache_runs };

    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < 3; k++) {
            set_up(&f);
            fake_has_no_cachestat = true;
            fake_fail(FAKE_MINCORE, in_mincore[k], 1);
            FAILS(in_mincore[k], calls[i](&f));
            fake_fail(FAKE_MMAP, in_mmap[k], 1);
            FAILS(in_mmap[k], calls[i](&f));
        }
        fake_may_not_know = true;
        FAILS(EPERM, calls[i](&f));
    }
}
END_TEST

/* An error in one window is not forgotten over the next. */
START_TEST(the_page_cache_in_windows)
{
    struct fixture f;
    struct mmapx_cache c;

    set_up(&f);
    ck_assert_int_eq(ftruncate(f.fd, 65 << 20), 0);
    fake_has_no_cachestat = true;
    fake_fail(FAKE_MINCORE, EAGAIN, 1);
    FAILS(EAGAIN, mmapx_cache_stat(f.fd, 0, -1, &c));
    OK(mmapx_cache_stat(f.fd, 0, -1, &c));
}
END_TEST

/* A signal does not end it, and a second look is not needed to go on. */
START_TEST(loading_through_signals)
{
    struct fixture f;

    set_up(&f);
    fake_fail(FAKE_READ_AND_DISCARD, EINTR, 1);
    OK(run_cache_load(&f));
    ck_assert_int_eq(fake_count(FAKE_READ_AND_DISCARD), 2);
}
END_TEST

/* Somebody has cut the file: what it has is loaded. */
START_TEST(loading_what_is_cut_off)
{
    struct fixture f;

    set_up(&f);
    fake_uncached = (struct fake_bytes){ 0, INT64_MAX };
    fake_ends_early = true;
    OK(mmapx_cache_load(f.fd, 0, -1));
    ck_assert_int_eq(fake_count(FAKE_READ_AND_DISCARD), 1);
    fake_reset();
}
END_TEST

/* What is there is not read again. */
START_TEST(loading_what_is_there)
{
    struct fixture f;
    struct mmapx_cache c;

    set_up(&f);
    OK(mmapx_cache_stat(f.fd, 0, -1, &c));
    if ((c.known & MMAPX_CACHE_DIRTY) == 0)
        SKIP("no cachestat(2) here");
    OK(mmapx_cache_load(f.fd, 0, -1));
    ck_assert_int_eq(fake_count(FAKE_READ_AND_DISCARD), 0);
}
END_TEST

/* What the kernel counts and has not read is read: blocks of memory that
 * were reserved, where some is said to be swapped out. */
START_TEST(loading_what_is_not_there_yet)
{
    struct mmapx m;
    int file = -1;

    fake_reset();
    if (mmapx_map_memfd(&m, &file, "test", 0, 0) < 0)
        SKIP("no memfd_create(2) here");
    reserve_blocks(file, 0, 4 * page_size());
    fake_swapped = (struct fake_bytes){ 1 << 30, (1 << 30) + 1 };
    OK(mmapx_cache_load(file, 0, -1));
    ck_assert_int_eq(fake_count(FAKE_READ_AND_DISCARD), 0);
    fake_swapped = (struct fake_bytes){ 0, 1 };
    OK(mmapx_cache_load(file, 0, -1));
    ck_assert_int_eq(fake_count(FAKE_READ_AND_DISCARD), 1);
    fake_reset();
}
END_TEST

static bool
reads(int file, const struct fake_bytes *read)
{
    read_file(file);
    OK(mmapx_cache_load(file, 0, -1));
    return fake_read.off == read->off && fake_read.end == read->end
           && fake_count(FAKE_READ_AND_DISCARD) == 1;
}

/* Pieces of 128 KiB that are all cached are left out. */
START_TEST(loading_what_is_partly_there)
{
    enum { K = 1 << 10, STEP = 2048 * K };
    static const struct {
        struct fake_bytes uncached, read;
    } cases[] = {
        { { 64 * K, STEP }, { 0, STEP } },
        { { 0, 1 }, { 0, 128 * K } },
        { { STEP - 1, STEP }, { STEP - 128 * K, STEP } },
        { { 512 * K, 640 * K }, { 512 * K, 640 * K } },
        { { 600 * K, 601 * K }, { 512 * K, 640 * K } },
        { { 960 * K, 1088 * K }, { 896 * K, 1152 * K } },
        { { 100 * K, 1900 * K }, { 0, 1920 * K } },
    };
    int file = file_on_disk(STEP);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int tries = 0;

        do {
            ck_assert_int_lt(tries++, TRIES);
            fake_reset();
            fake_uncached = cases[i].uncached;
        } while (!reads(file, &cases[i].read));
    }
    fake_reset();
}
END_TEST

/* Where each read takes long, the next ones are begun before it is waited for;
 * elsewhere only what is read to find that out. */
START_TEST(loading_from_far)
{
    enum { UNIT = 128 << 10, UNITS = 64, SAMPLES = 2 };
    int file = file_on_disk((size_t)UNIT * UNITS);

    for (int far = 0; far <= 1; far++) {
        int tries = 0;

        do {
            ck_assert_int_lt(tries++, TRIES);
            fake_reset();
            fake_has_no_advice = true; /* to have large folios */
            fake_uncached = (struct fake_bytes){ 0, INT64_MAX };
            fake_tick = far ? 1000000 : 1;
            OK(mmapx_cache_load(file, 0, -1));
        } while (fake_count(FAKE_READAHEAD) != (far ? UNITS : SAMPLES));
        ck_assert_int_eq(fake_read.end, UNIT * UNITS);
    }
    fake_reset();
}
END_TEST

/* What is cached is found out before read-ahead can reach there: what that has
 * just brought is to be read like the rest. */
START_TEST(loading_by_what_was_cached_before)
{
    int64_t size = 66 << 20, first = 64 << 20;
    int file = file_on_disk((size_t)size);
    int64_t off = 0;
    int64_t data_end;

    /* The parts end where the disk has the file in pieces. */
    if (mmapx_os_next_data(file, &off, size, &data_end) && data_end < first)
        first = data_end;
    fake_reset();
    fake_uncached = (struct fake_bytes){ 64 << 10, INT64_MAX };
    fake_fail(FAKE_READ_AND_DISCARD, EIO, 1);
    FAILS(EIO, mmapx_cache_load(file, 0, -1));
    ck_assert_int_gt(fake_looked, first);
    fake_reset();
}
END_TEST

/* Behind a part that is cached as a whole mincore(2) has the first word; what
 * it does not confirm is asked about as usual, and read. */
START_TEST(loading_what_has_been_loaded)
{
    enum { SIZE = 200 << 20 };
    int file = temp_file(0);
    struct mmapx_cache c;
    int looks;

    for (off_t at = 0; at < SIZE; at += 1 << 20) {
        static const unsigned char data[1 << 20];

        ck_assert_int_eq(pwrite(file, data, sizeof data, at), sizeof data);
    }
    OK(mmapx_cache_stat(file, 0, -1, &c));
    if (c.cached < c.pages)
        SKIP("what is written is not cached as a whole");
    fake_reset();
    OK(mmapx_cache_load(file, 0, -1));
    if (fake_count(FAKE_READ_AND_DISCARD) > 0)
        SKIP("what is cached is not known");
    ck_assert_int_eq(fake_count(FAKE_CACHESTAT), 1);
    looks = fake_count(FAKE_MINCORE);

    /* The last looks do not tell. */
    fake_reset();
    fake_fail_from(FAKE_MINCORE, EAGAIN, looks);
    OK(mmapx_cache_load(file, 0, -1));
    ck_assert_int_gt(fake_count(FAKE_CACHESTAT), 1);
    ck_assert_int_gt(fake_count(FAKE_READ_AND_DISCARD), 0);
    fake_reset();
}
END_TEST

/* Through a mapping where that brings whole huge pages, by reads elsewhere. */
START_TEST(loading_by_blocks)
{
    struct fixture f;
    int64_t off = 0;
    int64_t data_end;
    int tries = 0;

    set_up(&f);
    if (mmapx_os_large_alignment / (page_size() / 8) != page_size())
        SKIP("huge pages are of another size here");
    if (!mmapx_advice_supported(MMAPX_MADV_POPULATE_READ))
        SKIP("this kernel does not populate");
    if (!mmapx_os_next_data(f.fd, &off, 1, &data_end))
        SKIP("this file system does not say what is a hole");
    do {
        ck_assert_int_lt(tries++, TRIES);
        set_up(&f);
        OK(run_cache_load_blocks(&f));
    } while (fake_count(FAKE_READ_AND_DISCARD) > 0);
    ck_assert_int_eq(fake_count(FAKE_READAHEAD), 0);
    ck_assert_int_gt(fake_count(FAKE_MADVISE), 2);

    /* The touch of a page has not brought the others. */
    set_up(&f);
    fake_fail(FAKE_MINCORE, EAGAIN, 1);
    OK(run_cache_load_blocks(&f));
    ck_assert_int_gt(fake_count(FAKE_READ_AND_DISCARD), 0);

    /* A page that cannot be read is looked for by reading. */
    set_up(&f);
    fake_fail(FAKE_MADVISE, EFAULT, 3);
    fake_fail(FAKE_READ_AND_DISCARD, EIO, 1);
    FAILS(EIO, run_cache_load_blocks(&f));
    fake_reset();
}
END_TEST

/* Go through a file as loading does: the first data from off on. */
static int64_t
first_data(int fd, int64_t off, int64_t end, int64_t *data_end)
{
    do
        mmapx_os_next_data(fd, &off, end, data_end);
    while (off < end && *data_end <= off);
    return off;
}

enum { FAR = 1000 };

static int
file_with_a_page_far_away(void)
{
    int64_t end = 2 * FAR * (int64_t)page_size();
    int64_t data_end;
    int fd = temp_file(0);
    struct stat sb;

    ck_assert_int_eq(fstat(fd, &sb), 0);
    if (end / 2 % sb.st_blksize != 0)
        SKIP("a block begins before the page, and is data as a whole");
    fake_reset();
    ck_assert_int_eq(ftruncate(fd, (off_t)end), 0);
    ck_assert_int_eq(pwrite(fd, "x", 1, (off_t)(end / 2)), 1);
    ck_assert_int_eq(fsync(fd), 0);
    if (first_data(fd, 0, end, &data_end) == 0)
        SKIP("this file system does not say what is a hole");
    return fd;
}

/* Of a file in memory: what is swapped out, in parts of 2 MiB. */
START_TEST(what_is_swapped_out)
{
    enum { MIB = 1 << 20, SIZE = 64 * MIB };
    static const struct {
        int at, found, end;
    } places[] = {
        { 0, 0, 2 },
        { 1, 0, 2 },
        { 20, 20, 22 },
        { 21, 20, 22 },
        { 63, 62, 64 },
        { 64, 64, 64 },
    };
    int64_t off, end;
    struct mmapx m;
    int fd = -1;

    fake_reset();
    if (mmapx_map_memfd(&m, &fd, "swapped", SIZE, 0) < 0)
        SKIP("no memfd_create(2) here");
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        fake_swapped.off = (int64_t)places[i].at * MIB;
        fake_swapped.end = fake_swapped.off + 1;
        off = 0;
        ck_assert(!mmapx_i_next_data(fd, &off, SIZE, &end));
        ck_assert_int_eq(off, (int64_t)places[i].found * MIB);
        ck_assert_int_eq(off < SIZE ? end : SIZE, (int64_t)places[i].end * MIB);
    }
    /* The last part is as long as the file. */
    fake_swapped.off = SIZE - 1;
    fake_swapped.end = SIZE;
    off = 0;
    mmapx_i_next_data(fd, &off, SIZE - MIB / 2, &end);
    ck_assert_int_eq(end, SIZE - MIB / 2);
    ck_assert_int_eq(off, end);
    /* And there is no longer one than this. */
    fake_swapped.off = INT64_MAX - 1;
    fake_swapped.end = INT64_MAX;
    off = 0;
    mmapx_i_next_data(fd, &off, INT64_MAX, &end);
    ck_assert_int_eq(end, INT64_MAX);
    ck_assert_int_ge(off, INT64_MAX - 2 * MIB);
    ck_assert_int_lt(off, INT64_MAX);
    /* Where nobody tells, all of it can be. */
    fake_swapped.off = SIZE - 1;
    fake_swapped.end = SIZE;
    for (int i = 1; i < 6; i++) {
        fake_fail(FAKE_CACHESTAT, EAGAIN, i);
        off = 0;
        mmapx_i_next_data(fd, &off, SIZE, &end);
        ck_assert_int_eq(off, 0);
        ck_assert_int_eq(end, SIZE);
    }
    fake_reset();
    OK(mmapx_unmap(&m));
}
END_TEST

START_TEST(what_is_data)
{
    int64_t page = (int64_t)page_size();
    int64_t end = 2 * FAR * page;
    int64_t data_end;
    int fd = file_with_a_page_far_away();
    struct stat sb;

    ck_assert_int_eq(fstat(fd, &sb), 0);
    ck_assert_int_eq(first_data(fd, 0, end, &data_end), FAR * page);
    ck_assert_int_gt(data_end, FAR * page);
    ck_assert_int_le(data_end, FAR * page + (page > sb.st_blksize
                                                 ? page
                                                 : sb.st_blksize));
    ck_assert_int_eq(first_data(fd, FAR * page, end, &data_end), FAR * page);
    ck_assert_int_eq(first_data(fd, data_end, end, &data_end), end);
    ck_assert_int_eq(first_data(fd, 0, 7 * page, &data_end), 7 * page);
}
END_TEST

/* In more parts than are listed at once. */
START_TEST(what_is_allocated_and_no_data)
{
    int64_t page = (int64_t)page_size();
    int64_t end = 2 * FAR * page;
    int64_t data_end;
    int fd = file_with_a_page_far_away();

    for (size_t i = 0; i < 100; i++)
        reserve_blocks(fd, 2 * i * page_size(), page_size());
    ck_assert_int_eq(first_data(fd, 0, end, &data_end), FAR * page);

    /* Loading does as it is told, and reads once. */
    fake_reset();
    fake_uncached = (struct fake_bytes){ 0, INT64_MAX };
    OK(mmapx_cache_load(fd, 0, -1));
    ck_assert_int_eq(fake_count(FAKE_READ_AND_DISCARD), 1);
    fake_reset();
}
END_TEST

/* --- Many pages ----------------------------------------------------------- */

/* A hole of more pages than the stack has a vector for. */
static int
large_hole(size_t pages)
{
    int fd = temp_file(0);
    size_t at = (pages - 500) * page_size();

    ck_assert_int_eq(ftruncate(fd, (off_t)(pages * page_size())), 0);
    ck_assert_int_eq(pwrite(fd, "x", 1, (off_t)at), 1);
    touch_page(fd, at);
    fake_reset();
    fake_has_no_cachestat = true;
    return fd;
}

/* Where there is no memory for a large vector, the small one does. */
START_TEST(many_pages_and_little_memory)
{
    int fd = large_hole(3000);
    struct mmapx_cache c, again;

    if (mmapx_cache_stat(fd, 0, -1, &c) != 0)
        SKIP("mincore(2) does not tell");
    ck_assert_uint_eq(c.pages, 3000);
    ck_assert_uint_ge(c.cached, 1);
    for (int nth = 1; nth < 4; nth++) {
        int looks = fake_count(FAKE_MINCORE);

        fake_fail(FAKE_MMAP, ENOMEM, nth);
        if (mmapx_cache_stat(fd, 0, -1, &again) != 0)
            continue; /* that was not the vector's */
        ck_assert_mem_eq(&again, &c, sizeof c);
        ck_assert_int_gt(fake_count(FAKE_MINCORE), looks + 1);
        looks = fake_count(FAKE_MINCORE);
        fake_fail(FAKE_MMAP, ENOMEM, nth);
        fake_fail(FAKE_MINCORE, EPERM, 1);
        FAILS(EPERM, mmapx_cache_stat(fd, 0, -1, &again));
        ck_assert_int_eq(fake_count(FAKE_MINCORE), looks + 1);
        return;
    }
    ck_abort_msg("no vector was mapped");
}
END_TEST

/* The same for a list: each mapping of it fails once, and that of the vector
 * does no harm. */
START_TEST(a_long_list_and_little_memory)
{
    enum { ROOM = 64 };
    int fd = large_hole(30000);
    struct mmapx_cache_run runs[ROOM], again[ROOM];
    int calls = 1;
    int harmless = 0;
    size_t n = ROOM;

    if (mmapx_cache_runs(fd, 0, -1, runs, &n) != 0)
        SKIP("mincore(2) does not tell");
    ck_assert_uint_ge(n, 2);
    for (int nth = 1; nth <= calls; nth++) {
        size_t m = ROOM;

        fake_reset();
        fake_has_no_cachestat = true;
        fake_fail(FAKE_MMAP, ENOMEM, nth);
        if (mmapx_cache_runs(fd, 0, -1, again, &m) != 0) {
            ck_assert_int_eq(errno, ENOMEM);
            calls = nth + 1;
            continue;
        }
        calls = fake_count(FAKE_MMAP);
        harmless += nth <= calls;
        ck_assert_uint_eq(m, n);
        for (size_t i = 0; i < n; i++) {
            ck_assert_int_eq(again[i].len, runs[i].len);
            ck_assert_int_eq(again[i].cached, runs[i].cached);
        }
    }
    ck_assert_int_eq(harmless, 1);
}
END_TEST

/* Memory without protection that an emulator does not look at, and no other. */
START_TEST(a_window_that_cannot_be_looked_at)
{
    struct fixture f;

    set_up(&f);
    fake_has_no_cachestat = true;
    fake_fail(FAKE_MINCORE, ENOMEM, 1);
    fake_fail(FAKE_MPROTECT, EACCES, 1);
    FAILS(ENOMEM, run_cache_stat(&f));
}
END_TEST

/* What nobody can tell may have stayed: it is evicted once more, unmapped. */
START_TEST(an_eviction_that_nobody_can_look_at)
{
    struct fixture f;

    set_up(&f);
    fake_has_no_cachestat = true;
    fake_fail_from(FAKE_MMAP, EACCES, 1);
    OK(run_cache_evict(&f));
    ck_assert_int_eq(fake_count(FAKE_EVICT), 2);
    ck_assert_int_eq(fake_count(FAKE_UNMAP_FILE), 1);
}
END_TEST

/* --- Parts of files ------------------------------------------------------- */

/* Skip where loading does not go by blocks. */
static void
need_blocks(int fd)
{
    int64_t off = 0, data_end;

    if (mmapx_os_large_alignment / (page_size() / 8) != page_size())
        SKIP("huge pages are of another size here");
    if (!mmapx_advice_supported(MMAPX_MADV_POPULATE_READ))
        SKIP("this kernel does not populate");
    if (!mmapx_os_next_data(fd, &off, 1, &data_end))
        SKIP("this file system does not say what is a hole");
}

/* Once a mapping has not brought a block, none is tried. */
START_TEST(loading_where_mappings_do_not_help)
{
    enum { BLOCK = 2 << 20 };
    int fd = file_on_disk(3 * BLOCK);
    int tries = 0;

    need_blocks(fd);
    do {
        ck_assert_int_lt(tries++, TRIES);
        read_file(fd);
        fake_reset();
        fake_uncached = (struct fake_bytes){ 0, BLOCK };
        fake_fail(FAKE_MPROTECT, EACCES, 1);
        OK(mmapx_cache_load(fd, 0, -1));
        ck_assert_int_eq(fake_count(FAKE_MPROTECT), 1);
    } while (fake_read.end != BLOCK || fake_count(FAKE_READ_AND_DISCARD) != 1);
    fake_reset();
}
END_TEST

/* Blocks that are far from the hole behind them are mapped, and those before
 * it read as far as there are data. */
START_TEST(loading_before_a_hole)
{
    enum { BLOCK = 2 << 20 };
    int fd = temp_file(6 * BLOCK);

    need_blocks(fd);
    ck_assert_int_eq(ftruncate(fd, 12 * BLOCK), 0);
    ck_assert_int_eq(fsync(fd), 0);
    fake_reset();
    fake_uncached = (struct fake_bytes){ 0, INT64_MAX };
    OK(mmapx_cache_load(fd, 0, -1));
    ck_assert_int_gt(fake_count(FAKE_MPROTECT), 0);
    ck_assert_int_eq(fake_read.end, 6 * BLOCK);
    fake_reset();
}
END_TEST

/* Nothing is looked for behind the end of a file that was cut. */
START_TEST(loading_parts_that_are_cut_off)
{
    enum { PART = 64 << 20 };
    int file = file_on_disk(512 << 10);
    int tries = 0;

    do {
        ck_assert_int_lt(tries++, TRIES);
        read_file(file);
        fake_reset();
        fake_uncached = (struct fake_bytes){ 0, 128 << 10 };
        fake_ends_early = true;
        OK(mmapx_cache_load(file, 0, -1));
    } while (fake_read.end != 128 << 10);

    ck_assert_int_eq(ftruncate(file, 1), 0);
    ck_assert_int_eq(pwrite(file, "x", 1, 2 * PART), 1);
    ck_assert_int_eq(fsync(file), 0);
    fake_reset();
    fake_uncached = (struct fake_bytes){ 0, INT64_MAX };
    fake_ends_early = true;
    OK(mmapx_cache_load(file, 0, -1));
    ck_assert_int_eq(fake_count(FAKE_READ_AND_DISCARD), 1);
    ck_assert_int_eq(fake_read.off, 0);
    fake_reset();
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("errno_cache");

    ADD_TEST(s, the_page_cache);
    ADD_TEST(s, reading_ahead);
    ADD_TEST(s, reading_ahead_by_descriptor);
    ADD_TEST(s, the_page_cache_without_cachestat);
    ADD_TEST(s, the_page_cache_in_windows);
    ADD_TEST(s, loading_through_signals);
    ADD_TEST(s, loading_what_is_cut_off);
    ADD_TEST(s, loading_what_is_there);
    ADD_TEST(s, loading_what_is_not_there_yet);
    ADD_TEST(s, loading_what_is_partly_there);
    ADD_TEST(s, loading_from_far);
    ADD_TEST(s, loading_by_what_was_cached_before);
    ADD_TEST(s, loading_what_has_been_loaded);
    ADD_TEST(s, loading_by_blocks);
    ADD_TEST(s, what_is_swapped_out);
    ADD_TEST(s, what_is_data);
    ADD_TEST(s, what_is_allocated_and_no_data);
    ADD_TEST(s, many_pages_and_little_memory);
    ADD_TEST(s, a_long_list_and_little_memory);
    ADD_TEST(s, a_window_that_cannot_be_looked_at);
    ADD_TEST(s, an_eviction_that_nobody_can_look_at);
    ADD_TEST(s, loading_where_mappings_do_not_help);
    ADD_TEST(s, loading_before_a_hole);
    ADD_TEST(s, loading_parts_that_are_cut_off);
    return s;
}
