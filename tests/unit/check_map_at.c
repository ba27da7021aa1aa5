/* SPDX-License-Identifier: MIT */
/* Where mappings are made. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined __linux__
#include <linux/magic.h>
#include <sys/vfs.h>
#endif

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0
#endif

/* An address range of n pages where nothing is mapped. */
static unsigned char *
free_pages(size_t n)
{
    struct mmapx m;
    unsigned char *p;

    OK(mmapx_map_anon(&m, n * page_size(), PROT_NONE, MAP_PRIVATE));
    p = m.addr;
    OK(mmapx_unmap(&m));
    return p;
}


START_TEST(a_hint)
{
    size_t page = page_size();
    unsigned char *p = free_pages(8);
    int fd = temp_file(4 * page);
    struct mmapx m;

    OK(mmapx_map_at(&m, p + page + 100, fd, 100, MMAPX_TO_END, PROT_READ,
                    MAP_SHARED));
    check_pattern(m.addr, 100, m.len);
    if (!under_valgrind())
        ck_assert_ptr_eq(m.addr, p + page + 100);
    OK(mmapx_unmap(&m));
    /* One that does not fit the offset still gives the right bytes. */
    OK(mmapx_map_at(&m, p + page + 7, fd, 100, MMAPX_TO_END, PROT_READ,
                    MAP_SHARED));
    check_pattern(m.addr, 100, m.len);
    OK(mmapx_unmap(&m));
    OK(mmapx_map_at(&m, NULL, fd, 100, MMAPX_TO_END, PROT_READ, MAP_SHARED));
    OK(mmapx_unmap(&m));
    OK(mmapx_map_at(&m, (void *)1, fd, 100, MMAPX_TO_END, PROT_READ,
                    MAP_SHARED));
    OK(mmapx_unmap(&m));
}
END_TEST

START_TEST(fixed)
{
    size_t page = page_size();
    int fd = temp_file(2 * page);
    struct mmapx room, m;

    OK(mmapx_map_anon(&room, 4 * page, PROT_READ, MAP_PRIVATE));
    unsigned char *p = room.addr;

    OK(mmapx_map_at(&m, p + page + 5, fd, 5, page, PROT_READ,
                    MAP_SHARED | MAP_FIXED));
    ck_assert_ptr_eq(m.addr, p + page + 5);
    check_pattern(m.addr, 5, page);
    ck_assert_int_eq(p[0] | p[3 * page], 0);
    MAP_FAILS(EINVAL, m,
              mmapx_map_at(&m, p + page, fd, 5, page, PROT_READ,
                           MAP_SHARED | MAP_FIXED));
    MAP_FAILS(EINVAL, m,
              mmapx_map_at(&m, p + 6, fd, 5, page, PROT_READ,
                           MAP_SHARED | MAP_FIXED));
    MAP_FAILS(EINVAL, m,
              mmapx_map_at(&m, NULL, fd, 0, page, PROT_READ,
                           MAP_SHARED | MAP_FIXED));
    ck_assert_int_eq(p[0] | p[3 * page], 0);
    check_pattern(p + page + 5, 5, page);
}
END_TEST

START_TEST(fixed_replaces_nothing)
{
    size_t page = page_size();
    int fd = temp_file(2 * page);
    struct mmapx victim, m;
    unsigned char *p = free_pages(4);

    if (MAP_FIXED_NOREPLACE == 0)
        SKIP("the system has no MAP_FIXED_NOREPLACE");
    OK(mmapx_map_at(&m, p, fd, 0, page, PROT_READ,
                    MAP_SHARED | MAP_FIXED_NOREPLACE));
    ck_assert_ptr_eq(m.addr, p);
    OK(mmapx_unmap(&m));
    OK(mmapx_map_anon(&victim, page, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    *(char *)victim.addr = 'v';
    MAP_FAILS(EEXIST, m,
              mmapx_map_at(&m, victim.addr, fd, 0, page, PROT_READ,
                           MAP_SHARED | MAP_FIXED_NOREPLACE));
    /* MAP_FIXED beside it must not win. */
    MAP_FAILS(EEXIST, m,
              mmapx_map_at(&m, victim.addr, fd, 0, page, PROT_READ,
                           MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_FIXED));
    ck_assert_int_eq(*(char *)victim.addr, 'v');
    MAP_FAILS(EINVAL, m,
              mmapx_map_at(&m, p + 1, fd, 0, page, PROT_READ,
                           MAP_SHARED | MAP_FIXED_NOREPLACE));
}
END_TEST

static bool
low_address_is_refused(void *arg)
{
    uintptr_t second_page = page_size();
    struct mmapx m;

    (void)arg;
    errno = 0;
    return mmapx_map_at(&m, (void *)second_page, -1, 0, 1, PROT_READ,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)
               == -1
           && errno == EPERM;
}

static bool
lowest_is_above_first_page(void)
{
    FILE *f = fopen("/proc/sys/vm/mmap_min_addr", "r");
    unsigned long lowest = 0;

    if (f != NULL) {
        if (fscanf(f, "%lu", &lowest) != 1)
            lowest = 0;
        fclose(f);
    }
    return lowest > page_size();
}

START_TEST(a_low_address)
{
    int fd = temp_file(1);
    struct mmapx m;

    need_the_kernel();
    if (lowest_is_above_first_page())
        ck_assert(in_child_as_nobody(low_address_is_refused, NULL));
    MAP_FAILS(ENOMEM, m,
              mmapx_map_at(&m, (void *)(UINTPTR_MAX - page_size() + 1), fd, 0,
                           page_size(), PROT_READ, MAP_SHARED | MAP_FIXED));
}
END_TEST

#if defined __linux__
/* Huge pages of the cache can be mapped as such only where address and offset
 * agree modulo 2 MiB. */
static void
check_congruent(int fd, int64_t offset)
{
    size_t unit = (size_t)2 << 20;
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, offset, MMAPX_TO_END, PROT_READ, MAP_SHARED));
    ck_assert_uint_eq(((uintptr_t)m.addr - (uintptr_t)offset) % unit, 0);
    OK(mmapx_unmap(&m));
}
#endif

START_TEST(large_mappings_are_congruent)
{
#if defined __linux__
    int64_t offsets[] = { 0, 4096, 12345, (3 << 20) + 1 };
    char path[] = "/dev/shm/mmapx-test-XXXXXX";
    int fds[] = { temp_file(0), mkstemp(path) };
    size_t mappings = count_mappings();

    skip_under_valgrind("valgrind chooses the addresses");
    unlink(path);
    for (size_t i = 0; i < 2; i++) {
        struct stat st;
        struct statfs fs;

        /* tmpfs says so where it has large pages; any address will do else. */
        if (fds[i] < 0 || fstat(fds[i], &st) != 0 || fstatfs(fds[i], &fs) != 0
            || (fs.f_type == TMPFS_MAGIC && st.st_blksize < 2 << 20))
            continue;
        ck_assert_int_eq(ftruncate(fds[i], 16 << 20), 0);
        for (size_t k = 0; k < 4; k++)
            check_congruent(fds[i], offsets[k]);
    }
    ck_assert_uint_eq(count_mappings(), mappings);
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

/* The name of a device may be in a file system that is in memory only: that
 * tells nothing of the device. */
START_TEST(a_large_mapping_of_a_device)
{
#if defined __linux__
    int file, fd;

    skip_under_valgrind("valgrind chooses the addresses");
    file = temp_file(0);
    ck_assert_int_eq(ftruncate(file, 16 << 20), 0);
    fd = loop_device(file);
    check_congruent(fd, 0);
    check_congruent(fd, 12345);
    check_congruent(fd, (3 << 20) + 1);
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("map_at");

    ADD_TEST(s, a_hint);
    ADD_TEST(s, fixed);
    ADD_TEST(s, fixed_replaces_nothing);
    ADD_TEST(s, a_low_address);
    ADD_TEST(s, large_mappings_are_congruent);
    ADD_TEST(s, a_large_mapping_of_a_device);
    return s;
}
