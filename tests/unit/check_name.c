/* SPDX-License-Identifier: MIT */
/* Names of memory, as /proc/self/maps shows them. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The longest one that there is, with every kind of character. */
static const char longest[]
    = "a name of 79 bytes: !\"#%&'()*+,-./0123456789:;<=>?@ABCXYZ^_abcxyz"
      "{|}~ 3456789012";

static void
need_names(void)
{
    struct mmapx m;

    OK(mmapx_map_anon(&m, 1, PROT_READ, MAP_PRIVATE));
    if (mmapx_name(&m, "x") != 0) {
        ck_assert_int_eq(errno, ENOTSUP);
        SKIP("this kernel has no names for memory (CONFIG_ANON_VMA_NAME)");
    }
    OK(mmapx_unmap(&m));
}

/* How many bytes from m's first page on have a line of this name in the list of
 * mappings. */
static size_t
named(const void *addr, const char *kind, const char *name)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char wanted[128];
    char line[512];
    unsigned long from, to;
    unsigned long next = (unsigned long)(uintptr_t)addr;
    size_t bytes = 0;

    if (maps == NULL)
        SKIP("no /proc to see a name in");
    next -= next % page_size();
    snprintf(wanted, sizeof wanted, "[%s:%s]\n", kind, name);
    while (fgets(line, sizeof line, maps) != NULL)
        if (sscanf(line, "%lx-%lx", &from, &to) == 2 && from == next
            && strstr(line, wanted) != NULL) {
            bytes += to - from;
            next = to;
        }
    fclose(maps);
    return bytes;
}

START_TEST(a_name)
{
    size_t page = page_size();
    struct mmapx m;

    need_names();
    OK(mmapx_map_anon(&m, 3 * page + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    ck_assert_uint_eq(strlen(longest), 79);
    OK(mmapx_name(&m, longest));
    ck_assert_uint_eq(named(m.addr, "anon", longest), 4 * page);
    OK(mmapx_name(&m, "another"));
    ck_assert_uint_eq(named(m.addr, "anon", longest), 0);
    ck_assert_uint_eq(named(m.addr, "anon", "another"), 4 * page);
    /* Also where parts of it have become mappings of their own. */
    OK(mmapx_protect(&m, page, page, PROT_READ));
    OK(mmapx_name(&m, ""));
    ck_assert_uint_eq(named(m.addr, "anon", ""), 4 * page);
    OK(mmapx_name(&m, NULL));
    ck_assert_uint_eq(named(m.addr, "anon", ""), 0);
    OK(mmapx_name(&m, NULL));
    OK(mmapx_unmap(&m));
}
END_TEST

START_TEST(the_kernel_keeps_a_copy)
{
    char name[] = "temporary";
    struct mmapx m;

    need_names();
    OK(mmapx_map_anon(&m, 1, PROT_READ, MAP_PRIVATE));
    OK(mmapx_name(&m, name));
    memset(name, 'x', sizeof name - 1);
    ck_assert_uint_eq(named(m.addr, "anon", "temporary"), page_size());
    OK(mmapx_unmap(&m));
}
END_TEST

START_TEST(what_grows)
{
    size_t page = page_size();
    struct mmapx m;

    need_names();
    OK(mmapx_map_anon(&m, page, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    OK(mmapx_name(&m, "grown"));
    OK(mmapx_resize(&m, -1, 100 * page, MMAPX_RESIZE_MAYMOVE));
    ck_assert_uint_eq(named(m.addr, "anon", "grown"), 100 * page);
    OK(mmapx_unmap(&m));
}
END_TEST

START_TEST(shared_memory)
{
    struct mmapx m;

    need_names();
    OK(mmapx_map_anon(&m, 1, PROT_READ, MAP_SHARED));
    if (mmapx_name(&m, "shared") != 0) {
        ck_assert_int_eq(errno, ENOTSUP);
        SKIP("before Linux 6.2 shared memory has no name");
    }
    ck_assert_uint_eq(named(m.addr, "anon_shmem", "shared"), page_size());
    OK(mmapx_unmap(&m));
}
END_TEST

START_TEST(an_empty_mapping)
{
    struct mmapx m, v;

    need_names();
    OK(mmapx_map_anon(&m, 0, PROT_READ, MAP_PRIVATE));
    OK(mmapx_name(&m, "empty"));
    ck_assert_uint_eq(named(m.addr, "anon", "empty"), page_size());
    OK(mmapx_view(&v, m.addr, 0));
    OK(mmapx_name(&v, "view"));
    ck_assert_uint_eq(named(m.addr, "anon", "empty"), page_size());
    OK(mmapx_view(&v, m.addr, 1));
    OK(mmapx_name(&v, "view"));
    ck_assert_uint_eq(named(m.addr, "anon", "view"), page_size());
    OK(mmapx_unmap(&m));
}
END_TEST

START_TEST(part_is_gone)
{
    size_t page = page_size();
    struct mmapx m;

    need_names();
    OK(mmapx_map_anon(&m, 3 * page, PROT_READ, MAP_PRIVATE));
    ck_assert_int_eq(munmap((char *)m.addr + page, page), 0);
    FAILS(ENOMEM, mmapx_name(&m, "gone"));
}
END_TEST

/* Whatever the kernel has. */
START_TEST(bad_names)
{
    struct mmapx m, nothing = MMAPX_INIT;
    char name[82];

    OK(mmapx_map_anon(&m, 1, PROT_READ, MAP_PRIVATE));
    FAILS(EINVAL, mmapx_name(NULL, "x"));
    FAILS(EINVAL, mmapx_name(&nothing, "x"));
    FAILS(EINVAL, mmapx_name(&nothing, NULL));
    memset(name, 'x', 80);
    name[80] = '\0';
    FAILS(EINVAL, mmapx_name(&m, name));
    for (int c = 1; c < 256; c++) {
        bool good = c >= 32 && c < 127 && strchr("\\`$[]", c) == NULL;

        snprintf(name, sizeof name, "x%cx", c);
        if (!good)
            FAILS(EINVAL, mmapx_name(&m, name));
        else if (mmapx_name(&m, name) != 0)
            ck_assert_int_eq(errno, ENOTSUP);
    }
    OK(mmapx_unmap(&m));
}
END_TEST

START_TEST(files)
{
    struct mmapx m, v;

    OK(mmapx_map(&m, temp_file(10), PROT_READ, MAP_PRIVATE));
    FAILS(EINVAL, mmapx_name(&m, "[x]"));
    FAILS(ENOTSUP, mmapx_name(&m, "x"));
    FAILS(ENOTSUP, mmapx_name(&m, NULL));
    OK(mmapx_view(&v, m.addr, m.len));
    FAILS(ENOTSUP, mmapx_name(&v, "x"));
    OK(mmapx_unmap(&m));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("name");

    ADD_TEST(s, a_name);
    ADD_TEST(s, the_kernel_keeps_a_copy);
    ADD_TEST(s, what_grows);
    ADD_TEST(s, shared_memory);
    ADD_TEST(s, an_empty_mapping);
    ADD_TEST(s, part_is_gone);
    ADD_TEST(s, bad_names);
    ADD_TEST(s, files);
    return s;
}
