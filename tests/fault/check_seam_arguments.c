/* SPDX-License-Identifier: MIT */
/* What the system is asked for in the end, seen by a seam that looks. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "fake_calls.h"
#include "fake_os.h"
#include "internal.h"

/* What madvise(2) is asked to act on, for a range that begins and ends inside
 * a page: pages 0 to 3 outward, 1 to 2 inward, nothing, or a refusal. */
enum handed { OUTWARD, INWARD, REFUSED, WRONG_KIND };

START_TEST(every_advice_and_its_rounding)
{
    /* For a shared mapping, a private one, private memory, and a view. */
    static const struct {
        enum mmapx_advice advice;
        unsigned char shared, private, anon, view;
    } table[] = {
        { MMAPX_MADV_NORMAL, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_RANDOM, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_SEQUENTIAL, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_WILLNEED, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_DONTNEED, OUTWARD, INWARD, INWARD, INWARD },
        { MMAPX_MADV_FREE, WRONG_KIND, WRONG_KIND, INWARD, INWARD },
        { MMAPX_MADV_REMOVE, INWARD, WRONG_KIND, WRONG_KIND, INWARD },
        { MMAPX_MADV_DONTFORK, REFUSED, REFUSED, REFUSED, REFUSED },
        { MMAPX_MADV_DOFORK, REFUSED, REFUSED, REFUSED, REFUSED },
        { MMAPX_MADV_MERGEABLE, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_UNMERGEABLE, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_HUGEPAGE, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_NOHUGEPAGE, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_DONTDUMP, REFUSED, REFUSED, REFUSED, REFUSED },
        { MMAPX_MADV_DODUMP, REFUSED, REFUSED, REFUSED, REFUSED },
        { MMAPX_MADV_WIPEONFORK, WRONG_KIND, WRONG_KIND, INWARD, INWARD },
        { MMAPX_MADV_KEEPONFORK, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_COLD, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_PAGEOUT, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_POPULATE_READ, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_POPULATE_WRITE, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_DONTNEED_LOCKED, INWARD, INWARD, INWARD, INWARD },
        { MMAPX_MADV_COLLAPSE, OUTWARD, OUTWARD, OUTWARD, OUTWARD },
        { MMAPX_MADV_GUARD_INSTALL, INWARD, INWARD, INWARD, INWARD },
        { MMAPX_MADV_GUARD_REMOVE, REFUSED, REFUSED, REFUSED, REFUSED },
    };
    size_t page = page_size();
    int file = temp_file(4 * page);

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const unsigned char expected[] = { table[i].shared, table[i].private,
                                           table[i].anon, table[i].view };

        if (mmapx_os_advice(table[i].advice) < 0)
            continue;
        for (size_t kind = 0; kind < 4; kind++) {
            struct mmapx m, v;
            int prot = PROT_READ | PROT_WRITE;

            if (kind < 2)
                OK(mmapx_map(&m, file, prot,
                             kind == 0 ? MAP_SHARED : MAP_PRIVATE));
            else
                OK(mmapx_map_anon(&m, 4 * page, prot, MAP_PRIVATE));
            OK(mmapx_view(&v, m.addr, m.len));
            fake_reset();
            fake_fail(FAKE_MADVISE, EBUSY, 1);
            errno = 0;
            ck_assert_int_eq(mmapx_advise(kind == 3 ? &v : &m, page - 1,
                                          2 * page + 2, table[i].advice),
                             -1);
            if (expected[kind] == OUTWARD || expected[kind] == INWARD) {
                size_t head = expected[kind] == OUTWARD ? 0 : page;

                ck_assert_msg(errno == EBUSY, "advice %d, kind %zu: %s",
                              (int)table[i].advice, kind, errno_name(errno));
                ck_assert_int_eq(fake_madvise_args.flags,
                                 mmapx_os_advice(table[i].advice));
                ck_assert_msg(
                    fake_madvise_args.addr == (char *)m.addr + head
                        && fake_madvise_args.len == 4 * page - 2 * head,
                    "advice %d, kind %zu: %zu bytes", (int)table[i].advice,
                    kind, fake_madvise_args.len);
            } else {
                ck_assert_int_eq(errno, EINVAL);
                ck_assert_int_eq(fake_count(FAKE_MADVISE), 0);
            }
            OK(mmapx_unmap(&m));
        }
    }
}
END_TEST

/* A second place is looked for only where a whole large page can be had. */
START_TEST(one_mmap_where_a_second_is_useless)
{
#ifdef __linux__
    enum { LARGE = 2 << 20 };
    char path[] = "/dev/shm/mmapx-test-XXXXXX";
    int file = mkstemp(path);
    int zero = open("/dev/zero", O_RDWR);
    struct mmapx m;

    if (file < 0 || zero < 0)
        SKIP("no /dev/shm or no /dev/zero");
    unlink(path);
    ck_assert_int_eq(ftruncate(file, 4 * LARGE), 0);
    fake_reset();
    /* 2 MiB, but from one page into a large page to one page into the next */
    OK(mmapx_map_region(&m, file, (int64_t)page_size(), LARGE, PROT_READ,
                        MAP_SHARED));
    ck_assert_int_eq(fake_count(FAKE_MMAP), 1);
    OK(mmapx_unmap(&m));
    OK(mmapx_map_anon(&m, 4 * LARGE, PROT_READ, MAP_PRIVATE));
    ck_assert_int_eq(fake_count(FAKE_MMAP), 2);

    /* An address that was asked for is kept. */
    char *hint = (char *)m.addr + page_size();
    void *got;

    OK(mmapx_unmap(&m));
    OK(mmapx_map_at(&m, hint, file, 0, 3 * LARGE, PROT_READ, MAP_SHARED));
    ck_assert_int_eq(fake_count(FAKE_MMAP), 3);
    got = m.addr;
    if (!under_valgrind())
        ck_assert_ptr_eq(got, hint);
    OK(mmapx_unmap(&m));
    /* A driver is asked once: it may take every mmap(2) for an order. */
    for (int64_t offset = 0; offset < LARGE; offset += 256 << 10) {
        int before = fake_count(FAKE_MMAP);

        OK(mmapx_map_region(&m, zero, offset, 3 * LARGE, PROT_READ,
                            MAP_SHARED));
        ck_assert_int_eq(fake_count(FAKE_MMAP), before + 1);
        OK(mmapx_unmap(&m));
    }
    /* Nor is anything read in, or locked, twice. */
    for (int64_t offset = 0; offset < LARGE; offset += 256 << 10) {
        int before = fake_count(FAKE_MMAP);

        OK(mmapx_map_region(&m, file, offset, 3 * LARGE, PROT_READ,
                            MAP_SHARED | mmapx_os_eager_map_flags));
        ck_assert_int_eq(fake_count(FAKE_MMAP), before + 1);
        OK(mmapx_unmap(&m));
    }
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

START_TEST(flags_that_are_handed_down)
{
    struct fixture f;
    size_t page = page_size();
    int empty = temp_file(0);
    struct mmapx m;

    set_up(&f);
    OK(mmapx_map(&m, empty, PROT_READ,
                 MAP_SHARED | mmapx_os_eager_map_flags | MAP_NORESERVE));
    ck_assert_int_eq(fake_mmap_args.flags, MAP_SHARED | MAP_NORESERVE);
    OK(mmapx_unmap(&m));
    if (mmapx_os_fixed_noreplace != 0) {
        /* MAP_FIXED beside it would clobber on a kernel that knows it not. */
        FAILS(EEXIST, mmapx_map_at(&m, f.m.addr, f.fd, 0, page, PROT_READ,
                                   MAP_SHARED | MAP_FIXED
                                       | mmapx_os_fixed_noreplace));
        ck_assert_int_eq(fake_mmap_args.flags,
                         MAP_SHARED | mmapx_os_fixed_noreplace);
    }
    /* What overflows does not depend on the kernel to say so. */
    fake_reset();
    FAILS(EOVERFLOW, mmapx_map_region(&m, f.fd, INT64_MAX, 1, PROT_READ,
                                      MAP_SHARED));
    ck_assert_int_eq(fake_count(FAKE_MMAP), 0);
    OK(run_sync_file(&f));
    ck_assert_int_eq(fake_msync_args.flags, MS_SYNC);
    fake_reset();
    FAILS(EBADF, mmapx_sync_file(&f.m, -1, 0, MMAPX_TO_END));
    FAILS(EBADF, mmapx_sync_file(&f.m, -1, 0, 0));
    ck_assert_int_eq(fake_count(FAKE_MSYNC), 0);
}
END_TEST

/* NetBSD, FreeBSD and macOS have more to say in a vector. */
START_TEST(one_bit_of_a_vector)
{
    struct fixture f;
    unsigned char vec[4];
    size_t pages;

    set_up(&f);
    fake_mincore_bits = 0x7e;
    OK(mmapx_residency(&f.m, 0, MMAPX_TO_END, vec, sizeof vec));
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(vec[i], 1);
    OK(mmapx_resident_count(&f.m, 0, MMAPX_TO_END, &pages));
    ck_assert_uint_eq(pages, 4);
}
END_TEST

/* All of its pages, of which an empty one has one. */
START_TEST(what_is_named)
{
    size_t page = page_size();
    struct mmapx m, v;

    fake_reset();
    OK(mmapx_map_anon(&m, 2 * page + 1, PROT_READ, MAP_PRIVATE));
    OK(mmapx_name(&m, "x"));
    ck_assert_ptr_eq(fake_name_args.addr, m.addr);
    ck_assert_uint_eq(fake_name_args.len, 3 * page);
    OK(mmapx_view(&v, (char *)m.addr + page + 1, page));
    OK(mmapx_name(&v, NULL));
    ck_assert_ptr_eq(fake_name_args.addr, (char *)m.addr + page);
    ck_assert_uint_eq(fake_name_args.len, 2 * page);
    OK(mmapx_view(&v, m.addr, 0));
    OK(mmapx_name(&v, "x"));
    ck_assert_int_eq(fake_count(FAKE_NAME), 2);
    OK(mmapx_unmap(&m));
    OK(mmapx_map_anon(&m, 0, PROT_READ, MAP_PRIVATE));
    OK(mmapx_name(&m, "x"));
    ck_assert_uint_eq(fake_name_args.len, page);
    OK(mmapx_unmap(&m));
}
END_TEST

/* The list of a process's mappings can be long: it is looked at only if clean
 * pages have stayed. */
START_TEST(an_eviction_that_leaves_nothing)
{
    int file = temp_file(4 * page_size());
    struct mmapx_cache c;
    struct mmapx m;
    char byte;

    ck_assert_int_eq(fsync(file), 0);
    OK(mmapx_cache_evict(file, 0, -1));
    OK(mmapx_cache_stat(file, 0, -1, &c));
    if (c.cached != 0)
        SKIP("this file system does not evict (tmpfs has nowhere to)");
    /* What is read is clean, also on a volatile overlay, which syncs nothing. */
    for (size_t at = 0; at < 4 * page_size(); at += page_size())
        ck_assert_int_eq(pread(file, &byte, 1, (off_t)at), 1);
    fake_reset();
    OK(mmapx_cache_evict(file, 0, -1));
    OK(mmapx_cache_stat(file, 0, -1, &c));
    ck_assert_uint_eq(c.cached, 0);
    ck_assert_int_eq(fake_count(FAKE_EVICT), 1);
    ck_assert_int_eq(fake_count(FAKE_UNMAP_FILE), 0);

    OK(mmapx_map(&m, file, PROT_READ, MAP_SHARED));
    check_pattern(m.addr, 0, m.len);
    fake_reset();
    OK(mmapx_cache_evict(file, 0, -1));
    ck_assert_int_eq(fake_count(FAKE_EVICT), 2);
    ck_assert_int_eq(fake_count(FAKE_UNMAP_FILE), 1);

    /* The same where only mincore(2) tells, and for very many pages. */
    fake_reset();
    fake_has_no_cachestat = true;
    OK(mmapx_cache_evict(file, 0, -1));
    ck_assert_int_eq(fake_count(FAKE_UNMAP_FILE), 0);
    ck_assert_int_eq(ftruncate(file, (off_t)1 << 40), 0);
    OK(mmapx_cache_evict(file, 0, -1));
    ck_assert_int_le(fake_count(FAKE_MINCORE), 2);
    fake_reset();
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("handed_down");

    ADD_TEST(s, every_advice_and_its_rounding);
    ADD_TEST(s, one_mmap_where_a_second_is_useless);
    ADD_TEST(s, flags_that_are_handed_down);
    ADD_TEST(s, one_bit_of_a_vector);
    ADD_TEST(s, what_is_named);
    ADD_TEST(s, an_eviction_that_leaves_nothing);
    return s;
}
