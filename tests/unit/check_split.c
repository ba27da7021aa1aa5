/* SPDX-License-Identifier: MIT */
/* Two handles of one mapping, and one of two. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "resizing.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A join that fails and leaves both handles alone. */
static void
check_refused(struct mmapx *m, struct mmapx *next, int line)
{
    struct mmapx before = *m, before_next = *next;
    int r;

    errno = 0;
    r = mmapx_join(m, next);
    ck_assert_msg(r == -1 && errno == EINVAL, "line %d: %d, errno %d", line, r,
                  errno);
    ck_assert_mem_eq(m, &before, sizeof before);
    ck_assert_mem_eq(next, &before_next, sizeof before_next);
}

#define REFUSED(m, next) check_refused(m, next, __LINE__)

static void
map_file(struct mmapx *m, int fd, size_t off)
{
    OK(mmapx_map_region(m, fd, (int64_t)off, MMAPX_TO_END, RW, MAP_SHARED));
}

START_TEST(two_parts_and_one_again)
{
    size_t page = page_size();
    struct mmapx whole, m, rest;

    map_file(&m, temp_file(5 * page), 100);
    whole = m;
    memset(&rest, 0x5a, sizeof rest);
    OK(mmapx_split(&m, 2 * page - 100, &rest));
    ck_assert_ptr_eq(m.addr, whole.addr);
    ck_assert_uint_eq(m.len, 2 * page - 100);
    ck_assert_ptr_eq(rest.addr, (char *)whole.addr + 2 * page - 100);
    ck_assert_uint_eq(rest.len, 3 * page);
    ck_assert_uint_eq(mmapx_page_size(&rest), page);
    check_pattern(m.addr, 100, m.len);
    check_pattern(rest.addr, 2 * page, rest.len);
    FAILS(EINVAL, mmapx_sync(&m, 0, m.len + 1, MS_SYNC));
    OK(mmapx_join(&m, &rest));
    ck_assert_mem_eq(&m, &whole, sizeof m);
    ck_assert_ptr_null(rest.addr);
    OK(mmapx_unmap(&rest));
    FAILS(EINVAL, mmapx_sync(&rest, 0, 0, MS_SYNC));
    OK(mmapx_unmap(&m));
}
END_TEST

START_TEST(head_middle_and_tail_are_given_back)
{
    size_t page = page_size();
    int fd = temp_file(6 * page);
    struct mmapx m, middle, tail;
    char *p;

    map_file(&m, fd, 0);
    p = m.addr;
    OK(mmapx_split(&m, 2 * page, &middle));
    OK(mmapx_split(&middle, 2 * page, &tail));
    OK(mmapx_unmap(&middle));
    ck_assert(!load_kills(p + 2 * page - 1));
    ck_assert(is_given_back(p + 2 * page, fd));
    ck_assert(is_given_back(p + 4 * page - 1, fd));
    ck_assert(!load_kills(p + 4 * page));
    REFUSED(&m, &tail);
    OK(mmapx_unmap(&m));
    ck_assert(is_given_back(p, fd));
    check_pattern(tail.addr, 4 * page, 2 * page);
    OK(mmapx_unmap(&tail));
    ck_assert(is_given_back(p + 4 * page, fd));
}
END_TEST

START_TEST(each_is_protected_by_itself)
{
    size_t page = page_size();
    struct mmapx m, rest;
    char byte = 'x';

    map_file(&m, temp_file(4 * page), 0);
    OK(mmapx_split(&m, 2 * page, &rest));
    OK(mmapx_protect(&rest, 0, MMAPX_TO_END, PROT_READ));
    ck_assert_int_eq(mmapx_write(&m, 0, &byte, 1), 1);
    FAILS(EACCES, (int)mmapx_write(&rest, 0, &byte, 1));
    OK(mmapx_join(&m, &rest));
    /* What it is now only the kernel knows. */
    ck_assert_int_eq(mmapx_write(&m, 1, &byte, 1), 1);
    if (mmapx_advice_supported(MMAPX_MADV_POPULATE_WRITE))
        FAILS(EACCES, (int)mmapx_write(&m, 3 * page, &byte, 1));
    OK(mmapx_protect(&m, 0, MMAPX_TO_END, RW));
    ck_assert_int_eq(mmapx_write(&m, 3 * page, &byte, 1), 1);
}
END_TEST

START_TEST(each_is_resized_by_itself)
{
    size_t page = page_size();
    int fd = temp_file(4 * page);
    struct mmapx m, rest;
    char *p;

    map_file(&m, fd, 0);
    p = m.addr;
    OK(mmapx_split(&m, 2 * page, &rest));
    FAILS(ENOMEM, mmapx_resize(&m, fd, 3 * page, 0));
    FAILS(EINVAL, mmapx_resize(&m, fd, page, MMAPX_RESIZE_FILE));
    ck_assert_uint_eq(file_size(fd), 4 * page);
    if (!under_emulator()) {
        OK(mmapx_resize(&m, fd, 3 * page, MMAPX_RESIZE_MAYMOVE));
        ck_assert_ptr_ne(m.addr, p);
        check_pattern(m.addr, 0, m.len);
    }
    OK(mmapx_resize(&rest, fd, page, MMAPX_RESIZE_FILE));
    ck_assert_uint_eq(file_size(fd), 3 * page);
    OK(mmapx_resize(&rest, fd, 5 * page,
                    MMAPX_RESIZE_FILE | MMAPX_RESIZE_MAYMOVE));
    check_pattern(rest.addr, 2 * page, page);
    OK(mmapx_resize(&m, fd, page, MMAPX_RESIZE_FILE | MMAPX_RESIZE_CUT));
    ck_assert_uint_eq(file_size(fd), page);
    OK(mmapx_unmap(&rest));
    OK(mmapx_unmap(&m));
}
END_TEST

START_TEST(the_room_goes_to_the_rest)
{
    size_t page = page_size();
    struct mmapx m, rest;
    char *p;

    OK(mmapx_map_anon(&m, 4 * page, RW, MAP_PRIVATE));
    OK(mmapx_reserve(&m, 8 * page, MMAPX_RESIZE_MAYMOVE));
    p = m.addr;
    OK(mmapx_split(&m, page, &rest));
    ck_assert_uint_eq(mmapx_room(&m), page);
    ck_assert_uint_eq(mmapx_room(&rest), 7 * page);
    OK(mmapx_resize(&rest, -1, 6 * page, 0));
    ck_assert_ptr_eq(rest.addr, p + page);
    OK(mmapx_join(&m, &rest));
    ck_assert_uint_eq(m.len, 7 * page);
    ck_assert_uint_eq(mmapx_room(&m), 8 * page);
    OK(mmapx_resize(&m, -1, 8 * page, 0));
    ck_assert_ptr_eq(m.addr, p);
    /* The left part may take room of its own when the rest is gone. */
    OK(mmapx_split(&m, page, &rest));
    OK(mmapx_unmap(&rest));
    OK(mmapx_reserve(&m, 8 * page, 0));
    REFUSED(&m, &rest);
    OK(mmapx_unmap(&m));
    ck_assert(under_sanitizer() || load_kills(p)); /* which may have it now */
}
END_TEST

START_TEST(what_does_not_adjoin)
{
    size_t page = page_size();
    int fd = temp_file(8 * page);
    struct mmapx m, a, b, c, other;

    map_file(&m, fd, 0);
    OK(mmapx_split(&m, 2 * page, &a));
    OK(mmapx_split(&a, 2 * page, &b));
    OK(mmapx_split(&b, 2 * page, &c));
    REFUSED(&m, &b); /* neither in memory nor in the file */
    REFUSED(&a, &m);
    REFUSED(&b, &a);
    OK(mmapx_resize(&m, -1, 2 * page - 1, 0));
    REFUSED(&m, &a); /* one byte is missing */
    OK(mmapx_resize(&m, -1, 2 * page, 0));
    OK(mmapx_join(&m, &a));
    /* In memory, but not in the file. */
    OK(mmapx_map_at(&other, b.addr, fd, 0, 2 * page, RW,
                    MAP_SHARED | MAP_FIXED));
    REFUSED(&m, &other);
    /* At the right place, but not of this file, and in another way. */
    OK(mmapx_map_at(&other, b.addr, temp_file(8 * page), (int64_t)(4 * page),
                    2 * page, RW, MAP_SHARED | MAP_FIXED));
    REFUSED(&m, &other);
    OK(mmapx_map_at(&other, b.addr, fd, (int64_t)(4 * page), 2 * page, RW,
                    MAP_PRIVATE | MAP_FIXED));
    REFUSED(&m, &other);
    OK(mmapx_map_at(&other, b.addr, fd, (int64_t)(4 * page), 2 * page,
                    PROT_READ, MAP_SHARED | MAP_FIXED));
    OK(mmapx_join(&m, &other));
    ck_assert_uint_eq(m.len, 6 * page);
    check_pattern(m.addr, 0, m.len);
}
END_TEST

START_TEST(anonymous_memory)
{
    size_t page = page_size();
    struct mmapx area, m, rest, other;

    OK(mmapx_map_anon(&area, 8 * page, PROT_NONE, MAP_PRIVATE));
    OK(mmapx_map_at(&m, area.addr, -1, 0, 2 * page, RW,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED));
    OK(mmapx_map_at(&other, (char *)area.addr + 2 * page, -1, 0, 2 * page, RW,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED));
    REFUSED(&m, &other);
    OK(mmapx_split(&m, page, &rest));
    OK(mmapx_join(&m, &rest));
    /* The second page of another object, where m's second page was. */
    OK(mmapx_split(&m, page, &rest));
    OK(mmapx_map_at(&other, m.addr, -1, 0, 2 * page, RW,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED));
    OK(mmapx_split(&other, page, &area));
    REFUSED(&m, &area);
    OK(mmapx_join(&other, &area));
}
END_TEST

/* Each map call makes another object, however many there have been.  32-bit
 * handles have room for 32768 of them. */
START_TEST(many_anonymous_objects)
{
    size_t page = page_size();
    struct mmapx m, rest, other, tail;

    if (sizeof(uintptr_t) < 8)
        SKIP("the handle has no room for so many numbers");
    OK(mmapx_map_anon(&m, 2 * page, RW, MAP_PRIVATE));
    for (int i = 1; i < 32768; i++) {
        OK(mmapx_map_anon(&other, 0, RW, MAP_PRIVATE));
        OK(mmapx_unmap(&other));
    }
    OK(mmapx_split(&m, page, &rest));
    OK(mmapx_map_at(&other, m.addr, -1, 0, 2 * page, RW,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED));
    OK(mmapx_split(&other, page, &tail));
    REFUSED(&m, &tail);
}
END_TEST

START_TEST(bad_arguments)
{
    size_t page = page_size();
    struct mmapx m, v, empty, rest, before, unmapped = MMAPX_INIT;
    int fd = temp_file(3 * page);

    map_file(&m, fd, 10);
    before = m;
    memset(&rest, 0x5a, sizeof rest);
    OK(mmapx_view(&v, (char *)m.addr - 10, 2 * page));
    OK(mmapx_map_region(&empty, fd, 0, 0, RW, MAP_SHARED));
    FAILS(EINVAL, mmapx_split(NULL, page, &rest));
    FAILS(EINVAL, mmapx_split(&m, page - 10, NULL));
    FAILS(EINVAL, mmapx_split(&m, page - 10, &m));
    FAILS(EINVAL, mmapx_split(&unmapped, page, &rest));
    FAILS(EINVAL, mmapx_split(&v, page, &rest));
    FAILS(EINVAL, mmapx_split(&empty, 0, &rest));
    FAILS(EINVAL, mmapx_split(&m, 0, &rest));
    FAILS(EINVAL, mmapx_split(&m, page, &rest)); /* no page edge in memory */
    FAILS(EINVAL, mmapx_split(&m, m.len, &rest));
    FAILS(EINVAL, mmapx_split(&m, 4 * page - 10, &rest));
    FAILS(EINVAL, mmapx_split(&m, MMAPX_TO_END, &rest));
    for (size_t i = 0; i < sizeof rest; i++)
        ck_assert_int_eq(((unsigned char *)&rest)[i], 0x5a);
    ck_assert_mem_eq(&m, &before, sizeof m);

    OK(mmapx_split(&m, page - 10, &rest));
    FAILS(EINVAL, mmapx_join(NULL, &rest));
    FAILS(EINVAL, mmapx_join(&m, NULL));
    REFUSED(&m, &m);
    REFUSED(&m, &unmapped);
    REFUSED(&unmapped, &rest);
    REFUSED(&m, &v);
    REFUSED(&m, &empty);
    REFUSED(&empty, &rest);
    OK(mmapx_join(&m, &rest));
}
END_TEST

START_TEST(huge_pages)
{
    struct mmapx m, rest;
    size_t huge;
    int fd = -1;

    need_the_kernel();
#ifdef MFD_HUGETLB
    if (mmapx_map_memfd(&m, &fd, "huge", 1, MFD_HUGETLB) != 0)
#endif
        SKIP("no huge pages: vm.nr_hugepages is 0 or they are in use");
    huge = mmapx_page_size(&m);
    OK(mmapx_resize(&m, fd, 2 * huge,
                    MMAPX_RESIZE_FILE | MMAPX_RESIZE_MAYMOVE));
    FAILS(EINVAL, mmapx_split(&m, page_size(), &rest));
    OK(mmapx_split(&m, huge, &rest));
    *(char *)rest.addr = 'x';
    OK(mmapx_unmap(&m));
    ck_assert_int_eq(*(char *)rest.addr, 'x');
    OK(mmapx_unmap(&rest));
    close(fd);
}
END_TEST

/* A model for inference: all of the file is mapped and read ahead, what is in
 * use is locked as it grows, and both ends are given back. */
START_TEST(a_model)
{
    size_t page = page_size();
    int fd = temp_file(64 * page + 5);
    struct mmapx m, middle, tail;

    need_memlock(64 * page);
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    OK(mmapx_prefetch(&m, &(struct mmapx_range){ 0, m.len }, 1));
    for (size_t at = 8 * page; at < 56 * page; at += 4 * page)
        OK(mmapx_lock(&m, at, 4 * page, 0));
    OK(mmapx_split(&m, 8 * page, &middle));
    OK(mmapx_split(&middle, 48 * page, &tail));
    OK(mmapx_unmap(&m));
    OK(mmapx_unmap(&tail));
    check_pattern(middle.addr, 8 * page, 48 * page);
    ck_assert(is_given_back((char *)middle.addr - 1, fd));
    ck_assert(is_given_back((char *)middle.addr + middle.len, fd));
    OK(mmapx_unlock(&middle, 0, MMAPX_TO_END));
    OK(mmapx_unmap(&middle));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("split");

    ADD_TEST(s, two_parts_and_one_again);
    ADD_TEST(s, head_middle_and_tail_are_given_back);
    ADD_TEST(s, each_is_protected_by_itself);
    ADD_TEST(s, each_is_resized_by_itself);
    ADD_TEST(s, the_room_goes_to_the_rest);
    ADD_TEST(s, what_does_not_adjoin);
    ADD_TEST(s, anonymous_memory);
    ADD_TEST(s, many_anonymous_objects);
    ADD_TEST(s, bad_arguments);
    ADD_TEST(s, a_model);
    ADD_HUGE_TEST(s, huge_pages);
    return s;
}
