/* SPDX-License-Identifier: MIT */
/* Protection, which never reaches beyond what was named. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

START_TEST(own_edges_and_page_edges)
{
    size_t page = page_size();
    int fd = temp_file(4 * page);
    struct mmapx m;
    unsigned char *p;

    OK(mmapx_map_region(&m, fd, 10, 3 * page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE));
    p = m.addr;
    OK(mmapx_protect(&m, 0, page - 10, PROT_READ));
    ck_assert(store_kills(p));
    ck_assert(store_kills(p + page - 11));
    ck_assert(!store_kills(p + page - 10));
    OK(mmapx_protect(&m, 2 * page - 10, MMAPX_TO_END, PROT_NONE));
    ck_assert(!store_kills(p + 2 * page - 11));
    ck_assert(load_kills(p + 2 * page - 10));
    ck_assert(load_kills(p + m.len - 1));
    OK(mmapx_protect(&m, 0, MMAPX_TO_END, PROT_READ | PROT_WRITE));
    ck_assert(!store_kills(p));
    ck_assert(!store_kills(p + m.len - 1));
}
END_TEST

START_TEST(edges_inside_a_page)
{
    size_t page = page_size();
    int fd = temp_file(3 * page);
    struct mmapx m, v;

    OK(mmapx_map_region(&m, fd, 10, 3 * page - 20, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE));
    FAILS(EINVAL, mmapx_protect(&m, page + 5, 3, PROT_NONE));
    FAILS(EINVAL, mmapx_protect(&m, 0, page, PROT_NONE));
    FAILS(EINVAL, mmapx_protect(&m, 1, MMAPX_TO_END, PROT_NONE));
    OK(mmapx_view(&v, m.addr, m.len));
    FAILS(EINVAL, mmapx_protect(&v, 0, MMAPX_TO_END, PROT_NONE));
    check_pattern(m.addr, 10, m.len);
    OK(mmapx_protect(&v, page - 10, page, PROT_NONE));
    ck_assert(load_kills((char *)m.addr + page));
}
END_TEST

START_TEST(bad_arguments)
{
    struct mmapx m;

    OK(mmapx_map_anon(&m, page_size(), PROT_READ, MAP_PRIVATE));
    FAILS(EINVAL, mmapx_protect(&m, 0, m.len + 1, PROT_NONE));
    FAILS(EINVAL, mmapx_protect(&m, SIZE_MAX, 2, PROT_NONE));
    FAILS(EINVAL, mmapx_protect(&m, 1, SIZE_MAX - 1, PROT_NONE));
    OK(mmapx_protect(&m, 5, 0, PROT_NONE));
    ck_assert(!load_kills(m.addr));
#if defined PROT_GROWSUP && defined PROT_GROWSDOWN
    FAILS(EINVAL, mmapx_protect(&m, 0, MMAPX_TO_END,
                                PROT_READ | PROT_GROWSUP | PROT_GROWSDOWN));
#endif
}
END_TEST

START_TEST(a_file_that_may_only_be_read)
{
    char path[PATH_MAX];
    int fd = temp_named(path, 100);
    int ro = open(path, O_RDONLY);
    struct mmapx m;

    unlink(path);
    OK(mmapx_map(&m, ro, PROT_READ, MAP_SHARED));
    FAILS(EACCES, mmapx_protect(&m, 0, MMAPX_TO_END, PROT_READ | PROT_WRITE));
    ck_assert(store_kills(m.addr));
    OK(mmapx_unmap(&m));
    OK(mmapx_map(&m, ro, PROT_READ, MAP_PRIVATE));
    OK(mmapx_protect(&m, 0, MMAPX_TO_END, PROT_READ | PROT_WRITE));
    close(fd);
}
END_TEST

/* A seal is what it is to a file that is not open for writing. */
START_TEST(a_memfd_sealed_against_writing)
{
#if defined __linux__ && defined F_ADD_SEALS
    const int future_write = 16;
    struct mmapx m;
    int fd = -1;

    need_native();
    if (mmapx_map_memfd(&m, &fd, "sealed", page_size(), 0) != 0)
        SKIP("no memfd");
    OK(mmapx_unmap(&m));
    if (fcntl(fd, F_ADD_SEALS, future_write) != 0)
        SKIP("a kernel without F_SEAL_FUTURE_WRITE");
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    FAILS(EACCES, mmapx_protect(&m, 0, MMAPX_TO_END, PROT_READ | PROT_WRITE));
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

START_TEST(a_gap)
{
    size_t page = page_size();
    struct mmapx m;

    need_native();
    OK(mmapx_map_anon(&m, 3 * page, PROT_READ, MAP_PRIVATE));
    ck_assert_int_eq(munmap((char *)m.addr + page, page), 0);
    FAILS(ENOMEM, mmapx_protect(&m, 0, MMAPX_TO_END, PROT_NONE));
}
END_TEST

/* The system had changed the first part, which guarded copies do not ask. */
START_TEST(half_way_and_back)
{
    size_t page = page_size();
    struct mmapx m;

    need_native();
    OK(mmapx_map_anon(&m, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    ck_assert_int_eq(munmap((char *)m.addr + 2 * page, page), 0);
    FAILS(ENOMEM, mmapx_protect(&m, 0, MMAPX_TO_END, PROT_READ));
    ck_assert(!store_kills(m.addr));
    ck_assert_int_eq(mmapx_write(&m, page, "x", 1), 1);
    FAILS(ENOMEM, mmapx_protect(&m, page, 2 * page, PROT_NONE));
    ck_assert(!load_kills((char *)m.addr + page));
    ck_assert_int_eq(mmapx_write(&m, page, "x", 1), 1);

    /* What is not the same everywhere is not known. */
    OK(mmapx_protect(&m, page, page, PROT_READ));
    FAILS(ENOMEM, mmapx_protect(&m, 0, MMAPX_TO_END, PROT_READ));
    ck_assert(store_kills(m.addr));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("protect");

    ADD_TEST(s, own_edges_and_page_edges);
    ADD_TEST(s, edges_inside_a_page);
    ADD_TEST(s, bad_arguments);
    ADD_TEST(s, a_file_that_may_only_be_read);
    ADD_TEST(s, a_memfd_sealed_against_writing);
    ADD_TEST(s, a_gap);
    ADD_TEST(s, half_way_and_back);
    return s;
}
