/* SPDX-License-Identifier: MIT */
/* Failures below mmapx_populate(), and which way it takes. */
#include "failures.h"

#include <string.h>
#include <unistd.h>

#include "internal.h"

START_TEST(population)
{
    struct fixture f;
    static const struct failure failures[] = {
        { run_populate, FAKE_MADVISE, EFAULT, EFAULT },
#ifdef EHWPOISON
        { run_populate, FAKE_MADVISE, EHWPOISON, EHWPOISON },
#endif
        { run_populate, FAKE_MADVISE, EINVAL, EACCES },
        { run_populate, FAKE_MADVISE, ENOMEM, ENOMEM },
    };

    CHECK_FAILURES(failures);
    set_up(&f);
    fake_fail(FAKE_MADVISE, EINTR, 1);
    OK(run_populate(&f));
    ck_assert_int_eq(fake_count(FAKE_MADVISE), 2);
}
END_TEST

/* A mapping of a sparse file, long enough for the ways to be compared. */
enum { LONG = 200 << 20 };

/* A touch brings in what lies around it, as read-ahead does. */
static bool
reads_ahead(int fd)
{
    size_t page = page_size();
    unsigned char vec[1] = { 0 };
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, LONG / 2, 2 * page, PROT_READ, MAP_SHARED));
    (void)*(volatile unsigned char *)m.addr;
    OK(mmapx_residency(&m, page, page, vec, 1));
    OK(mmapx_unmap(&m));
    return vec[0] == 1;
}

static void
set_up_race(struct fixture *f, uint64_t advice_work, uint64_t touch_work)
{
    struct mmapx_os_touch_fds toucher;

    set_up(f);
    if (mmapx_os_touch_open(&toucher) < 0)
        SKIP("the system cannot touch, or not tell what is not mapped");
    mmapx_os_touch_close(&toucher);
    OK(ftruncate(f->fd, LONG));
    if (!reads_ahead(f->fd))
        SKIP("this file system does not read ahead: tmpfs has nothing to read");
    OK(mmapx_map(&f->m, f->fd, PROT_READ, MAP_SHARED));
    fake_reset();
    fake_mincore_bits = 1; /* all is cached */
    fake_advice_work = advice_work;
    fake_touch_work = touch_work;
}

/*
 * Populate such a mapping, all of it, and leave no descriptor.  With nth > 0
 * that call fails.  Some kernels take single pages back at any time: then it is
 * populated once more.
 */
enum { TRIES = 20 };

static void
check_populated(struct fixture *f, uint64_t advice_work, uint64_t touch_work,
                enum fake_call call, int nth)
{
    size_t pages;
    int tries = 0;

    do {
        int next;

        ck_assert_int_lt(tries++, TRIES);
        set_up_race(f, advice_work, touch_work);
        if (nth > 0)
            fake_fail(call, EFAULT, nth);
        next = dup(f->fd);
        close(next);
        OK(mmapx_populate(&f->m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ));
        ck_assert_int_eq(dup(f->fd), next);
        close(next);
        fake_mincore_bits = 0;
        OK(mmapx_resident_count(&f->m, 0, MMAPX_TO_END, &pages));
    } while (pages < mmapx_page_count(&f->m, 0, MMAPX_TO_END));
}

/* The cheaper way goes on, in long steps; the other one is looked at again, a
 * first and a second time in so many bytes. */
START_TEST(the_cheaper_way_to_populate)
{
    struct fixture f;

    check_populated(&f, 90000, 9000, FAKE_TOUCH, 0);
    ck_assert_int_ge(fake_count(FAKE_TOUCH), 5);
    ck_assert_int_le(fake_count(FAKE_TOUCH), 9);

    check_populated(&f, 9000, 90000, FAKE_TOUCH, 0);
    ck_assert_int_ge(fake_count(FAKE_TOUCH), 2);
    ck_assert_int_le(fake_count(FAKE_TOUCH), 3);
    ck_assert_int_le(fake_count(FAKE_MADVISE), 12);
}
END_TEST

/* Whole huge pages at a time: there is nothing to compare. */
START_TEST(populating_cannot_be_faster)
{
    struct fixture f;

    check_populated(&f, 100, 0, FAKE_TOUCH, 0);
    ck_assert_int_eq(fake_count(FAKE_TOUCH_OPEN), 0);
    ck_assert_int_eq(fake_count(FAKE_MADVISE), 2);
}
END_TEST

/* What touching cannot do, or not know, the advice does. */
START_TEST(touching_fails)
{
    struct fixture f;

    check_populated(&f, 90000, 9000, FAKE_TOUCH_OPEN, 1);
    check_populated(&f, 90000, 9000, FAKE_TOUCH, 1);
    /* Opening asks once too. */
    check_populated(&f, 90000, 9000, FAKE_NEXT_UNMAPPED, 2);
#ifdef EHWPOISON
    set_up_race(&f, 90000, 9000);
    fake_fail(FAKE_TOUCH, EFAULT, 2);
    fake_fail(FAKE_MADVISE, EHWPOISON, 2);
    FAILS(EHWPOISON,
          mmapx_populate(&f.m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ));
#endif
}
END_TEST

/* The seam itself: a bad place behind good ones, and what lists no pages. */
START_TEST(touching_a_bad_place)
{
    struct fixture f;
    struct mmapx_os_touch_fds toucher;
    size_t page = page_size();
    size_t len = page;
    unsigned char *at;
    struct mmapx m;

    set_up(&f);
    if (mmapx_os_touch_open(&toucher) < 0)
        SKIP("the system cannot touch, or not tell what is not mapped");
    OK(mmapx_map_anon(&m, 4 * page, PROT_READ, MAP_PRIVATE));
    OK(mmapx_protect(&m, 2 * page, page, PROT_NONE));
    ck_assert_int_eq(mmapx_os_touch(&toucher, m.addr, 2 * page, page), 0);
    ck_assert_int_eq(mmapx_os_touch(&toucher, m.addr, 4 * page, page),
                     -EFAULT);
    mmapx_os_touch_close(&toucher);
    toucher.pages = f.fd;
    at = m.addr;
    ck_assert_int_lt(mmapx_os_next_unmapped(&toucher, &at, &len), 0);
}
END_TEST

/* Without the advice each page is touched. */
START_TEST(population_by_touching)
{
    struct fixture f;
    static const int codes[] = { EINVAL, ENOSYS };
    size_t page = page_size();
    int flags[] = { MMAPX_POPULATE_READ, MMAPX_POPULATE_WRITE };
    struct mmapx m;

    need_fault_addresses();
    set_up(&f);
    OK(mmapx_map_region(&m, f.fd, 5, 6 * page, PROT_READ | PROT_WRITE,
                        MAP_SHARED));
    for (size_t i = 0; i < 4; i++) {
        fake_knows_no_advice = true;
        fake_fail(FAKE_MADVISE, codes[i % 2], 1);
        OK(mmapx_populate(&m, 0, 3 * page, flags[i / 2]));
        check_pattern(m.addr, 5, 3 * page - 5);
        fake_fail(FAKE_MADVISE, codes[i % 2], 1);
        FAILS(EFAULT, mmapx_populate(&m, 0, MMAPX_TO_END, flags[i / 2]));
    }
    OK(mmapx_protect(&m, page - 5, page, PROT_READ));
    fake_fail(FAKE_MADVISE, EINVAL, 1);
    FAILS(ENOTSUP, mmapx_populate(&m, 0, 3 * page, MMAPX_POPULATE_WRITE));
    /* A copy cannot ask either and takes the caller's word. */
    fake_fail(FAKE_MADVISE, EINVAL, 1);
    ck_assert_int_eq(mmapx_write(&m, 0, "x", 1), 1);
}
END_TEST

/* What is not cached is read in before: through a second mapping, or where
 * there can be none, by what only begins to read. */
START_TEST(what_is_not_cached)
{
    struct fixture f;
    enum { SIZE = 1 << 20, WINDOWS = SIZE / (128 << 10) };
    int tries = 0;

    skip_under_valgrind("valgrind copies no mapping by mremap(2)");
    set_up(&f);
    OK(mmapx_unmap(&f.m));
    OK(ftruncate(f.fd, SIZE));
    OK(mmapx_map(&f.m, f.fd, PROT_READ, MAP_SHARED));
    fake_reset();
    OK(run_populate(&f));
    if (fake_count(FAKE_MREMAP) == 0)
        SKIP("holes are cached here");
    ck_assert_int_eq(fake_count(FAKE_MREMAP), 1);
    ck_assert_int_eq(fake_count(FAKE_MUNMAP), 1);
    ck_assert_int_le(fake_count(FAKE_MADVISE), 4);

    /* Now it is there. */
    do {
        ck_assert_int_lt(tries++, TRIES);
        fake_reset();
        OK(run_populate(&f));
    } while (fake_count(FAKE_MREMAP) > 0);
    ck_assert_int_eq(fake_count(FAKE_MADVISE), 1);

    OK(ftruncate(f.fd, 0));
    OK(ftruncate(f.fd, SIZE));
    fake_reset();
    fake_fail(FAKE_MREMAP, ENOMEM, 1);
    OK(run_populate(&f));
    ck_assert_int_eq(fake_count(FAKE_MREMAP), 1);
    ck_assert_int_eq(fake_count(FAKE_MADVISE), WINDOWS + 1);
    OK(mmapx_unmap(&f.m));

    OK(ftruncate(f.fd, 0));
    OK(ftruncate(f.fd, SIZE));
    OK(mmapx_map(&f.m, f.fd, PROT_READ, MAP_PRIVATE));
    fake_reset();
    OK(run_populate(&f));
    ck_assert_int_eq(fake_count(FAKE_MREMAP), 0);
    ck_assert_int_eq(fake_count(FAKE_MADVISE), WINDOWS + 1);
}
END_TEST

/* What a touch has not mapped the advice does, and its failure counts. */
START_TEST(touches_that_map_nothing)
{
    struct mmapx_os_touch_fds touch;
    struct fixture f;
    unsigned char *at;
    size_t len = 16 << 20;

    set_up(&f);
    if (mmapx_os_touch_open(&touch) < 0)
        SKIP("the system cannot touch, or not tell what is not mapped");
    for (int i = 0; i < 2; i++) {
        OK(mmapx_unmap(&f.m));
        OK(ftruncate(f.fd, (off_t)len));
        OK(mmapx_map(&f.m, f.fd, PROT_READ, MAP_SHARED));
        fake_reset();
        fake_mincore_bits = 1; /* all is cached */
        fake_advice_work = 90000;
        fake_touch_work = 9000;
        fake_touches_nothing = true;
        if (i == 1)
            fake_fail_from(FAKE_MADVISE, EFAULT, 2);
        if (i == 1)
            FAILS(EFAULT, run_populate(&f));
        else
            OK(run_populate(&f));
        ck_assert_int_gt(fake_count(FAKE_TOUCH), 0);
        fake_reset();
    }
    OK(mmapx_unmap(&f.m));
    OK(mmapx_map(&f.m, f.fd, PROT_READ, MAP_SHARED));
    fake_mincore_bits = 1;
    fake_advice_work = 90000;
    fake_touch_work = 9000;
    fake_touches_nothing = true;
    OK(run_populate(&f));
    at = f.m.addr;
    len = f.m.len;
    ck_assert_int_eq(mmapx_os_next_unmapped(&touch, &at, &len), 0);
    ck_assert_uint_eq(len, 0);
    mmapx_os_touch_close(&touch);
    fake_reset();
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("errno_populate");

    ADD_TEST(s, population);
    ADD_TEST(s, the_cheaper_way_to_populate);
    ADD_TEST(s, populating_cannot_be_faster);
    ADD_TEST(s, touching_fails);
    ADD_TEST(s, touching_a_bad_place);
    ADD_TEST(s, population_by_touching);
    ADD_TEST(s, what_is_not_cached);
    ADD_TEST(s, touches_that_map_nothing);
    return s;
}
