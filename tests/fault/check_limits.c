/* SPDX-License-Identifier: MIT */
/* Too many mappings, and no address space. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "filters.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/mman.h>
#include <sys/resource.h>

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

static int
map_anon(void)
{
    struct mmapx n;

    return mmapx_map_anon(&n, 10, PROT_READ, MAP_PRIVATE);
}

static int
grow(void)
{
    return mmapx_resize(&m, fd, 5 * page_size(), MMAPX_RESIZE_MAYMOVE);
}

static int
shrink(void)
{
    return mmapx_resize(&m, fd, page_size(), 0);
}

static int
grow_both(void)
{
    return mmapx_resize(&m, fd, 5 * page_size(),
                        MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE);
}

static int
grow_both_sparse(void)
{
    return mmapx_resize(&m, fd, 5 * page_size(),
                        MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE
                            | MMAPX_RESIZE_SPARSE);
}

static int
shrink_both(void)
{
    return mmapx_resize(&m, fd, page_size(), MMAPX_RESIZE_FILE);
}

/* Pages, every second one of another protection, until there are no more. */
static bool
use_up_mappings(void)
{
    const size_t most = 200000;
    size_t page = page_size();
    char *area = mmap(NULL, most * page, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (area == MAP_FAILED)
        return false;
    for (size_t i = 1; i < most; i += 2)
        if (mprotect(area + i * page, page, PROT_READ) != 0)
            return errno == ENOMEM;
    return false;
}

static bool
too_many(void *arg)
{
    size_t page = page_size();
    struct mmapx before = m;

    (void)arg;
    if (!use_up_mappings())
        return false;
    FAILS(ENOMEM, mmapx_protect(&m, page, page, PROT_READ));
    FAILS(EAGAIN, mmapx_advise(&m, page, page, MMAPX_MADV_RANDOM));
    if (mmapx_lock(&m, page, page, 0) == 0 || errno != EPERM)
        FAILS(EAGAIN, mmapx_lock(&m, page, page, 0));
    FAILS(ENOMEM, shrink_both());
    return memcmp(&m, &before, sizeof m) == 0
           && lseek(fd, 0, SEEK_END) == (off_t)(3 * page)
           && *(volatile unsigned char *)m.addr == pattern(0)
           && mmapx_unmap(&m) == 0;
}

static long
most_mappings(void)
{
    FILE *f = fopen("/proc/sys/vm/max_map_count", "r");
    long most = -1;

    if (f != NULL) {
        if (fscanf(f, "%ld", &most) != 1)
            most = -1;
        fclose(f);
    }
    return most;
}

START_TEST(too_many_mappings)
{
    need_the_kernel();
    if (under_sanitizer())
        SKIP("the sanitizer needs mappings of its own");
    if (most_mappings() < 0 || most_mappings() > 150000)
        SKIP("vm.max_map_count is not told or too large to be used up");
    set_up();
    ck_assert(in_child(too_many, NULL));
}
END_TEST

/* A limit on the address space. */
static bool
no_space(void *arg)
{
    struct rlimit none = { 0, 0 };
    struct mmapx before = m;

    (void)arg;
    if (setrlimit(RLIMIT_AS, &none) != 0)
        return false;
    FAILS(ENOMEM, map_again());
    FAILS(ENOMEM, map_anon());
    FAILS(ENOMEM, grow());
    FAILS(ENOMEM, grow_both());
    FAILS(ENOMEM, grow_both_sparse());
    return memcmp(&m, &before, sizeof m) == 0
           && lseek(fd, 0, SEEK_END) == (off_t)(3 * page_size())
           && shrink() == 0;
}

START_TEST(no_address_space)
{
    need_the_kernel();
    if (under_sanitizer())
        SKIP("the sanitizer needs address space");
    set_up();
    ck_assert(in_child(no_space, NULL));
}
END_TEST
#endif /* __linux__ */

#ifndef __linux__
START_TEST(too_many_mappings)
{
    SKIP("a matter of Linux");
}
END_TEST
#endif

Suite *
suite(void)
{
    Suite *s = suite_create("limits");

    ADD_TEST(s, too_many_mappings);
#ifdef __linux__
    ADD_TEST(s, no_address_space);
#endif
    return s;
}
