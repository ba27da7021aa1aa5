/* SPDX-License-Identifier: MIT */
/* Too many mappings, and no address space. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "filters.h"

#include "calls.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/mman.h>
#include <sys/resource.h>

static struct fixture f;

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
    struct mmapx before = f.m;

    (void)arg;
    if (!use_up_mappings())
        return false;
    FAILS(ENOMEM, mmapx_protect(&f.m, page, page, PROT_NONE));
    FAILS(EAGAIN, mmapx_advise(&f.m, page, page, MMAPX_MADV_RANDOM));
    if (mmapx_lock(&f.m, page, page, 0) == 0 || errno != EPERM)
        FAILS(EAGAIN, mmapx_lock(&f.m, page, page, 0));
    FAILS(ENOMEM, run_shrink_both(&f));
    return memcmp(&f.m, &before, sizeof f.m) == 0
           && lseek(f.fd, 0, SEEK_END) == (off_t)(3 * page + 1)
           && *(volatile unsigned char *)f.m.addr == pattern(0)
           && mmapx_unmap(&f.m) == 0;
}

static long
most_mappings(void)
{
    FILE *limit = fopen("/proc/sys/vm/max_map_count", "r");
    long most = -1;

    if (limit != NULL) {
        if (fscanf(limit, "%ld", &most) != 1)
            most = -1;
        fclose(limit);
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
    make_fixture(&f);
    ck_assert(in_child(too_many, NULL));
}
END_TEST

/* A limit on the address space. */
static bool
no_space(void *arg)
{
    struct rlimit none = { 0, 0 };
    struct mmapx before = f.m;

    (void)arg;
    if (setrlimit(RLIMIT_AS, &none) != 0)
        return false;
    FAILS(ENOMEM, run_map(&f));
    FAILS(ENOMEM, run_map_anon(&f));
    FAILS(ENOMEM, run_resize(&f));
    FAILS(ENOMEM, run_resize_both(&f));
    FAILS(ENOMEM, run_resize_sparse(&f));
    return memcmp(&f.m, &before, sizeof f.m) == 0
           && lseek(f.fd, 0, SEEK_END) == (off_t)(3 * page_size() + 1)
           && run_shrink(&f) == 0;
}

START_TEST(no_address_space)
{
    need_the_kernel();
    if (under_sanitizer())
        SKIP("the sanitizer needs address space");
    make_fixture(&f);
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
