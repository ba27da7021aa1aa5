/* SPDX-License-Identifier: MIT */
/* Failures below mmapx_resize() of what mmapx_guard_zeros() has replaced. */
#include "failures.h"

#include <unistd.h>

#include "fake_calls.h"

enum { GROW_BOTH = MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE };

static int
load_last_page(void *arg)
{
    const struct mmapx *m = arg;

    return ((volatile char *)m->addr)[m->len - 1];
}

/* Three pages with something behind them, the last of which is replaced. */
static void
map_replaced(struct fixture *f, int flags)
{
    size_t page = page_size();
    struct mmapx area;
    size_t faults;

    need_native();
    need_fault_addresses();
    need_to_go_on();
    set_up(f);
    OK(mmapx_map_anon(&area, 4 * page, PROT_NONE, MAP_PRIVATE));
    OK(mmapx_map_at(&f->m, area.addr, f->fd, 0, 3 * page,
                    PROT_READ | PROT_WRITE, flags | MAP_FIXED));
    OK(ftruncate(f->fd, (off_t)(2 * page)));
    ck_assert_int_eq(mmapx_guard_zeros(&f->m, load_last_page, &f->m, &faults),
                     0);
    ck_assert_uint_eq(faults, 1);
    ((char *)f->m.addr)[0] = 'w';
    ((char *)f->m.addr)[3 * page - 1] = 'r';
}

START_TEST(replaced_pages_and_a_move_that_fails)
{
    static const struct {
        enum fake_call call;
        int nth;
    } cases[] = {
        { FAKE_MMAP, 2 },      { FAKE_MMAP, 3 },
        { FAKE_MREMAP_TO, 1 }, { FAKE_MREMAP_KEEPING, 1 },
        { FAKE_MREMAP_KEEPING, 2 }, { FAKE_LENGTHEN, 1 },
    };
    struct fixture f;
    size_t page = page_size();

    need_the_kernel();
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        struct mmapx before;
        size_t mappings;

        map_replaced(&f, i % 2 == 0 ? MAP_SHARED : MAP_PRIVATE);
        before = f.m;
        mappings = count_mappings();
        fake_reset();
        fake_fail(cases[i / 2].call, EPERM, cases[i / 2].nth);
        FAILS(EPERM, mmapx_resize(&f.m, f.fd, 5 * page,
                                  GROW_BOTH | MMAPX_RESIZE_SPARSE));
        ck_assert_mem_eq(&f.m, &before, sizeof before);
        ck_assert_int_eq(((char *)f.m.addr)[0], 'w');
        ck_assert_int_eq(((char *)f.m.addr)[3 * page - 1], 'r');
        ck_assert_int_eq(lseek(f.fd, 0, SEEK_END), (off_t)(2 * page));
        ck_assert_uint_eq(count_mappings(), mappings);
        fake_reset();
        OK(mmapx_resize(&f.m, f.fd, 5 * page, GROW_BOTH | MMAPX_RESIZE_SPARSE));
        ck_assert_int_eq(((char *)f.m.addr)[0], 'w');
        ck_assert_int_eq(((char *)f.m.addr)[3 * page - 1], 'r');
    }
}
END_TEST

START_TEST(replaced_pages_and_descriptors)
{
    struct fixture f;
    size_t page = page_size();

    map_replaced(&f, MAP_SHARED);
    FAILS(ENOTSUP, mmapx_resize(&f.m, -1, 4 * page, MMAPX_RESIZE_MAYMOVE));
    FAILS(EINVAL, mmapx_resize(&f.m, temp_file(1), 4 * page,
                               MMAPX_RESIZE_MAYMOVE));
    FAILS(ENOMEM, mmapx_resize(&f.m, f.fd, 4 * page, 0));
    fake_fail(FAKE_STAT, EBADF, 1);
    FAILS(EBADF, mmapx_resize(&f.m, f.fd, 4 * page, MMAPX_RESIZE_MAYMOVE));
    fake_fail(FAKE_MMAP, EACCES, 1);
    FAILS(EACCES, mmapx_resize(&f.m, f.fd, 4 * page, MMAPX_RESIZE_MAYMOVE));
    /* A shared one is mapped anew where nothing can be moved. */
    fake_reset();
    fake_fail(FAKE_MREMAP_TO, ENOSYS, 1);
    OK(mmapx_resize(&f.m, f.fd, 4 * page, MMAPX_RESIZE_MAYMOVE));
    map_replaced(&f, MAP_PRIVATE);
    fake_reset();
    fake_fail(FAKE_MREMAP_TO, ENOSYS, 1);
    FAILS(ENOTSUP, mmapx_resize(&f.m, f.fd, 4 * page, MMAPX_RESIZE_MAYMOVE));
}
END_TEST

/* Where nobody can tell what is left, some may be. */
START_TEST(replaced_pages_that_may_be_left)
{
    struct fixture f;
    size_t page = page_size();

    need_the_kernel();
    map_replaced(&f, MAP_SHARED);
    OK(mmapx_resize(&f.m, -1, page, 0));
    fake_fail(FAKE_ANONYMOUS, ENOTSUP, 1);
    FAILS(ENOTSUP, mmapx_resize(&f.m, -1, 4 * page, MMAPX_RESIZE_MAYMOVE));
    OK(mmapx_resize(&f.m, -1, 2 * page, MMAPX_RESIZE_MAYMOVE));
}
END_TEST

/* The new pages become like the last one: its protection has to be known, and
 * its lock has to be possible. */
START_TEST(replaced_pages_and_what_comes_behind)
{
    struct mmapx before;
    struct fixture f;
    size_t page = page_size();
    size_t mappings;

    need_the_kernel();
    need_memlock(16 * page);
    if (under_sanitizer())
        SKIP("the sanitizer locks nothing");
    map_replaced(&f, MAP_SHARED);
    OK(mmapx_protect(&f.m, 0, page, PROT_READ));
    OK(mmapx_lock(&f.m, 2 * page, page, MMAPX_LOCK_ONFAULT));
    before = f.m;
    mappings = count_mappings();
    fake_reset();
    fake_fail(FAKE_PROTECTION, ENOTSUP, 1);
    FAILS(ENOTSUP, mmapx_resize(&f.m, f.fd, 4 * page, MMAPX_RESIZE_MAYMOVE));
    fake_fail(FAKE_LOCK_ONFAULT, ENOMEM, 1);
    FAILS(EAGAIN, mmapx_resize(&f.m, f.fd, 4 * page, MMAPX_RESIZE_MAYMOVE));
    fake_reset();
    fake_fail(FAKE_MMAP, EINVAL, 1);
    FAILS(EINVAL, mmapx_resize(&f.m, f.fd, 4 * page, MMAPX_RESIZE_MAYMOVE));
    fake_reset();
    fake_fail_from(FAKE_MMAP, ENOMEM, 1);
    FAILS(ENOMEM, mmapx_resize(&f.m, f.fd, 4 * page, MMAPX_RESIZE_MAYMOVE));
    ck_assert_mem_eq(&f.m, &before, sizeof before);
    ck_assert_uint_eq(count_mappings(), mappings);
    fake_reset();
    OK(mmapx_resize(&f.m, f.fd, 4 * page, MMAPX_RESIZE_MAYMOVE));
    ck_assert_int_eq(((char *)f.m.addr)[3 * page - 1], 'r');
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("errno_replaced");

    ADD_TEST(s, replaced_pages_and_a_move_that_fails);
    ADD_TEST(s, replaced_pages_and_descriptors);
    ADD_TEST(s, replaced_pages_that_may_be_left);
    ADD_TEST(s, replaced_pages_and_what_comes_behind);
    return s;
}
