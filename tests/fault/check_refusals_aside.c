/* SPDX-License-Identifier: MIT */
/* What the library asks the system beside the call itself: identity, rights,
 * sizes; and the answer does not come. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "filters.h"

#include <fcntl.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/resource.h>
#include <sys/syscall.h>

static int fd;         /* of a file of three pages */
static struct mmapx m; /* all of it, shared, for reading and writing */

static void
set_up(void)
{
    fd = temp_file(3 * page_size());
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
}

static int
map_again(void)
{
    struct mmapx n;

    return mmapx_map(&n, fd, PROT_READ, MAP_SHARED);
}

static bool
forbid_descriptors(struct rlimit *before)
{
    struct rlimit none;

    if (getrlimit(RLIMIT_NOFILE, before) != 0)
        return false;
    none = *before;
    none.rlim_cur = 0;
    return setrlimit(RLIMIT_NOFILE, &none) == 0;
}

/* Without a descriptor /proc cannot be read. */
static bool
no_proc(void *arg)
{
    struct rlimit before;
    size_t locked;
    struct mmapx n, view;
    size_t pages;
    bool good;

    (void)arg;
    OK(mmapx_view(&view, m.addr, m.len));
    if (!forbid_descriptors(&before))
        return false;
    FAILS(ENOTSUP, mmapx_lock_limit(NULL, &locked));
    /* Without knowing what is mapped the rest is evicted all the same. */
    OK(mmapx_cache_evict(fd, 0, -1));
#ifdef MAP_HUGETLB
    FAILS(ENOTSUP, mmapx_map_anon(&n, 10, PROT_READ,
                                  MAP_PRIVATE | MAP_HUGETLB));
#endif
    (void)n;
    /* Root may know of everybody's; but is it root? */
    FAILS(EPERM, mmapx_resident_count(&view, 0, MMAPX_TO_END, &pages));
    good = setrlimit(RLIMIT_NOFILE, &before) == 0;
    return good && (!is_root() || mmapx_resident_count(&view, 0, MMAPX_TO_END,
                                                       &pages) == 0);
}

START_TEST(without_proc)
{
    need_the_kernel();
    set_up();
    ck_assert(in_child(no_proc, NULL));
}
END_TEST

/* A file of an id that may be anybody's: the answer is in /proc. */
static bool
no_map_of_ids(void *arg)
{
    struct rlimit before;
    size_t pages;

    (void)arg;
    if (mmapx_resident_count(&m, 0, 1, &pages) != 0
        || !forbid_descriptors(&before))
        return false;
    FAILS(EPERM, mmapx_resident_count(&m, 0, 1, &pages));
    return setrlimit(RLIMIT_NOFILE, &before) == 0;
}

START_TEST(without_the_map_of_ids)
{
    need_the_kernel();
    fd = temp_file(10);
    if (!is_root() || fchown(fd, 65534, 65534) != 0)
        SKIP("a file of the overflow id needs root");
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    if (!in_child(no_map_of_ids, NULL))
        SKIP("a user namespace that does not have all ids");
}
END_TEST

/* /proc can be opened, and what is read of it is nothing. */
static bool
unreadable_proc(void *arg)
{
    int next = dup(fd);
    struct denied reads = { SYS_read, 0, (uint32_t)next, false };
    struct mmapx view;
    size_t locked, pages;

    (void)arg;
    close(next);
    OK(mmapx_view(&view, m.addr, m.len));
    if (!deny(&reads, EIO))
        return false;
    FAILS(ENOTSUP, mmapx_lock_limit(NULL, &locked));
    if (geteuid() != 0)
        FAILS(EPERM, mmapx_resident_count(&view, 0, 1, &pages));
    /* What is opened after this is read under another number. */
    return dup(fd) == next;
}

START_TEST(a_proc_that_says_nothing)
{
    need_filters();
    set_up();
    ck_assert(in_child(unreadable_proc, NULL));
    ck_assert(in_child_as_nobody(unreadable_proc, NULL));
}
END_TEST

static bool
no_file_system(void *arg)
{
    (void)arg;
    if (!deny(&(struct denied){ NUMBER_FSTATFS, ANY, 0, false }, EIO))
        return false;
    FAILS(EIO, map_again());
    return true;
}

/* A file with large blocks is asked for its file system. */
START_TEST(an_unknown_file_system)
{
    need_filters();
    fd = (int)syscall(SYS_memfd_create, "huge", 4u /* MFD_HUGETLB */);
    if (fd < 0)
        SKIP("no files of huge pages");
    ck_assert(in_child(no_file_system, NULL));
}
END_TEST

static bool
no_capget(void *arg)
{
    size_t pages;

    (void)arg;
    if (mmapx_resident_count(&m, 0, 1, &pages) != 0
        || !deny(&(struct denied){ SYS_capget, ANY, 0, false }, EPERM))
        return false;
    FAILS(EPERM, mmapx_resident_count(&m, 0, 1, &pages));
    return true;
}

/* Root's right to know is a capability, and in doubt it has none. */
START_TEST(unknown_capabilities)
{
    need_filters();
    fd = temp_file(10);
    if (!is_root() || fchown(fd, 1234, 1234) != 0)
        SKIP("a file of somebody else needs root");
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    if (!in_child(no_capget, NULL))
        SKIP("this root has not all capabilities");
}
END_TEST

/* The way of old kernels: the end is found by seeking, there and back. */
static const int whences[] = { SEEK_CUR, SEEK_END, SEEK_SET };

static bool
no_device_size(void *arg)
{
    const int *whence = arg;
    struct denied ioctls = { SYS_ioctl, 0, (uint32_t)fd, false };
    struct denied seeks = { NUMBER_LSEEK, LSEEK_WHENCE, (uint32_t)*whence,
                            false };

    if (!deny(&ioctls, ENOTTY) || map_again() != 0 || !deny(&seeks, EINVAL))
        return false;
    FAILS(EIO, map_again());
    return true;
}

START_TEST(a_device_that_tells_no_size)
{
    need_filters();
    fd = loop_device(temp_file(16 * page_size()));
    for (size_t i = 0; i < 3; i++)
        ck_assert(in_child(no_device_size, (void *)(uintptr_t)&whences[i]));
}
END_TEST

/* More pieces that were never written than are asked about at once. */
START_TEST(many_unwritten_pieces)
{
    enum { PIECES = 40 };
    off_t page = (off_t)page_size();
    struct mmapx_cache c;
    int file = temp_file(0);

    for (int i = 0; i < PIECES; i++)
        if (fallocate(file, 0, 2 * i * page, page) != 0)
            SKIP("this file system allocates nothing unwritten");
    ck_assert_int_eq(pwrite(file, "x", 1, 2 * PIECES * page), 1);
    ck_assert_int_eq(fsync(file), 0);
    OK(mmapx_cache_evict(file, 0, -1));
    OK(mmapx_cache_load(file, 0, -1));
    OK(mmapx_cache_stat(file, 2 * PIECES * page, -1, &c));
    ck_assert_uint_eq(c.cached, 1);
}
END_TEST
#endif /* __linux__ */

#ifndef __linux__
START_TEST(without_proc)
{
    SKIP("a matter of Linux");
}
END_TEST
#endif

Suite *
suite(void)
{
    Suite *s = suite_create("refusals_aside");

    ADD_TEST(s, without_proc);
#ifdef __linux__
    ADD_TEST(s, without_the_map_of_ids);
    ADD_TEST(s, a_proc_that_says_nothing);
    ADD_TEST(s, an_unknown_file_system);
    ADD_TEST(s, unknown_capabilities);
    ADD_TEST(s, a_device_that_tells_no_size);
    ADD_TEST(s, many_unwritten_pieces);
#endif
    return s;
}
