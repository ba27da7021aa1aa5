/* SPDX-License-Identifier: MIT */
/* Room to grow into, and readers who do not notice. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "resizing.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A call that fails with code and leaves handle and room alone. */
static void
check_refused(struct mmapx *m, size_t room, int flags, int code, int line)
{
    struct mmapx before = *m;
    int r;

    errno = 0;
    r = mmapx_reserve(m, room, flags);
    ck_assert_msg(r == -1 && errno == code, "line %d: %d, errno %d, not %d",
                  line, r, errno, code);
    ck_assert_mem_eq(m, &before, sizeof before);
}

#define REFUSED(code, m, room, flags)                                          \
    check_refused(m, room, flags, code, __LINE__)

/* Whether nothing is mapped there, so that somebody else could be. */
static bool
is_free(void *addr, size_t len)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
#ifdef MAP_FIXED_NOREPLACE
    flags |= MAP_FIXED_NOREPLACE;
#endif
    void *p = mmap(addr, len, PROT_NONE, flags, -1, 0);

    if (p != MAP_FAILED)
        munmap(p, len);
    return p == addr;
}

/* --- What room is --------------------------------------------------------- */

START_TEST(nothing_is_reserved)
{
    struct mmapx m = MMAPX_INIT, v;

    ck_assert_uint_eq(mmapx_room(NULL), 0);
    ck_assert_uint_eq(mmapx_room(&m), 0);
    OK(mmapx_map_region(&m, temp_file(100), 10, 50, PROT_READ, MAP_SHARED));
    ck_assert_uint_eq(mmapx_room(&m), 50);
    OK(mmapx_view(&v, m.addr, 20));
    ck_assert_uint_eq(mmapx_room(&v), 20);
    OK(mmapx_unmap(&m));
    ck_assert_uint_eq(mmapx_room(&m), 0);
}
END_TEST

START_TEST(room_is_rounded_and_counts_from_the_first_byte)
{
    size_t page = page_size();
    struct mmapx m;

    OK(mmapx_map_region(&m, temp_file(3 * page), 10, page, PROT_READ,
                        MAP_SHARED));
    OK(mmapx_reserve(&m, 5 * page, MAYMOVE));
    ck_assert_uint_eq(mmapx_room(&m), 6 * page - 10);
    ck_assert_uint_eq(m.len, page);
    check_pattern(m.addr, 10, page);
    OK(mmapx_reserve(&m, 4 * page, 0));
    ck_assert_uint_eq(mmapx_room(&m), 5 * page - 10);
    ck_assert(is_free((char *)m.addr - 10 + 5 * page, page));
    OK(mmapx_reserve(&m, 1, 0));
    ck_assert_uint_eq(mmapx_room(&m), page);
    ck_assert(is_free((char *)m.addr - 10 + 2 * page, page));
    OK(mmapx_reserve(&m, 0, 0));
    OK(mmapx_unmap(&m));
}
END_TEST

START_TEST(room_is_not_to_be_touched_and_nobody_elses)
{
    size_t page = page_size();
    struct mmapx m, other;
    char *p;

    OK(mmapx_map_anon(&m, page, RW, MAP_PRIVATE));
    OK(mmapx_reserve(&m, 64 * page, MAYMOVE));
    p = m.addr;
    ck_assert(load_kills(p + page));
    ck_assert(load_kills(p + 64 * page - 1));
    ck_assert(!is_free(p + page, page));
    for (int i = 0; i < 100; i++) {
        OK(mmapx_map_anon(&other, page, PROT_READ, MAP_PRIVATE));
        ck_assert((char *)other.addr < p
                  || (char *)other.addr >= p + 64 * page);
    }
    OK(mmapx_unmap(&m));
    ck_assert(is_free(p, 64 * page));
}
END_TEST

/* --- Growing into it ------------------------------------------------------ */

/* Grow to lengths of all kinds and back; nothing moves. */
static void
grow_and_shrink(struct mmapx *m, int fd, int flags, size_t unit)
{
    size_t lengths[] = { 1, 5, unit, unit + 1, 7 * unit, 3 * unit - 5, 0, 2,
                         8 * unit, unit, 8 * unit - 1 };
    unsigned char *base = m->addr;

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        OK(mmapx_resize(m, fd, lengths[i], flags));
        ck_assert_uint_eq(m->len, lengths[i]);
        ck_assert_ptr_eq(m->addr, base);
        ck_assert_uint_eq(mmapx_room(m), 8 * unit);
        /* There is no hole, neither behind it nor before. */
        for (size_t at = 0; at < 8 * unit; at += unit)
            ck_assert(!is_free(base + at, unit));
        if (flags == 0 && fd >= 0)
            check_pattern(m->addr, 0, m->len);
    }
}

START_TEST(a_shared_file)
{
    size_t page = page_size();
    int fd = temp_file(8 * page);
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 0, 1, RW, MAP_SHARED));
    OK(mmapx_reserve(&m, 8 * page, MAYMOVE));
    grow_and_shrink(&m, fd, 0, page);
    OK(mmapx_unmap(&m));
}
END_TEST

START_TEST(a_shared_file_without_a_descriptor)
{
    size_t page = page_size();
    int fd = temp_file(8 * page);
    struct mmapx m;

    need_the_kernel();
    OK(mmapx_map_region(&m, fd, 0, 1, RW, MAP_SHARED));
    OK(mmapx_reserve(&m, 8 * page, MAYMOVE));
    grow_and_shrink(&m, -1, 0, page);
    check_pattern(m.addr, 0, m.len);
    memset(m.addr, 'x', m.len);
    ck_assert_int_eq(pread(fd, m.addr, 1, (off_t)(8 * page - 2)), 1);
    ck_assert_int_eq(*(char *)m.addr, 'x');
}
END_TEST

START_TEST(a_shared_file_by_a_lesser_descriptor)
{
    size_t page = page_size();
    char path[4096];
    int fd = temp_named(path, 8 * page);
    int ro = open(path, O_RDONLY);
    struct mmapx m;

    need_the_kernel();
    unlink(path);
    OK(mmapx_map_region(&m, fd, 0, page, RW, MAP_SHARED));
    OK(mmapx_reserve(&m, 8 * page, MAYMOVE));
    OK(mmapx_resize(&m, ro, 2 * page, 0));
    ((char *)m.addr)[2 * page - 1] = 'x';
    OK(mmapx_resize(&m, ro, MMAPX_TO_END, 0));
    ((char *)m.addr)[8 * page - 1] = 'x';
}
END_TEST

START_TEST(a_private_file)
{
    size_t page = page_size();
    int fd = temp_file(8 * page);
    struct mmapx m, before;

    OK(mmapx_map_region(&m, fd, 0, 1, RW, MAP_PRIVATE));
    OK(mmapx_reserve(&m, 8 * page, MAYMOVE));
    grow_and_shrink(&m, fd, 0, page);
    OK(mmapx_resize(&m, fd, page, 0));
    *(char *)m.addr = 'x';
    before = m;
    FAILS(ENOTSUP, mmapx_resize(&m, -1, 2 * page, 0));
    FAILS(EINVAL, mmapx_resize(&m, temp_file(1), 2 * page, 0));
    ck_assert_mem_eq(&m, &before, sizeof m);
    OK(mmapx_resize(&m, fd, 2 * page, 0));
    ck_assert_int_eq(*(char *)m.addr, 'x');
    check_pattern((char *)m.addr + 1, 1, m.len - 1);
}
END_TEST

START_TEST(private_memory)
{
    size_t page = page_size();
    struct mmapx m;

    OK(mmapx_map_anon(&m, 100, RW, MAP_PRIVATE));
    OK(mmapx_reserve(&m, 8 * page, MAYMOVE));
    memset(m.addr, 'x', page);
    OK(mmapx_resize(&m, -1, 3 * page, 0));
    check_zero((char *)m.addr + 100, 3 * page - 100);
    grow_and_shrink(&m, -1, 0, page);
}
END_TEST

START_TEST(with_the_file)
{
    size_t page = page_size();
    int fd = temp_file(0);
    struct mmapx m;
    char *base;

    OK(mmapx_map(&m, fd, RW, MAP_SHARED));
    OK(mmapx_reserve(&m, 8 * page, MAYMOVE));
    base = m.addr;
    for (size_t len = 1; len <= 8 * page; len += page / 3) {
        OK(mmapx_resize(&m, fd, len, BOTH));
        ck_assert_uint_eq(file_size(fd), len);
        ((char *)m.addr)[len - 1] = 'x';
    }
    OK(mmapx_resize(&m, fd, page, BOTH));
    ck_assert_uint_eq(file_size(fd), page);
    ck_assert(load_kills(base + page));
    ck_assert_ptr_eq(m.addr, base);
}
END_TEST

START_TEST(an_offset_inside_a_page)
{
    size_t page = page_size();
    int fd = temp_file(8 * page);
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 77, 0, RW, MAP_SHARED));
    OK(mmapx_reserve(&m, 4 * page, MAYMOVE));
    for (size_t len = 1; len <= 5 * page - 77; len += 999) {
        OK(mmapx_resize(&m, fd, len, 0));
        check_pattern(m.addr, 77, len);
    }
    OK(mmapx_resize(&m, fd, 5 * page - 77, 0));
    check_pattern(m.addr, 77, m.len);
    OK(mmapx_resize(&m, fd, 0, 0));
    ck_assert_uint_eq((uintptr_t)m.addr % page, 0);
    ck_assert_uint_eq(mmapx_room(&m), 5 * page - 77);
}
END_TEST

/* --- Beyond it ------------------------------------------------------------ */

START_TEST(the_room_becomes_larger_where_it_is)
{
    size_t page = page_size();
    int fd = temp_file(8 * page);
    struct mmapx area, m;
    char *p;

    OK(mmapx_map_anon(&area, 16 * page, PROT_NONE, MAP_PRIVATE));
    p = area.addr;
    OK(mmapx_map_at(&m, p, fd, 0, page, RW, MAP_SHARED | MAP_FIXED));
    ck_assert_int_eq(munmap(p + page, 15 * page), 0);
    OK(mmapx_reserve(&m, 2 * page, 0));
    OK(mmapx_resize(&m, fd, 6 * page, 0));
    ck_assert_ptr_eq(m.addr, p);
    ck_assert_uint_eq(mmapx_room(&m), 6 * page);
    check_pattern(m.addr, 0, m.len);
    OK(mmapx_unmap(&m));
}
END_TEST

START_TEST(or_it_moves_and_has_none)
{
    size_t page = page_size();
    int fd = temp_file(8 * page);
    struct mmapx area, m, before;
    char *p;

    OK(mmapx_map_anon(&area, 16 * page, PROT_NONE, MAP_PRIVATE));
    p = area.addr;
    OK(mmapx_map_at(&m, p, fd, 0, page, RW, MAP_PRIVATE | MAP_FIXED));
    *(char *)m.addr = 'x';
    REFUSED(ENOMEM, &m, 2 * page, 0);
    ck_assert_int_eq(munmap(p + page, page), 0);
    OK(mmapx_reserve(&m, 2 * page, 0));
    before = m;
    FAILS(ENOMEM, mmapx_resize(&m, fd, 3 * page, 0));
    ck_assert_mem_eq(&m, &before, sizeof m);
    need_the_kernel();
    OK(mmapx_resize(&m, -1, 3 * page, MAYMOVE));
    ck_assert_ptr_ne(m.addr, p);
    ck_assert_uint_eq(mmapx_room(&m), 3 * page);
    ck_assert_int_eq(*(char *)m.addr, 'x');
    check_pattern((char *)m.addr + 1, 1, m.len - 1);
    ck_assert(is_free(p, 2 * page));
}
END_TEST

/* What a mapping is made of comes along. */
START_TEST(a_move_keeps_the_parts)
{
    size_t page = page_size();
    struct mmapx m;
    char *p;

    need_the_kernel();
    OK(mmapx_map_anon(&m, 4 * page, RW, MAP_PRIVATE));
    memset(m.addr, 'x', m.len);
    OK(mmapx_protect(&m, page, page, PROT_READ));
    OK(mmapx_advise(&m, 2 * page, page, MMAPX_MADV_DONTFORK));
    OK(mmapx_reserve(&m, (size_t)1 << 30, MAYMOVE));
    p = m.addr;
    for (size_t i = 0; i < m.len; i++)
        ck_assert_int_eq(p[i], 'x');
    ck_assert(!store_kills(p));
    ck_assert(store_kills(p + page));
    ck_assert(load_kills(p + 2 * page)); /* a child does not have it */
    ck_assert(!store_kills(p + 3 * page));
    OK(mmapx_resize(&m, -1, 5 * page, 0));
    ck_assert_ptr_eq(m.addr, p);
    p[5 * page - 1] = 'y';
}
END_TEST

START_TEST(large_pages_stay_possible)
{
    size_t huge = (size_t)2 << 20;
    size_t page = page_size();
    int fd = temp_file(0);
    struct mmapx m;

    need_native();
    ck_assert_int_eq(ftruncate(fd, (off_t)(4 * huge)), 0);
    OK(mmapx_map_region(&m, fd, (int64_t)page, 3 * huge, RW, MAP_SHARED));
    if (((uintptr_t)m.addr - page) % huge != 0)
        SKIP("the system does not place it so");
    OK(mmapx_reserve(&m, (size_t)1 << 30, MAYMOVE));
    ck_assert_uint_eq(((uintptr_t)m.addr - page) % huge, 0);
}
END_TEST

/* --- Protection, locks ---------------------------------------------------- */

START_TEST(the_new_part_is_like_the_last_page)
{
    size_t page = page_size();
    int kinds[] = { MAP_SHARED, MAP_PRIVATE };

    need_the_kernel();
    for (int i = 0; i < 4; i++) {
        int fd = i < 2 ? temp_file(8 * page) : -1;
        struct mmapx m;
        char *p;

        if (fd >= 0)
            OK(mmapx_map_region(&m, fd, 0, 2 * page, RW, kinds[i]));
        else
            OK(mmapx_map_anon(&m, 2 * page, RW, MAP_PRIVATE));
        OK(mmapx_reserve(&m, 8 * page, MAYMOVE));
        OK(mmapx_protect(&m, i % 2 != 0 ? 0 : page, page, PROT_READ));
        OK(mmapx_resize(&m, fd, 4 * page, 0));
        p = m.addr;
        ck_assert_int_eq(store_kills(p + 3 * page), i % 2 == 0);
        ck_assert(!load_kills(p + 3 * page));
        OK(mmapx_protect(&m, 0, MMAPX_TO_END, RW));
        OK(mmapx_resize(&m, fd, 5 * page, 0));
        ck_assert(!store_kills(p + 4 * page));
        OK(mmapx_unmap(&m));
    }
}
END_TEST

START_TEST(the_new_part_is_locked_if_that_is)
{
    size_t page = page_size();
    size_t before, after;
    struct mmapx m;
    int fd = temp_file(page);

    need_the_kernel();
    need_memlock(16 * page);
    if (under_sanitizer())
        SKIP("the sanitizer makes mlock(2) do nothing");
    OK(mmapx_map(&m, fd, RW, MAP_SHARED));
    OK(mmapx_reserve(&m, 8 * page, MAYMOVE));
    OK(mmapx_lock(&m, 0, MMAPX_TO_END, 0));
    OK(mmapx_lock_limit(NULL, &before));
    OK(mmapx_resize(&m, fd, 5 * page, BOTH));
    OK(mmapx_lock_limit(NULL, &after));
    ck_assert_uint_eq(after, before + 4 * page);
    OK(mmapx_resize(&m, fd, page, BOTH));
    OK(mmapx_lock_limit(NULL, &after));
    ck_assert_uint_eq(after, before);
}
END_TEST

/* Which kind of lock it is is in /proc.  Where that cannot be read, what was
 * locked on fault is not brought in. */
START_TEST(the_new_part_is_locked_in_the_same_way)
{
    static const int kinds[] = { 0, MMAPX_LOCK_ONFAULT };
    size_t page = page_size();
    int fd = temp_file(page);

    need_the_kernel();
    need_memlock(32 * page);
    if (under_sanitizer())
        SKIP("the sanitizer makes mlock(2) do nothing");
    for (int i = 0; i < 8; i++) {
        int kind = kinds[i % 2];
        bool is_file = (i & 4) != 0;
        size_t pages, locked, after;
        struct mmapx m, rest;
        uint64_t before;

        if (is_file)
            OK(mmapx_map(&m, fd, RW, MAP_PRIVATE));
        else
            OK(mmapx_map_anon(&m, 2 * page, RW, MAP_PRIVATE));
        OK(mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_NORMAL));
        OK(mmapx_reserve(&m, 16 * page, MAYMOVE));
        if (mmapx_lock(&m, 0, MMAPX_TO_END, kind) != 0)
            SKIP("no lock on fault");
        if (!is_file) {
            OK(mmapx_split(&m, page, &rest));
            OK(mmapx_join(&m, &rest));
        }
        OK(mmapx_lock_limit(NULL, &locked));
        before = limit_descriptors((i & 2) != 0 ? 0 : 1024);
        OK(mmapx_resize(&m, fd, 8 * page, is_file ? BOTH : 0));
        limit_descriptors(before);
        OK(mmapx_lock_limit(NULL, &after));
        ck_assert_uint_eq(after, locked + (is_file ? 7 : 6) * page);
        OK(mmapx_resident_count(&m, 2 * page, MMAPX_TO_END, &pages));
        if (!is_file)
            ck_assert_uint_eq(pages, kind == 0 ? 6 : 0);
        OK(mmapx_unmap(&m));
        ck_assert_int_eq(ftruncate(fd, (off_t)page), 0);
    }
}
END_TEST

static bool
grows_beyond_its_lock(void *arg)
{
    size_t page = page_size();
    struct mmapx m;

    (void)arg;
    return mmapx_map_anon(&m, page, PROT_READ, MAP_PRIVATE) == 0
           && mmapx_reserve(&m, 8 * page, MAYMOVE) == 0
           && limit_memlock(page)
           && mmapx_lock(&m, 0, MMAPX_TO_END, 0) == 0
           && mmapx_resize(&m, -1, 2 * page, 0) == -1 && errno == EAGAIN
           && m.len == page && mmapx_room(&m) == 8 * page
           && mmapx_unlock(&m, 0, MMAPX_TO_END) == 0
           && mmapx_resize(&m, -1, 8 * page, 0) == 0;
}

static bool
reserves_under_mlockall(void *arg)
{
    size_t page = page_size();
    struct mmapx m;

    (void)arg;
    return mmapx_map_anon(&m, page, PROT_READ, MAP_PRIVATE) == 0
           && limit_memlock(4 * page) && mlockall(MCL_FUTURE) == 0
           && mmapx_reserve(&m, (size_t)1 << 30, MAYMOVE) == -1
           && errno == EAGAIN && m.len == page && mmapx_room(&m) == page;
}

START_TEST(the_limit_on_locks)
{
    need_the_kernel();
    if (under_sanitizer())
        SKIP("the sanitizer makes mlock(2) do nothing");
    need_memlock(page_size());
    ck_assert(in_child_as_nobody(grows_beyond_its_lock, NULL));
    ck_assert(in_child_as_nobody(reserves_under_mlockall, NULL));
}
END_TEST

/* --- Limits and bad input ------------------------------------------------- */

START_TEST(the_limit_on_address_space)
{
    struct rlimit limit = { 256 << 20, 256 << 20 };
    size_t page = page_size();
    struct mmapx m;

    need_native();
    if (under_sanitizer() || under_valgrind())
        SKIP("the instrumentation needs the address space");
    OK(mmapx_map_anon(&m, page, RW, MAP_PRIVATE));
    OK(mmapx_reserve(&m, 64 << 20, MAYMOVE));
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    REFUSED(ENOMEM, &m, (size_t)1 << 30, MAYMOVE);
    REFUSED(ENOMEM, &m, (size_t)1 << 30, 0);
    /* What is reserved has been counted. */
    OK(mmapx_resize(&m, -1, 64 << 20, 0));
}
END_TEST

#ifdef __linux__
/* Whether the kernel charges the memory at addr against what it may promise:
 * where it promises no more than it has (vm.overcommit_memory 2) only that can
 * fail.  -1: it does not tell. */
static int
is_charged(const void *addr)
{
    FILE *f = fopen("/proc/self/smaps", "r");
    char line[512];
    bool is_here = false;
    int charged = -1;
    uintptr_t begin, end;

    while (f != NULL && charged < 0 && fgets(line, sizeof line, f) != NULL) {
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &begin, &end) == 2)
            is_here = (uintptr_t)addr >= begin && (uintptr_t)addr < end;
        else if (is_here && strncmp(line, "VmFlags:", 8) == 0)
            charged = strstr(line, " ac") != NULL;
    }
    if (f != NULL)
        fclose(f);
    return charged;
}

START_TEST(room_is_no_memory_that_is_promised)
{
    size_t page = page_size();
    struct mmapx m;

    need_the_kernel();
    OK(mmapx_map_anon(&m, page, RW, MAP_PRIVATE));
    if (is_charged(m.addr) < 0)
        SKIP("the kernel does not tell what it charges");
    OK(mmapx_reserve(&m, 64 * page, MAYMOVE));
    ck_assert_int_eq(is_charged(m.addr), 1);
    ck_assert_int_eq(is_charged((char *)m.addr + page), 0);
    OK(mmapx_resize(&m, -1, 8 * page, 0));
    ck_assert_int_eq(is_charged((char *)m.addr + 7 * page), 1);
    ck_assert_int_eq(is_charged((char *)m.addr + 8 * page), 0);
    OK(mmapx_resize(&m, -1, 2 * page, 0));
    ck_assert_int_eq(is_charged((char *)m.addr + 2 * page), 0);
}
END_TEST

/* The first number behind a key in a file of /proc, or 0. */
static unsigned long long
number_in(const char *path, const char *key)
{
    FILE *f = fopen(path, "r");
    unsigned long long number = 0;
    char line[256];

    while (f != NULL && number == 0 && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, key, strlen(key)) == 0)
            sscanf(line + strlen(key), "%llu", &number);
    if (f != NULL)
        fclose(f);
    return number;
}

/* Room for more than all that the kernel would promise, of each kind: of what
 * has to be charged none grows to it, and all else is as it was. */
START_TEST(no_more_is_promised_than_there_is)
{
    unsigned long long most = number_in("/proc/meminfo", "CommitLimit:") << 10;
    size_t room = (size_t)most + ((size_t)1 << 30);
    size_t page = page_size();
    int fd = temp_file(2 * page);
    struct mmapx m, before;

    need_the_kernel();
    if (number_in("/proc/sys/vm/overcommit_memory", "") != 2)
        SKIP("the machine promises memory that it does not have");
    if (sizeof(size_t) < 8 || most > 1ull << 46)
        SKIP("what the machine promises does not fit the address space");
    for (int kind = 0; kind < 3; kind++) {
        if (kind == 2)
            OK(mmapx_map_anon(&m, 2 * page, RW, MAP_PRIVATE));
        else
            OK(mmapx_map(&m, fd, RW, kind == 0 ? MAP_SHARED : MAP_PRIVATE));
        OK(mmapx_reserve(&m, room, MAYMOVE));
        *(char *)m.addr = 'x';
        before = m;
        if (kind == 0)
            OK(mmapx_resize(&m, fd, room, 0));
        else
            FAILS(ENOMEM, mmapx_resize(&m, fd, room, 0));
        ck_assert(kind == 0 || memcmp(&m, &before, sizeof m) == 0);
        OK(mmapx_resize(&m, fd, 64 * page, 0));
        ck_assert_uint_eq(mmapx_room(&m), room);
        ck_assert_int_eq(*(char *)m.addr, 'x');
        OK(mmapx_unmap(&m));
    }
}
END_TEST
#endif

START_TEST(a_full_disk)
{
    size_t page = page_size();
    int fd = tiny_tmpfs_file(16 * page);
    struct mmapx m, before;

    need_native();
    ck_assert_int_eq(ftruncate(fd, (off_t)(2 * page)), 0);
    OK(mmapx_map(&m, fd, RW, MAP_SHARED));
    OK(mmapx_reserve(&m, 64 * page, MAYMOVE));
    memset(m.addr, 'x', m.len);
    before = m;
    FAILS(ENOSPC, mmapx_resize(&m, fd, 32 * page, BOTH));
    ck_assert_mem_eq(&m, &before, sizeof m);
    ck_assert_uint_eq(file_size(fd), 2 * page);
    ck_assert(load_kills((char *)m.addr + 2 * page));
    ck_assert(!is_free((char *)m.addr + 2 * page, 62 * page));
    OK(mmapx_resize(&m, fd, 4 * page, BOTH));
    memset(m.addr, 'y', m.len);
}
END_TEST

START_TEST(bad_arguments)
{
    size_t page = page_size();
    struct mmapx m, v, shared, zero, unmapped = MMAPX_INIT;

    OK(mmapx_map_anon(&m, page, RW, MAP_PRIVATE));
    OK(mmapx_view(&v, m.addr, 1));
    OK(mmapx_map_anon(&shared, page, RW, MAP_SHARED));
    OK(mmapx_map_region(&zero, open("/dev/zero", O_RDWR), 0, 1, PROT_READ,
                        MAP_PRIVATE));
    FAILS(EINVAL, mmapx_reserve(NULL, page, 0));
    FAILS(EINVAL, mmapx_reserve(&unmapped, page, 0));
    REFUSED(EINVAL, &v, page, 0);
    REFUSED(EINVAL, &m, 8 * page, 2);
    REFUSED(EINVAL, &m, 8 * page, -1);
    REFUSED(EOVERFLOW, &m, MMAPX_TO_END, MAYMOVE);
    REFUSED(EOVERFLOW, &m, (size_t)PTRDIFF_MAX + 1, MAYMOVE);
    REFUSED(ENOTSUP, &shared, 8 * page, MAYMOVE);
    REFUSED(ENOTSUP, &zero, 8 * page, MAYMOVE);
    /* A program of 32 bits may have room for half of its addresses.  valgrind
     * has another errno. */
    if (sizeof(size_t) > 4 && !under_valgrind())
        REFUSED(ENOMEM, &m, PTRDIFF_MAX - page, MAYMOVE);
}
END_TEST

START_TEST(huge_pages)
{
    struct mmapx m;
    size_t huge;
    int fd = -1;

    need_the_kernel();
#ifdef MFD_HUGETLB
    if (mmapx_map_memfd(&m, &fd, "huge", 1, MFD_HUGETLB) != 0)
#endif
        SKIP("no huge pages: vm.nr_hugepages is 0 or they are in use");
    huge = mmapx_page_size(&m);
    *(char *)m.addr = 'x';
    if (mmapx_reserve(&m, 3 * huge, MAYMOVE) != 0) {
        ck_assert_int_eq(errno, ENOTSUP); /* before 5.16 */
        SKIP("huge pages do not move here");
    }
    ck_assert_uint_eq(mmapx_room(&m), 3 * huge);
    FAILS(ENOTSUP, mmapx_resize(&m, -1, 2 * huge, 0));
    OK(mmapx_resize(&m, fd, 2 * huge, BOTH));
    ck_assert_int_eq(*(char *)m.addr, 'x');
    ((char *)m.addr)[2 * huge - 1] = 'y';
    OK(mmapx_resize(&m, -1, huge, 0));
    OK(mmapx_unmap(&m));
    close(fd);
}
END_TEST

/* Beyond the room they move, and the new part is mapped from the descriptor. */
static void
leave_the_room(int sharing)
{
    struct mmapx m;
    size_t huge;
    int fd = -1;

#ifdef MFD_HUGETLB
    if (mmapx_map_memfd(&m, &fd, "huge", 1, MFD_HUGETLB) != 0)
#endif
        SKIP("no huge pages: vm.nr_hugepages is 0 or they are in use");
    huge = mmapx_page_size(&m);
    OK(mmapx_unmap(&m));
    OK(mmapx_map_region(&m, fd, 0, huge, RW, sharing));
    *(char *)m.addr = 'x';
    if (mmapx_reserve(&m, 2 * huge, MAYMOVE) != 0) {
        ck_assert_int_eq(errno, ENOTSUP); /* before 5.16 */
        SKIP("huge pages do not move here");
    }
    /* The place behind is taken now, if it was not before. */
    mmap((char *)m.addr + 2 * huge, page_size(), PROT_NONE,
         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    FAILS(ENOMEM, mmapx_resize(&m, fd, 3 * huge, BOTH));
    FAILS(ENOTSUP, mmapx_resize(&m, -1, 3 * huge, MAYMOVE));
    ck_assert_uint_eq(mmapx_room(&m), 2 * huge);
    if (mmapx_resize(&m, fd, 3 * huge, BOTH | MAYMOVE) != 0) {
        ck_assert_int_eq(errno, ENOSPC);
        SKIP("the other huge pages are in use");
    }
    ck_assert_uint_eq(mmapx_room(&m), 3 * huge);
    ck_assert_int_eq(*(char *)m.addr, 'x');
    ck_assert_int_eq(((char *)m.addr)[3 * huge - 1], 0);
    ((char *)m.addr)[3 * huge - 1] = 'y';
    OK(mmapx_unmap(&m));
    close(fd);
}

START_TEST(huge_pages_beyond_the_room)
{
    need_the_kernel();
    leave_the_room(MAP_SHARED);
    leave_the_room(MAP_PRIVATE);
}
END_TEST

static bool
grows_in_the_child(void *arg)
{
    struct mmapx *m = arg;
    void *addr = m->addr;

    return mmapx_resize(m, -1, 8 * page_size(), 0) == 0 && m->addr == addr
           && ((char *)addr)[8 * page_size() - 1] == 0
           && mmapx_unmap(m) == 0;
}

START_TEST(a_child_has_its_own)
{
    size_t page = page_size();
    struct mmapx m;

    OK(mmapx_map_anon(&m, page, RW, MAP_PRIVATE));
    OK(mmapx_reserve(&m, 8 * page, MAYMOVE));
    ck_assert(in_child(grows_in_the_child, &m));
    ck_assert(load_kills((char *)m.addr + page));
    OK(mmapx_resize(&m, -1, 8 * page, 0));
}
END_TEST

/* --- Readers go on -------------------------------------------------------- */

enum { READERS = 8 };

struct readers {
    struct mmapx m;
    bool ends; /* both by atomic access */
    bool failed;
};

/* Each byte of a page is the page's number, as far as the file reaches. */
static bool
reads_right(const struct readers *all, size_t len, unsigned *seed)
{
    size_t off = (size_t)rand_r(seed) * (size_t)rand_r(seed) % len;
    unsigned char byte = 0;
    size_t pages;

    if (mmapx_read(&all->m, off, &byte, 1) != 1)
        return false;
    if (byte != 0 && byte != (unsigned char)(1 + off / page_size() % 255))
        return false;
    if (mmapx_resident_count(&all->m, off, 1, &pages) != 0)
        return false;
    return mmapx_advise(&all->m, off, 1, MMAPX_MADV_NORMAL) == 0
           && mmapx_room(&all->m) >= len;
}

static int
sum(void *arg)
{
    const struct readers *all = arg;
    size_t len = __atomic_load_n(&all->m.len, __ATOMIC_ACQUIRE);

    return ((volatile unsigned char *)all->m.addr)[len - 1] & 1;
}

static void *
read_on(void *arg)
{
    struct readers *all = arg;
    unsigned seed = (unsigned)(uintptr_t)&seed;

    while (!__atomic_load_n(&all->ends, __ATOMIC_ACQUIRE)) {
        size_t len = __atomic_load_n(&all->m.len, __ATOMIC_ACQUIRE);

        if (!reads_right(all, len, &seed) || mmapx_guard(&all->m, sum, all) < 0)
            __atomic_store_n(&all->failed, true, __ATOMIC_RELEASE);
    }
    return NULL;
}

/* An allocator that knows nothing of all this. */
static void *
allocate_on(void *arg)
{
    struct readers *all = arg;
    unsigned seed = 1;

    while (!__atomic_load_n(&all->ends, __ATOMIC_ACQUIRE)) {
        size_t len = (1 + (size_t)rand_r(&seed) % 64) * page_size();
        char *p = mmap(NULL, len, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED)
            continue;
        p[0] = p[len - 1] = 'a';
        sched_yield();
        if (p[0] != 'a' || p[len - 1] != 'a' || munmap(p, len) != 0)
            __atomic_store_n(&all->failed, true, __ATOMIC_RELEASE);
    }
    return NULL;
}

/* Grow from a page to most, by steps of all sizes. */
static void
grow_beside(struct readers *all, int fd, size_t most)
{
    size_t page = page_size();
    unsigned seed = 7;
    void *addr = all->m.addr;
    unsigned char byte;

    for (size_t len = page; len < most;) {
        size_t step = (size_t)1 << (unsigned)rand_r(&seed) % 27;

        step += (size_t)rand_r(&seed) % page;
        len = step < most - len ? len + step : most;
        if (step % 2 != 0) {
            OK(mmapx_resize(&all->m, fd, len, BOTH | SPARSE));
        } else {
            ck_assert_int_eq(ftruncate(fd, (off_t)len), 0);
            OK(mmapx_resize(&all->m, -1, len, 0));
        }
        ck_assert_ptr_eq(all->m.addr, addr);
        /* Not through the mapping, where readers may be at that byte. */
        byte = (unsigned char)(1 + (len - 1) / page % 255);
        ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)len - 1), 1);
    }
}

START_TEST(readers_go_on)
{
    uint64_t wanted = (uint64_t)4 << 30;
    size_t most = wanted > SIZE_MAX / 4 ? 256 << 20 : (size_t)wanted;
    size_t page = page_size();
    int fd = temp_file(0);
    pthread_t threads[READERS + 1];
    static struct readers all;
    struct rlimit limit;
    struct stat sb;

    need_the_kernel();
    /* Each byte takes a block, which may be one of huge pages, of memory. */
    ck_assert_int_eq(fstat(fd, &sb), 0);
    if (sb.st_blksize > 1 << 20)
        most = 256 << 20;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && (uintmax_t)limit.rlim_cur < most)
        SKIP("RLIMIT_FSIZE is too small");
    ck_assert_int_eq(ftruncate(fd, (off_t)page), 0);
    OK(mmapx_map(&all.m, fd, RW, MAP_SHARED));
    memset(all.m.addr, 1, page);
    OK(mmapx_reserve(&all.m, most, MAYMOVE));
    for (int i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_on, &all), 0);
    ck_assert_int_eq(pthread_create(&threads[READERS], NULL, allocate_on, &all),
                     0);
    grow_beside(&all, fd, most);
    __atomic_store_n(&all.ends, true, __ATOMIC_RELEASE);
    for (int i = 0; i <= READERS; i++)
        pthread_join(threads[i], NULL);
    ck_assert(!__atomic_load_n(&all.failed, __ATOMIC_ACQUIRE));
    ck_assert_uint_eq(mmapx_room(&all.m), most);
    OK(mmapx_unmap(&all.m));
}
END_TEST

/* Runs of a private mapping, which are asked about up to its end.  That the
 * length is read as growth stores it is for a thread sanitizer to see. */
static void *
look_on(void *arg)
{
    struct readers *all = arg;
    size_t off = page_size() - 1;
    struct mmapx_run run;

    while (!__atomic_load_n(&all->ends, __ATOMIC_ACQUIRE)) {
        bool ok = mmapx_changed_run(&all->m, off, &run) == 0 && run.off == off
                  && run.len > 0 && run.len < mmapx_room(&all->m);

        ok &= mmapx_resident_run(&all->m, off, &run) == 0 && run.off == off
              && run.len > 0 && run.len < mmapx_room(&all->m);
        if (!ok)
            __atomic_store_n(&all->failed, true, __ATOMIC_RELEASE);
    }
    return NULL;
}

START_TEST(runs_beside_growth)
{
    size_t page = page_size();
    int fd = temp_file(256 * page);
    static struct readers all;
    struct mmapx_run run;
    pthread_t thread;

    need_the_kernel();
    OK(mmapx_map_region(&all.m, fd, 0, page, RW, MAP_PRIVATE));
    OK(mmapx_reserve(&all.m, 256 * page, MAYMOVE));
    if (mmapx_changed_run(&all.m, 0, &run) != 0
        || mmapx_resident_run(&all.m, 0, &run) != 0)
        SKIP("the kernel does not tell what changed, or what is in memory");
    ck_assert_int_eq(pthread_create(&thread, NULL, look_on, &all), 0);
    for (size_t len = page + 1; len < 256 * page; len += page / 2 + 1)
        OK(mmapx_resize(&all.m, fd, len, 0));
    __atomic_store_n(&all.ends, true, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    ck_assert(!__atomic_load_n(&all.failed, __ATOMIC_ACQUIRE));
    OK(mmapx_unmap(&all.m));
}
END_TEST

/* --- A database ----------------------------------------------------------- */

/* The first pages, which nobody changes, again and again. */
static void *
read_head(void *arg)
{
    struct readers *all = arg;
    unsigned seed = (unsigned)(uintptr_t)&seed;

    while (!__atomic_load_n(&all->ends, __ATOMIC_ACQUIRE)) {
        size_t off = (size_t)rand_r(&seed) % (4 * page_size());

        if (((volatile unsigned char *)all->m.addr)[off] != pattern(off))
            __atomic_store_n(&all->failed, true, __ATOMIC_RELEASE);
    }
    return NULL;
}

/* Its header is locked and its data are read at random.  Where a reader is at
 * work it may only grow behind its old end; a writer alone may move it. */
static void
grow_database(struct mmapx *m, int fd, size_t len, bool has_readers)
{
    int flags = BOTH | (has_readers ? 0 : MAYMOVE);
    size_t old = m->len;

    OK(mmapx_resize(m, fd, len, flags));
    /* In a room the new part has no advice. */
    OK(mmapx_advise(m, old, len - old, MMAPX_MADV_RANDOM));
    memset((char *)m->addr + old, 'x', len - old);
    ck_assert_uint_eq(file_size(fd), len);
}

static void
grow_database_often(struct readers *all, int fd, bool has_readers)
{
    size_t page = page_size();
    const char *header = all->m.addr;
    pthread_t threads[READERS];

    for (int i = 0; i < READERS && has_readers; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_head, all), 0);
    for (size_t len = 8 * page; len <= 256 * page; len *= 2) {
        grow_database(&all->m, fd, len, has_readers);
        check_pattern(all->m.addr, 0, 4 * page);
        ck_assert(!has_readers || all->m.addr == header);
    }
    __atomic_store_n(&all->ends, true, __ATOMIC_RELEASE);
    for (int i = 0; i < READERS && has_readers; i++)
        pthread_join(threads[i], NULL);
    ck_assert(!__atomic_load_n(&all->failed, __ATOMIC_ACQUIRE));
}

static void
run_database(bool has_readers)
{
    size_t page = page_size();
    int fd = temp_file(4 * page);
    static struct readers all;
    struct mmapx *m = &all.m;

    all = (struct readers){ .ends = false };
    OK(mmapx_map(m, fd, RW, MAP_SHARED));
    if (has_readers)
        OK(mmapx_reserve(m, 256 * page, MAYMOVE));
    OK(mmapx_advise(m, 0, MMAPX_TO_END, MMAPX_MADV_RANDOM));
    OK(mmapx_lock(m, 0, page, 0));
    grow_database_often(&all, fd, has_readers);
    OK(mmapx_sync(m, 0, MMAPX_TO_END, MS_SYNC));
    OK(mmapx_resize(m, fd, 16 * page, BOTH));
    check_pattern(m->addr, 0, 4 * page);
    ck_assert_uint_eq(file_size(fd), 16 * page);
    OK(mmapx_unmap(m));
}

START_TEST(a_database)
{
    need_the_kernel();
    need_memlock(page_size());
    run_database(true);
    run_database(false);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("reserve");

    ADD_TEST(s, nothing_is_reserved);
    ADD_TEST(s, room_is_rounded_and_counts_from_the_first_byte);
    ADD_TEST(s, room_is_not_to_be_touched_and_nobody_elses);
    ADD_TEST(s, a_shared_file);
    ADD_TEST(s, a_shared_file_without_a_descriptor);
    ADD_TEST(s, a_shared_file_by_a_lesser_descriptor);
    ADD_TEST(s, a_private_file);
    ADD_TEST(s, private_memory);
    ADD_TEST(s, with_the_file);
    ADD_TEST(s, an_offset_inside_a_page);
    ADD_TEST(s, the_room_becomes_larger_where_it_is);
    ADD_TEST(s, or_it_moves_and_has_none);
    ADD_TEST(s, a_move_keeps_the_parts);
    ADD_TEST(s, large_pages_stay_possible);
    ADD_TEST(s, the_new_part_is_like_the_last_page);
    ADD_TEST(s, the_new_part_is_locked_if_that_is);
    ADD_TEST(s, the_new_part_is_locked_in_the_same_way);
    ADD_TEST(s, the_limit_on_locks);
    ADD_TEST(s, the_limit_on_address_space);
#ifdef __linux__
    ADD_TEST(s, room_is_no_memory_that_is_promised);
    ADD_TEST(s, no_more_is_promised_than_there_is);
#endif
    ADD_TEST(s, a_full_disk);
    ADD_TEST(s, bad_arguments);
    ADD_HUGE_TEST(s, huge_pages);
    ADD_HUGE_TEST(s, huge_pages_beyond_the_room);
    ADD_TEST(s, a_child_has_its_own);
    ADD_TEST(s, readers_go_on);
    ADD_TEST(s, runs_beside_growth);
    ADD_TEST(s, a_database);
    return s;
}
