/* SPDX-License-Identifier: MIT */
/* Bringing pages in, and being told where that cannot be. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

enum { READ = MMAPX_POPULATE_READ, WRITE = MMAPX_POPULATE_WRITE };

static size_t
resident(const struct mmapx *m)
{
    size_t pages;

    OK(mmapx_resident_count(m, 0, MMAPX_TO_END, &pages));
    return pages;
}

START_TEST(pages_come_in)
{
    size_t page = page_size();
    struct mmapx m;

    need_native();
    OK(mmapx_map_anon(&m, 8 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    if (mmapx_advice_supported(MMAPX_MADV_NOHUGEPAGE))
        OK(mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_NOHUGEPAGE));
    ck_assert_uint_eq(resident(&m), 0);
    OK(mmapx_populate(&m, 3 * page + 5, 0, WRITE));
    ck_assert_uint_eq(resident(&m), 0);
    OK(mmapx_populate(&m, 3 * page + 5, 3, WRITE));
    ck_assert_uint_eq(resident(&m), 1);
    OK(mmapx_populate(&m, page - 1, 2, WRITE));
    ck_assert_uint_eq(resident(&m), 3);
    OK(mmapx_populate(&m, 0, MMAPX_TO_END, WRITE));
    ck_assert_uint_eq(resident(&m), 8);
}
END_TEST

/* Some kernels take clean pages back at any time: what was brought in is looked
 * at so often, and brought in anew each time. */
enum { TRIES = 20 };

/* Several steps long, and not a byte is changed. */
START_TEST(a_large_file)
{
    size_t size = (80 << 20) + 5;
    int fd = temp_file(0);
    int tries = 0;
    struct mmapx m;

    need_native();
    ck_assert_int_eq(pwrite(fd, "end", 3, (off_t)size - 3), 3);
    ck_assert_int_eq(pwrite(fd, "begin", 5, 0), 5);
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    do {
        ck_assert_int_lt(tries++, TRIES);
        OK(mmapx_cache_evict(fd, 0, -1));
        OK(mmapx_populate(&m, 0, MMAPX_TO_END, READ));
    } while (resident(&m) != mmapx_page_count(&m, 0, MMAPX_TO_END));
    OK(mmapx_populate(&m, 0, MMAPX_TO_END, WRITE));
    ck_assert_mem_eq(m.addr, "begin", 5);
    ck_assert_mem_eq((char *)m.addr + size - 3, "end", 3);
}
END_TEST

/* How many pages of a mapping the process has in its page tables, whatever is
 * in the cache; SKIPs where that is not told. */
static size_t
mapped(const struct mmapx *m)
{
    size_t page = page_size();
    size_t n = m->len / page;
    size_t count = 0;
    int fd = open("/proc/self/pagemap", O_RDONLY);
    off_t at = (off_t)((uintptr_t)m->addr / page * 8);

    if (fd < 0)
        SKIP("there is no /proc/self/pagemap");
    for (size_t i = 0; i < n; i++) {
        uint64_t word;

        ck_assert_int_eq(pread(fd, &word, 8, at + (off_t)i * 8), 8);
        count += (size_t)(word >> 63);
    }
    close(fd);
    return count;
}

/* How many pages of a file are mapped once a new mapping is populated: what was
 * cached, or after an eviction, or then by touches that bring in no more than
 * their own page. */
static size_t
populated(int fd, int way)
{
    struct mmapx m;
    size_t pages;

    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    ck_assert_uint_eq(mapped(&m), 0);
    if (way > 0) {
        ck_assert_int_eq(fsync(fd), 0);
        OK(mmapx_cache_evict(fd, 0, -1));
    }
    if (way > 1 && mmapx_advice_supported(MMAPX_MADV_RANDOM))
        OK(mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_RANDOM));
    OK(mmapx_populate(&m, 0, MMAPX_TO_END, READ));
    pages = mapped(&m);
    OK(mmapx_unmap(&m));
    return pages;
}

/* Whatever way is chosen. */
START_TEST(every_page_is_mapped)
{
    size_t size = 64 << 20;
    size_t page = page_size();
    char *buf = calloc(1, page);
    int fd = temp_file(0);

    need_native();
    for (size_t i = 0; i < size; i += page)
        ck_assert_int_eq(pwrite(fd, buf, page, (off_t)i), (ssize_t)page);
    free(buf);
    for (int way = 0; way < 3; way++) {
        int tries = 1;

        while (populated(fd, way) != size / page)
            ck_assert_int_lt(tries++, TRIES);
    }
}
END_TEST

/* A range that is long enough for the ways to be compared, and not good all
 * the way: errors, and no signal. */
START_TEST(a_large_file_with_a_bad_place)
{
    size_t size = 96 << 20;
    size_t page = page_size();
    int fd = temp_file(0);
    struct mmapx m;
    char *bad;

    need_the_kernel();
    ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
    OK(mmapx_map_region(&m, fd, 0, size + page, PROT_READ, MAP_SHARED));
    OK(mmapx_populate(&m, 0, size, READ));
    FAILS(EFAULT, mmapx_populate(&m, 0, MMAPX_TO_END, READ));
    OK(mmapx_unmap(&m));

    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    bad = (char *)m.addr + (size / 2);
    if (!mmapx_advice_supported(MMAPX_MADV_POPULATE_READ))
        return; /* what the handle does not know of is a crash then */
    ck_assert_int_eq(mprotect(bad, page, PROT_NONE), 0);
    FAILS(EACCES, mmapx_populate(&m, 0, MMAPX_TO_END, READ));
    ck_assert_int_eq(munmap(bad, page), 0);
    FAILS(ENOMEM, mmapx_populate(&m, 0, MMAPX_TO_END, READ));
}
END_TEST

static bool
populates_without_descriptors(void *arg)
{
    int next = dup(STDOUT_FILENO);
    struct rlimit before, few;
    bool good = getrlimit(RLIMIT_NOFILE, &before) == 0;

    close(next);
    few = before;
    /* There is none, and then one, which is too few. */
    for (int more = 0; more < 2; more++) {
        few.rlim_cur = (rlim_t)(next + more);
        good = good && setrlimit(RLIMIT_NOFILE, &few) == 0
               && mmapx_populate(arg, 0, MMAPX_TO_END, READ) == 0
               && mmapx_advise(arg, 0, MMAPX_TO_END, MMAPX_MADV_DONTNEED) == 0;
    }
    return setrlimit(RLIMIT_NOFILE, &before) == 0 && good;
}

/* Nor is one left. */
START_TEST(descriptors)
{
    size_t size = 64 << 20;
    int fd = temp_file(0);
    struct mmapx m;
    int next;

    need_the_kernel();
    ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    ck_assert(in_child(populates_without_descriptors, &m));
    next = dup(fd);
    close(next);
    OK(mmapx_populate(&m, 0, MMAPX_TO_END, READ));
    ck_assert_int_eq(dup(fd), next);
}
END_TEST

START_TEST(past_the_end_of_the_file)
{
    size_t page = page_size();
    int fd = temp_file(page + 1);
    int flags[] = { READ, WRITE };
    struct mmapx m;

    need_native();
    OK(mmapx_map_region(&m, fd, 0, 4 * page, PROT_READ | PROT_WRITE,
                        MAP_SHARED));
    for (size_t i = 0; i < 2; i++) {
        OK(mmapx_populate(&m, 0, 2 * page, flags[i]));
        FAILS(EFAULT, mmapx_populate(&m, 0, MMAPX_TO_END, flags[i]));
        FAILS(EFAULT, mmapx_populate(&m, 2 * page, 1, flags[i]));
    }
}
END_TEST

/* The size of the file behind a loop device is taken away: reads fail. */
START_TEST(a_failing_disk)
{
    size_t size = 1 << 20;
    int file = temp_file(size);
    int fd = loop_device(file);
    struct mmapx m;
    char buf[16];

    need_native();
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    ck_assert_uint_eq(m.len, size);
    lose_backing(file, fd);
    FAILS(EFAULT, mmapx_populate(&m, size / 2, MMAPX_TO_END, READ));
    FAILS(EFAULT, mmapx_populate(&m, size / 2, MMAPX_TO_END, WRITE));
    FAILS(EIO, mmapx_read(&m, size / 2, buf, sizeof buf));
    FAILS(EIO, mmapx_write(&m, size / 2, buf, sizeof buf));
}
END_TEST

START_TEST(bad_arguments)
{
    struct mmapx m, unmapped = MMAPX_INIT;

    OK(mmapx_map_anon(&m, 10, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    FAILS(EINVAL, mmapx_populate(NULL, 0, 0, READ));
    FAILS(EINVAL, mmapx_populate(&unmapped, 0, 0, READ));
    FAILS(EINVAL, mmapx_populate(&m, 0, 1, 0));
    FAILS(EINVAL, mmapx_populate(&m, 0, 1, READ | WRITE));
    FAILS(EINVAL, mmapx_populate(&m, 0, 0, 4));
    FAILS(EINVAL, mmapx_populate(&m, 0, 11, READ));
    FAILS(EINVAL, mmapx_populate(&m, SIZE_MAX, 2, READ));
}
END_TEST

START_TEST(against_the_protection)
{
    size_t page = page_size();
    int fd = temp_file(3 * page);
    struct mmapx m, v;

    need_native();
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    FAILS(EACCES, mmapx_populate(&m, 0, MMAPX_TO_END, WRITE));
    OK(mmapx_protect(&m, 0, MMAPX_TO_END, PROT_NONE));
    FAILS(EACCES, mmapx_populate(&m, 0, MMAPX_TO_END, READ));
    OK(mmapx_protect(&m, 0, MMAPX_TO_END, PROT_READ | PROT_WRITE));
    OK(mmapx_populate(&m, 0, MMAPX_TO_END, WRITE));
    OK(mmapx_protect(&m, page, page, PROT_READ));
    OK(mmapx_view(&v, (char *)m.addr + page, page));
    if (mmapx_advice_supported(MMAPX_MADV_POPULATE_WRITE)) {
        OK(mmapx_populate(&m, 0, page, WRITE));
        FAILS(EACCES, mmapx_populate(&m, 0, MMAPX_TO_END, WRITE));
        FAILS(EACCES, mmapx_populate(&v, 0, MMAPX_TO_END, WRITE));
        OK(mmapx_populate(&v, 0, MMAPX_TO_END, READ));
    }
}
END_TEST

/* What a driver has made is there already, and not to be populated. */
START_TEST(memory_of_a_driver)
{
    struct mmapx m;

    need_the_kernel();
    map_driver_page(&m);
    if (!mmapx_advice_supported(MMAPX_MADV_POPULATE_READ))
        SKIP("without the advice it is touched");
    if (mmapx_populate(&m, 0, MMAPX_TO_END, READ) == 0)
        SKIP("this kernel's counters are memory like any other");
    FAILS(EACCES, mmapx_populate(&m, 0, MMAPX_TO_END, READ));
    FAILS(EACCES, mmapx_populate(&m, 0, MMAPX_TO_END, WRITE));
}
END_TEST

/* An error of the first step is not forgotten over the second, which is
 * another's memory and would succeed. */
START_TEST(an_early_step_fails)
{
    size_t page = page_size();
    size_t step = 32 << 20;
    int fd = temp_file(page);
    struct mmapx m, beyond;

    need_native();
    OK(mmapx_map_region(&m, fd, 0, step + page, PROT_READ | PROT_WRITE,
                        MAP_SHARED));
    OK(mmapx_map_at(&beyond, (char *)m.addr + step, -1, 0, page,
                    PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED));
    FAILS(EFAULT, mmapx_populate(&m, 0, MMAPX_TO_END, WRITE));
    FAILS(EFAULT, mmapx_populate(&m, 0, MMAPX_TO_END, READ));
    OK(mmapx_populate(&m, step, MMAPX_TO_END, WRITE));
}
END_TEST

START_TEST(a_gap)
{
    size_t page = page_size();
    struct mmapx m;

    need_native();
    OK(mmapx_map_anon(&m, 3 * page, PROT_READ, MAP_PRIVATE));
    ck_assert_int_eq(munmap((char *)m.addr + page, page), 0);
    if (!mmapx_advice_supported(MMAPX_MADV_POPULATE_READ))
        SKIP("without the advice a gap is a crash");
    FAILS(ENOMEM, mmapx_populate(&m, 0, MMAPX_TO_END, READ));
}
END_TEST

/* Signals are handled meanwhile, and are no reason to stop. */
static volatile sig_atomic_t alarms;

static void
on_alarm(int sig)
{
    (void)sig;
    alarms = alarms + 1;
}

START_TEST(signals)
{
    struct itimerval every = { { 0, 200 }, { 0, 200 } };
    struct sigaction act = { .sa_flags = 0 };
    struct mmapx m;

    need_native();
    OK(mmapx_map_anon(&m, 160 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    act.sa_handler = on_alarm;
    sigemptyset(&act.sa_mask);
    ck_assert_int_eq(sigaction(SIGALRM, &act, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &every, NULL), 0);
    OK(mmapx_populate(&m, 0, MMAPX_TO_END, WRITE));
    ck_assert_uint_eq(resident(&m), mmapx_page_count(&m, 0, MMAPX_TO_END));
    ck_assert_int_gt(alarms, 0);
}
END_TEST

/* Pages of hugetlbfs come from a pool and are no cache of anything: nothing is
 * read in before, and room for memory of them cannot be noted. */
START_TEST(huge_pages)
{
#ifdef MFD_HUGETLB
    struct mmapx m;
    int fd = -1;

    need_the_kernel();
    if (mmapx_map_memfd(&m, &fd, "huge", 1, MFD_HUGETLB) != 0)
        SKIP("no huge pages: vm.nr_hugepages is 0 or they are in use");
    OK(mmapx_populate(&m, 0, MMAPX_TO_END, READ));
    OK(mmapx_populate(&m, 0, MMAPX_TO_END, WRITE));
    ck_assert_uint_eq(resident(&m), 1);
    OK(mmapx_unmap(&m));
    close(fd);
    OK(mmapx_map_anon(&m, 1, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_HUGETLB));
    OK(mmapx_populate(&m, 0, MMAPX_TO_END, WRITE));
    FAILS(ENOTSUP, mmapx_reserve(&m, 3 * mmapx_page_size(&m),
                                 MMAPX_RESIZE_MAYMOVE));
    OK(mmapx_unmap(&m));
#else
    SKIP("no huge pages here");
#endif
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("populate");

    ADD_TEST(s, pages_come_in);
    ADD_TEST(s, a_large_file);
    ADD_TEST(s, every_page_is_mapped);
    ADD_TEST(s, a_large_file_with_a_bad_place);
    ADD_TEST(s, descriptors);
    ADD_TEST(s, past_the_end_of_the_file);
    ADD_TEST(s, a_failing_disk);
    ADD_TEST(s, bad_arguments);
    ADD_TEST(s, against_the_protection);
    ADD_TEST(s, memory_of_a_driver);
    ADD_TEST(s, an_early_step_fails);
    ADD_TEST(s, a_gap);
    ADD_TEST(s, signals);
    ADD_HUGE_TEST(s, huge_pages);
    return s;
}
