/* SPDX-License-Identifier: MIT */
/* Copies into and out of mappings. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(copies)
{
    size_t page = page_size();
    int fd = temp_file(3 * page);
    char *buf = malloc(4 * page);
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 10, MMAPX_TO_END, PROT_READ | PROT_WRITE,
                        MAP_SHARED));
    ck_assert_int_eq(mmapx_read(&m, 0, buf, m.len), (ssize_t)m.len);
    check_pattern(buf, 10, m.len);
    ck_assert_int_eq(mmapx_read(&m, 5, buf, 7), 7);
    check_pattern(buf, 15, 7);
    ck_assert_int_eq(mmapx_read(&m, m.len - 3, buf, page), 3);
    ck_assert_int_eq(mmapx_read(&m, m.len, buf, 1), 0);
    ck_assert_int_eq(mmapx_read(&m, 3, NULL, 0), 0);
    ck_assert_int_eq(mmapx_read(&m, 0, buf, MMAPX_TO_END), (ssize_t)m.len);

    ck_assert_int_eq(mmapx_write(&m, 5, "edited", 6), 6);
    ck_assert_int_eq(pread(fd, buf, 6, 15), 6);
    ck_assert_mem_eq(buf, "edited", 6);
    ck_assert_int_eq(mmapx_write(&m, m.len - 2, "edited", 6), 2);
    ck_assert_int_eq(mmapx_write(&m, m.len, "edited", 6), 0);
    ck_assert_int_eq(mmapx_write(&m, 0, NULL, 0), 0);
    free(buf);
}
END_TEST

/* The count is exact to the page that faults, wherever memcpy(3) begins. */
START_TEST(copies_that_fault)
{
    size_t page = page_size();
    size_t pages = 64;
    int fd = temp_file(pages * page);
    unsigned char *buf = malloc(pages * page);
    struct mmapx m;

    need_native();
    need_to_go_on();
    OK(mmapx_map_region(&m, fd, 7, MMAPX_TO_END, PROT_READ | PROT_WRITE,
                        MAP_SHARED));
    for (size_t left = pages; left-- > 0;) {
        /* All bytes of the last page of the file are there. */
        size_t there = left * page - (left > 0 ? 7 : 0);

        ck_assert_int_eq(ftruncate(fd, (off_t)(left * page)), 0);
        memset(buf, 0, m.len);
        if (left == 0) {
            FAILS(EIO, mmapx_read(&m, 0, buf, m.len));
            FAILS(EIO, mmapx_write(&m, 0, buf, m.len));
            continue;
        }
        ck_assert_int_eq(mmapx_read(&m, 0, buf, m.len), (ssize_t)there);
        check_pattern(buf, 7, there);
        ck_assert_int_eq(mmapx_write(&m, 0, buf, m.len), (ssize_t)there);
        ck_assert_int_eq(mmapx_read(&m, there - 1, buf, 2), 1);
        FAILS(EIO, mmapx_read(&m, there, buf, 1));
    }
    free(buf);
}
END_TEST

/* The rest of the page in which a file ends reads as zeros, and is counted.
 * Only fstat(2) tells how many bytes were the file's. */
START_TEST(a_file_that_was_cut_inside_a_page)
{
    enum { LEFT = 100 };
    size_t page = page_size();
    int fd = temp_file(2 * page);
    unsigned char *buf = malloc(2 * page);
    struct stat st;
    struct mmapx m;

    need_native();
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    ck_assert_int_eq(mmapx_read(&m, 0, buf, 2 * page), (ssize_t)(2 * page));
    ck_assert_int_eq(ftruncate(fd, LEFT), 0);
    memset(buf, 'x', 2 * page);
    ck_assert_int_eq(mmapx_read(&m, 0, buf, 2 * page), (ssize_t)page);
    check_pattern(buf, 0, LEFT);
    for (size_t i = LEFT; i < page; i++)
        ck_assert_int_eq(buf[i], 0);
    ck_assert_int_eq(buf[page], 'x');
    ck_assert_int_eq(mmapx_read(&m, LEFT, buf, 1), 1);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_int_eq(st.st_size, LEFT);
    free(buf);
}
END_TEST

/* A page that is missing, and others around it that are not: nothing behind it
 * is written to, whatever the length and wherever memcpy() would begin. */
START_TEST(a_gap_is_not_written_across)
{
    enum { PAGES = 4, GAP = 1 };
    static const size_t lengths[] = { 1, 7, 31, 100, 300, 1000, 4000, 8000 };
    size_t page = page_size();
    int nothing = temp_file(0);
    unsigned char *buf = malloc(PAGES * page);
    unsigned char *zeros = calloc(PAGES, page);
    struct mmapx m, view;
    unsigned char *p;

    need_native();
    OK(mmapx_map_anon(&m, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    p = m.addr;
    ck_assert_ptr_eq(mmap(p + GAP * page, page, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_FIXED, nothing, 0),
                     p + GAP * page);
    OK(mmapx_view(&view, p, m.len));
    memset(buf, 'x', PAGES * page);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        for (size_t k = 0; k <= 100; k++) {
            /* From before the gap, and from its last bytes on. */
            ck_assert_int_eq(mmapx_write(&view, GAP * page - k, buf,
                                         k + page + lengths[i]),
                             k > 0 ? (ssize_t)k : -1);
            FAILS(EIO, mmapx_write(&view, (GAP + 1) * page - 1 - k, buf,
                                   1 + k + lengths[i]));
            ck_assert_mem_eq(p + (GAP + 1) * page, zeros, 2 * page);
        }
    free(zeros);
    free(buf);
}
END_TEST

START_TEST(copies_against_the_protection)
{
    size_t page = page_size();
    char path[PATH_MAX];
    int fd = temp_named(path, 3 * page);
    int ro = open(path, O_RDONLY);
    char buf[1] = { 'x' };
    struct mmapx m, v;

    need_native();
    unlink(path);
    OK(mmapx_map(&m, ro, PROT_READ, MAP_SHARED));
    FAILS(EACCES, mmapx_write(&m, 0, buf, 1));
    OK(mmapx_unmap(&m));
    OK(mmapx_map(&m, fd, PROT_NONE, MAP_SHARED));
    FAILS(EACCES, mmapx_read(&m, 0, buf, 1));
    FAILS(EACCES, mmapx_write(&m, 0, buf, 1));

    /* The protection is followed, also of a part. */
    OK(mmapx_protect(&m, 0, MMAPX_TO_END, PROT_READ | PROT_WRITE));
    ck_assert_int_eq(mmapx_write(&m, 0, buf, 1), 1);
    OK(mmapx_protect(&m, page, page, PROT_READ));
    if (mmapx_advice_supported(MMAPX_MADV_POPULATE_WRITE)) {
        ck_assert_int_eq(mmapx_write(&m, 0, buf, 1), 1);
        FAILS(EACCES, mmapx_write(&m, page, buf, 1));
        ck_assert_int_eq(mmapx_write(&m, 2 * page, buf, 1), 1);
        OK(mmapx_view(&v, (char *)m.addr + page, page));
        FAILS(EACCES, mmapx_write(&v, 0, buf, 1));
        OK(mmapx_view(&v, m.addr, page));
        ck_assert_int_eq(mmapx_write(&v, 0, buf, 1), 1);
    }
    OK(mmapx_protect(&m, 0, MMAPX_TO_END, PROT_READ));
    FAILS(EACCES, mmapx_write(&m, 0, buf, 1));
    OK(mmapx_protect(&m, 0, MMAPX_TO_END, PROT_NONE));
    OK(mmapx_protect(&m, page, page, PROT_READ));
    ck_assert_int_eq(mmapx_read(&m, page, buf, 1), 1);
    close(fd);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("copy");

    ADD_TEST(s, copies);
    ADD_TEST(s, copies_that_fault);
    ADD_TEST(s, a_file_that_was_cut_inside_a_page);
    ADD_TEST(s, a_gap_is_not_written_across);
    ADD_TEST(s, copies_against_the_protection);
    return s;
}
