/* SPDX-License-Identifier: MIT */
/* Making, viewing and ending mappings. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0
#endif

static bool
is_aligned(const void *p)
{
    return (uintptr_t)p % page_size() == 0;
}

/* --- What is mapped ------------------------------------------------------- */

START_TEST(whole_file)
{
    size_t size = 3 * page_size() + 17;
    int fd = temp_file(size);
    struct mmapx m;

    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    close(fd);
    ck_assert_uint_eq(m.len, size);
    check_pattern(m.addr, 0, size);
    OK(mmapx_unmap(&m));
}
END_TEST

START_TEST(to_the_end_from_an_offset)
{
    size_t size = 3 * page_size() + 17;
    int fd = temp_file(size);
    size_t offsets[] = { 1, page_size() - 1, page_size(), page_size() + 1,
                         2 * page_size(), size - 1 };
    struct mmapx m;

    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        OK(mmapx_map_region(&m, fd, (int64_t)offsets[i], MMAPX_TO_END,
                            PROT_READ, MAP_PRIVATE));
        ck_assert_uint_eq(m.len, size - offsets[i]);
        check_pattern(m.addr, offsets[i], m.len);
        OK(mmapx_unmap(&m));
    }
}
END_TEST

START_TEST(any_region)
{
    size_t page = page_size();
    int fd = temp_file(4 * page);
    size_t regions[][2] = { { 0, 1 }, { 3, 5 }, { page - 1, 2 }, { page, page },
                            { page + 7, 2 * page }, { 4 * page - 1, 1 } };
    struct mmapx m;

    for (size_t i = 0; i < sizeof regions / sizeof regions[0]; i++) {
        OK(mmapx_map_region(&m, fd, (int64_t)regions[i][0], regions[i][1],
                            PROT_READ, MAP_SHARED));
        ck_assert_uint_eq(m.len, regions[i][1]);
        check_pattern(m.addr, regions[i][0], m.len);
        OK(mmapx_unmap(&m));
    }
}
END_TEST

START_TEST(past_the_end_of_the_file)
{
    size_t page = page_size();
    int fd = temp_file(page + 1);
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 5, 4 * page, PROT_READ, MAP_SHARED));
    ck_assert_uint_eq(m.len, 4 * page);
    check_pattern(m.addr, 5, page - 4);
    OK(mmapx_unmap(&m));
    OK(mmapx_map_region(&m, fd, (int64_t)(8 * page), page, PROT_READ,
                        MAP_SHARED));
    OK(mmapx_unmap(&m));
}
END_TEST

/* A file beyond 4 GiB: no offset may lose its upper half. */
START_TEST(beyond_four_gib)
{
    int64_t far = ((int64_t)5 << 30) + 123;
    int fd = temp_file(0);
    struct mmapx m;

    need_native();
    if (pwrite(fd, "far", 3, far) != 3)
        SKIP("the file system has no files of 5 GiB");
    OK(mmapx_map_region(&m, fd, far, MMAPX_TO_END, PROT_READ, MAP_SHARED));
    ck_assert_uint_eq(m.len, 3);
    ck_assert_mem_eq(m.addr, "far", 3);
    OK(mmapx_unmap(&m));
    if (sizeof(size_t) > 4) {
        OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
        ck_assert_uint_eq(m.len, (uint64_t)far + 3);
        ck_assert_mem_eq((char *)m.addr + far, "far", 3);
        OK(mmapx_unmap(&m));
    } else {
        MAP_FAILS(EOVERFLOW, m, mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    }
}
END_TEST

START_TEST(a_shared_edit_reaches_the_file)
{
    int fd = temp_file(page_size());
    struct mmapx m;
    char buf[6];

    OK(mmapx_map_region(&m, fd, 10, 6, PROT_READ | PROT_WRITE, MAP_SHARED));
    memcpy(m.addr, "edited", 6);
    OK(mmapx_unmap(&m));
    ck_assert_int_eq(pread(fd, buf, 6, 10), 6);
    ck_assert_mem_eq(buf, "edited", 6);
}
END_TEST

START_TEST(a_private_edit_does_not)
{
    char path[PATH_MAX];
    int fd = temp_named(path, page_size());
    int ro = open(path, O_RDONLY);
    struct mmapx m;

    unlink(path);
    OK(mmapx_map(&m, ro, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    memset(m.addr, 0, m.len);
    OK(mmapx_unmap(&m));
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    check_pattern(m.addr, 0, m.len);
    OK(mmapx_unmap(&m));
}
END_TEST

/* --- Empty mappings ------------------------------------------------------- */

static void
check_empty(struct mmapx *m)
{
    unsigned char vec[1] = { 7 };
    struct mmapx_run run;
    size_t pages = 9;

    ck_assert_uint_eq(m->len, 0);
    ck_assert_ptr_nonnull(m->addr);
    ck_assert(is_aligned(m->addr));
    OK(mmapx_advise(m, 0, 0, MMAPX_MADV_WILLNEED));
    OK(mmapx_advise(m, 0, MMAPX_TO_END, MMAPX_MADV_DONTNEED));
    OK(mmapx_advise(m, 0, MMAPX_TO_END, MMAPX_MADV_DONTFORK));
    OK(mmapx_residency(m, 0, MMAPX_TO_END, NULL, 0));
    OK(mmapx_residency(m, 0, MMAPX_TO_END, vec, 1));
    ck_assert_uint_eq(vec[0], 7);
    ck_assert_uint_eq(mmapx_page_count(m, 0, MMAPX_TO_END), 0);
    OK(mmapx_resident_count(m, 0, 0, &pages));
    ck_assert_uint_eq(pages, 0);
    OK(mmapx_resident_run(m, 0, &run));
    ck_assert_uint_eq(run.len, 0);
    OK(mmapx_lock(m, 0, MMAPX_TO_END, 0));
    OK(mmapx_unlock(m, 0, MMAPX_TO_END));
    OK(mmapx_protect(m, 0, MMAPX_TO_END, PROT_READ));
    OK(mmapx_sync(m, 0, MMAPX_TO_END, MS_SYNC));
    FAILS(EINVAL, mmapx_sync(m, 0, 1, MS_SYNC));
    OK(mmapx_unmap(m));
}

START_TEST(an_empty_file)
{
    int fd = temp_file(0);
    struct mmapx a, b;

    OK(mmapx_map(&a, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    OK(mmapx_map(&b, fd, PROT_READ, MAP_PRIVATE));
    ck_assert_ptr_ne(a.addr, b.addr);
    check_empty(&a);
    check_empty(&b);
}
END_TEST

START_TEST(an_empty_region)
{
    int fd = temp_file(100);
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 100, MMAPX_TO_END, PROT_READ, MAP_SHARED));
    check_empty(&m);
    OK(mmapx_map_region(&m, fd, 3, 0, PROT_READ, MAP_SHARED));
    check_empty(&m);
    OK(mmapx_map_region(&m, fd, 5000, 0, PROT_READ, MAP_SHARED));
    check_empty(&m);
    OK(mmapx_map_anon(&m, 0, PROT_READ, MAP_PRIVATE));
    check_empty(&m);
    OK(mmapx_view(&m, &fd, 0));
    ck_assert_uint_eq(m.len, 0);
}
END_TEST

/* The page of an empty mapping must neither land on anything nor count. */
START_TEST(an_empty_mapping_takes_no_address)
{
    int fd = temp_file(0);
    int exact[] = { MAP_FIXED, MAP_FIXED_NOREPLACE };
    struct mmapx victim, m;

    OK(mmapx_map_anon(&victim, page_size(), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE));
    memset(victim.addr, 'v', victim.len);
    for (size_t i = 0; i < 2; i++) {
        OK(mmapx_map_at(&m, victim.addr, fd, 0, MMAPX_TO_END, PROT_READ,
                        MAP_SHARED | exact[i]));
        ck_assert_ptr_ne(m.addr, victim.addr);
        check_empty(&m);
        ck_assert_int_eq(*(char *)victim.addr, 'v');
    }
#ifdef MAP_POPULATE
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED | MAP_POPULATE | MAP_LOCKED));
    check_empty(&m);
#endif
}
END_TEST

START_TEST(an_empty_mapping_checks_permission)
{
    char path[PATH_MAX];
    int fd = temp_named(path, 0);
    int ro = open(path, O_RDONLY);
    int wo = open(path, O_WRONLY);
    struct mmapx m;

    unlink(path);
    MAP_FAILS(EACCES, m, mmapx_map(&m, ro, PROT_READ | PROT_WRITE, MAP_SHARED));
    MAP_FAILS(EACCES, m, mmapx_map(&m, wo, PROT_READ, MAP_SHARED));
    close(fd);
}
END_TEST

/* --- By path -------------------------------------------------------------- */

START_TEST(by_path)
{
    char path[PATH_MAX];
    int fd = temp_named(path, 1000);
    struct mmapx m;
    int next;

    OK(mmapx_map_path(&m, path, PROT_READ | PROT_WRITE, MAP_SHARED));
    next = dup(fd);
    check_pattern(m.addr, 0, 1000);
    *(char *)m.addr = 'x';
    OK(mmapx_unmap(&m));
    ck_assert_int_eq(pread(fd, &m, 1, 0), 1);
    ck_assert_int_eq(*(char *)&m, 'x');
    /* No descriptor was kept. */
    ck_assert_int_eq(next, fd + 1);
    unlink(path);
    MAP_FAILS(ENOENT, m, mmapx_map_path(&m, path, PROT_READ, MAP_SHARED));
    MAP_FAILS(EINVAL, m, mmapx_map_path(&m, NULL, PROT_READ, MAP_SHARED));
    MAP_FAILS(EINVAL, m,
              mmapx_map_path(&m, path, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS));
}
END_TEST

static bool
maps_read_only(void *arg)
{
    struct mmapx m;

    /* Private writing needs no permission to write the file, shared does. */
    return mmapx_map_path(&m, arg, PROT_READ | PROT_WRITE, MAP_PRIVATE) == 0
           && mmapx_map_path(&m, arg, PROT_READ | PROT_WRITE, MAP_SHARED) == -1
           && errno == EACCES;
}

START_TEST(a_path_that_may_only_be_read)
{
    char path[PATH_MAX];
    int fd = temp_named(path, 10);
    bool right;

    ck_assert_int_eq(fchmod(fd, 0444), 0);
    right = in_child_as_nobody(maps_read_only, path);
    unlink(path);
    ck_assert(right);
}
END_TEST

/* --- Anonymous memory ----------------------------------------------------- */

START_TEST(anonymous)
{
    struct mmapx m;

    OK(mmapx_map_anon(&m, 10000, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    ck_assert_uint_eq(m.len, 10000);
    for (size_t i = 0; i < m.len; i++)
        ck_assert_int_eq(((char *)m.addr)[i], 0);
    memset(m.addr, 1, m.len);
    OK(mmapx_unmap(&m));
    /* Wherever MAP_ANONYMOUS stands, descriptor and offset do not matter. */
    OK(mmapx_map_region(&m, -1, -77, 100, PROT_READ,
                        MAP_PRIVATE | MAP_ANONYMOUS));
    OK(mmapx_unmap(&m));
    OK(mmapx_map_at(&m, NULL, 12345, INT64_MAX, 100, PROT_READ,
                    MAP_SHARED | MAP_ANONYMOUS));
    OK(mmapx_unmap(&m));
    MAP_FAILS(EINVAL, m,
              mmapx_map_anon(&m, MMAPX_TO_END, PROT_READ, MAP_PRIVATE));
    MAP_FAILS(EINVAL, m,
              mmapx_map(&m, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS));
    MAP_FAILS(EOVERFLOW, m,
              mmapx_map_anon(&m, (size_t)PTRDIFF_MAX + 1, PROT_READ,
                             MAP_PRIVATE));
    MAP_FAILS(EINVAL, m, mmapx_map_anon(&m, 1, PROT_READ, 0));
}
END_TEST
/* --- Huge pages ----------------------------------------------------------- */

START_TEST(huge_pages)
{
#if defined __linux__ && defined MAP_HUGETLB && defined MFD_HUGETLB
    struct mmapx m;

    if (mmapx_map_anon(&m, 1, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_HUGETLB)
        != 0)
        SKIP("no huge pages: vm.nr_hugepages is 0 or they are in use");
    ck_assert_uint_gt(mmapx_page_size(&m), page_size());
    memset(m.addr, 1, 1);
    OK(mmapx_lock(&m, 0, 1, 0));
    OK(mmapx_unlock(&m, 0, 1));
    OK(mmapx_protect(&m, 0, 1, PROT_READ));
    ck_assert_uint_eq(mmapx_page_count(&m, 0, 1), 1);
    OK(mmapx_unmap(&m));
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

START_TEST(a_memfd_of_huge_pages)
{
#if defined __linux__ && defined MAP_HUGETLB && defined MFD_HUGETLB
    struct mmapx m;
    size_t huge;
    int fd = memfd_create("huge", MFD_HUGETLB);

    if (mmapx_map_anon(&m, 1, PROT_READ, MAP_PRIVATE | MAP_HUGETLB) != 0)
        SKIP("no huge pages: vm.nr_hugepages is 0 or they are in use");
    huge = mmapx_page_size(&m);
    OK(mmapx_unmap(&m));
    if (fd < 0 || ftruncate(fd, (off_t)(3 * huge)) != 0)
        SKIP("no memfd of huge pages");
    OK(mmapx_map_region(&m, fd, 5000, MMAPX_TO_END, PROT_READ | PROT_WRITE,
                        MAP_SHARED));
    ck_assert_uint_eq(mmapx_page_size(&m), huge);
    ck_assert_uint_eq(m.len, 3 * huge - 5000);
    ck_assert_uint_eq(mmapx_page_count(&m, 0, MMAPX_TO_END), 3);
    memcpy(m.addr, "first", 5);
    memcpy((char *)m.addr + 2 * huge, "third", 5);

    unsigned char vec[3];
    size_t pages;
    struct mmapx_run run;

    OK(mmapx_residency(&m, 0, MMAPX_TO_END, vec, 3));
    ck_assert_int_eq(vec[0], 1);
    ck_assert_int_eq(vec[1], 0);
    ck_assert_int_eq(vec[2], 1);
    OK(mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages));
    ck_assert_uint_eq(pages, 2);
    OK(mmapx_resident_run(&m, 1, &run));
    ck_assert_uint_eq(run.len, huge - 5000 - 1);
    OK(mmapx_advise(&m, huge - 5000, huge, MMAPX_MADV_DONTFORK));
    FAILS(EINVAL, mmapx_protect(&m, 4096, MMAPX_TO_END, PROT_READ));
    OK(mmapx_unmap(&m));
    OK(mmapx_map_region(&m, fd, 0, 0, PROT_READ, MAP_SHARED));
    check_empty(&m);
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

/* No machine has pages of 1 TiB. */
START_TEST(huge_pages_of_no_size)
{
#if defined __linux__ && defined MAP_HUGETLB && defined MFD_HUGETLB
    const unsigned size = 40u << 26;
    struct mmapx m;
    int fd = 77;

    need_native();
    MAP_FAILS(EINVAL, m,
              mmapx_map_anon(&m, 1, PROT_READ,
                             MAP_PRIVATE | MAP_HUGETLB | (int)size));
    if (mmapx_map_memfd(&m, &fd, "huge", 1, MFD_HUGETLB) != 0
        && errno != ENOMEM)
        SKIP("no memfd of huge pages");
    fd = 77;
    MAP_FAILS(ENODEV, m,
              mmapx_map_memfd(&m, &fd, "huge", 1, MFD_HUGETLB | size));
    ck_assert_int_eq(fd, 77);
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

/* --- Views, and the end --------------------------------------------------- */

START_TEST(view)
{
    size_t page = page_size();
    struct mmapx owner, m;

    OK(mmapx_map_anon(&owner, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    OK(mmapx_view(&m, (char *)owner.addr + 5, page));
    ck_assert_ptr_eq(m.addr, (char *)owner.addr + 5);
    ck_assert_uint_eq(m.len, page);
    ck_assert_uint_eq(mmapx_page_size(&m), page);
    OK(mmapx_sync(&m, 0, MMAPX_TO_END, MS_SYNC));
    OK(mmapx_advise(&m, 0, 3, MMAPX_MADV_WILLNEED));
    OK(mmapx_unlock(&m, 0, 1));
    OK(mmapx_unmap(&m));
    ck_assert_ptr_null(m.addr);
    *(char *)owner.addr = 'x'; /* still there */
    OK(mmapx_unmap(&owner));

    MAP_FAILS(EINVAL, m, mmapx_view(&m, NULL, 1));
    MAP_FAILS(EINVAL, m, mmapx_view(&m, &m, MMAPX_TO_END));
    MAP_FAILS(EOVERFLOW, m, mmapx_view(&m, &m, (size_t)PTRDIFF_MAX + 1));
    MAP_FAILS(EOVERFLOW, m, mmapx_view(&m, (void *)(UINTPTR_MAX - 9), 10));
    MAP_FAILS(EOVERFLOW, m, mmapx_view(&m, (void *)(UINTPTR_MAX - 9), 1));
    MAP_FAILS(EOVERFLOW, m,
              mmapx_view(&m, (void *)(UINTPTR_MAX - page), page));
    FAILS(EINVAL, mmapx_view(NULL, &m, 1));
}
END_TEST

START_TEST(unmapping)
{
    static const struct mmapx zero = MMAPX_INIT;
    int fd = temp_file(page_size() + 1);
    struct mmapx m = MMAPX_INIT;
    struct mmapx copy;
    unsigned char *p;

    OK(mmapx_unmap(&m));
    OK(mmapx_map_region(&m, fd, 3, MMAPX_TO_END, PROT_READ, MAP_SHARED));
    p = m.addr;
    memcpy(&copy, &m, sizeof m); /* a handle may be moved */
    memset(&m, 0, sizeof m);
    OK(mmapx_unmap(&copy));
    ck_assert_mem_eq(&copy, &zero, sizeof copy);
    ck_assert(is_given_back(p, fd));
    ck_assert(is_given_back(p + page_size(), fd));
    OK(mmapx_unmap(&copy));
    FAILS(EINVAL, mmapx_unmap(NULL));
}
END_TEST

START_TEST(an_unmapped_handle)
{
    struct mmapx m = MMAPX_INIT;
    struct mmapx_run run;
    unsigned char vec[1];
    size_t pages;

    for (int i = 0; i < 2; i++) {
        FAILS(EINVAL, mmapx_advise(&m, 0, 0, MMAPX_MADV_NORMAL));
        FAILS(EINVAL, mmapx_residency(&m, 0, 0, vec, 1));
        FAILS(EINVAL, mmapx_resident_count(&m, 0, 0, &pages));
        FAILS(EINVAL, mmapx_resident_run(&m, 0, &run));
        FAILS(EINVAL, mmapx_lock(&m, 0, 0, 0));
        FAILS(EINVAL, mmapx_unlock(&m, 0, 0));
        FAILS(EINVAL, mmapx_protect(&m, 0, 0, PROT_READ));
        FAILS(EINVAL, mmapx_sync(&m, 0, 0, MS_SYNC));
        FAILS(EINVAL, mmapx_sync_file(&m, 0, 0, 0));
        FAILS(EINVAL, mmapx_sync_reset(&m));
        ck_assert_uint_eq(mmapx_page_count(&m, 0, 0), 0);
        ck_assert_uint_eq(mmapx_page_size(&m), page_size());
        /* The same of a handle that was mapped once. */
        OK(mmapx_map_anon(&m, 1, PROT_READ, MAP_PRIVATE));
        OK(mmapx_unmap(&m));
    }
}
END_TEST

START_TEST(no_handle)
{
    struct mmapx_run run;
    unsigned char vec[1];
    size_t pages;

    FAILS(EINVAL, mmapx_advise(NULL, 0, 0, MMAPX_MADV_NORMAL));
    FAILS(EINVAL, mmapx_residency(NULL, 0, 0, vec, 1));
    FAILS(EINVAL, mmapx_resident_count(NULL, 0, 0, &pages));
    FAILS(EINVAL, mmapx_resident_run(NULL, 0, &run));
    FAILS(EINVAL, mmapx_lock(NULL, 0, 0, 0));
    FAILS(EINVAL, mmapx_unlock(NULL, 0, 0));
    FAILS(EINVAL, mmapx_protect(NULL, 0, 0, PROT_READ));
    FAILS(EINVAL, mmapx_sync(NULL, 0, 0, MS_SYNC));
    FAILS(EINVAL, mmapx_sync_file(NULL, 0, 0, 0));
    FAILS(EINVAL, mmapx_sync_reset(NULL));
    ck_assert_uint_eq(mmapx_page_count(NULL, 0, 0), 0);
    ck_assert_uint_eq(mmapx_page_size(NULL), page_size());
}
END_TEST

START_TEST(sealed_memory)
{
#ifdef __linux__
    enum { MSEAL = 462 }; /* the same on every architecture */
    struct mmapx m, before;

    OK(mmapx_map_anon(&m, page_size(), PROT_READ, MAP_PRIVATE));
    if (syscall(MSEAL, m.addr, page_size(), 0UL) != 0)
        SKIP("the kernel has no mseal(2)");
    before = m;
    FAILS(EPERM, mmapx_unmap(&m));
    ck_assert_mem_eq(&m, &before, sizeof m);
    FAILS(EPERM, mmapx_protect(&m, 0, MMAPX_TO_END, PROT_NONE));
    MAP_FAILS(EPERM, m,
              mmapx_map_at(&m, before.addr, -1, 0, 1, PROT_READ,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED));
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("map");

    ADD_TEST(s, whole_file);
    ADD_TEST(s, to_the_end_from_an_offset);
    ADD_TEST(s, any_region);
    ADD_TEST(s, past_the_end_of_the_file);
    ADD_TEST(s, beyond_four_gib);
    ADD_TEST(s, a_shared_edit_reaches_the_file);
    ADD_TEST(s, a_private_edit_does_not);
    ADD_TEST(s, an_empty_file);
    ADD_TEST(s, an_empty_region);
    ADD_TEST(s, an_empty_mapping_takes_no_address);
    ADD_TEST(s, an_empty_mapping_checks_permission);
    ADD_TEST(s, by_path);
    ADD_TEST(s, a_path_that_may_only_be_read);
    ADD_TEST(s, anonymous);
    ADD_HUGE_TEST(s, huge_pages);
    ADD_HUGE_TEST(s, a_memfd_of_huge_pages);
    ADD_TEST(s, huge_pages_of_no_size);
    ADD_TEST(s, view);
    ADD_TEST(s, unmapping);
    ADD_TEST(s, an_unmapped_handle);
    ADD_TEST(s, no_handle);
    ADD_TEST(s, sealed_memory);
    return s;
}
