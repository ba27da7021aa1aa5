/* SPDX-License-Identifier: MIT */
/* Growing and shrinking a mapping: its file has check_resize_file.c. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "resizing.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- New bytes are zero --------------------------------------------------- */

/* Two pages, of which the first has another protection than the last: after
 * the first bytes of that all are stored, also those behind the length. */
static struct mmapx
map_marked(size_t len, int prot)
{
    size_t page = page_size();
    struct mmapx m;

    OK(mmapx_map_anon(&m, len, RW, MAP_PRIVATE));
    memset((char *)m.addr + page, 'x', page);
    OK(mmapx_protect(&m, 0, page, prot == RW ? PROT_READ : RW));
    OK(mmapx_protect(&m, page, MMAPX_TO_END, prot));
    return m;
}

static void
check_marked(struct mmapx *m, size_t old, size_t new)
{
    size_t page = page_size();

    OK(mmapx_protect(m, 0, MMAPX_TO_END, RW));
    for (size_t i = page; i < 2 * page; i++)
        ck_assert_int_eq(((char *)m->addr)[i], i < old || i >= new ? 'x' : 0);
    OK(mmapx_unmap(m));
}

/* Where the protection is not known it takes a descriptor to clear memory that
 * may not be stored to: then the call fails. */
START_TEST(zeros_without_descriptors)
{
    static const int prots[] = { RW, PROT_READ, PROT_NONE };
    size_t old = 2 * page_size() - 100;
    size_t new = old + 50;

    need_the_kernel();
    for (int i = 0; i < 6; i++) {
        struct mmapx m = map_marked(old, prots[i / 2]);
        size_t room = i % 2 == 0 ? 0 : 8 * page_size();
        uint64_t before;

        if (room > 0)
            OK(mmapx_reserve(&m, room, MAYMOVE));
        before = limit_descriptors(0);
        if (prots[i / 2] == RW)
            OK(mmapx_resize(&m, -1, new, 0));
        else
            RESIZE_FAILS(EMFILE, &m, -1, new, MAYMOVE);
        limit_descriptors(before);
        if (prots[i / 2] != RW) {
            check_marked(&m, old, old);
            m = map_marked(old, prots[i / 2]);
            OK(mmapx_resize(&m, -1, new, 0));
        }
        check_marked(&m, old, new);
    }
}
END_TEST

/* --- The mapping alone ---------------------------------------------------- */

START_TEST(grow_and_shrink)
{
    size_t page = page_size();
    int fd = temp_file(8 * page);
    size_t lengths[] = { 3 * page, page + 1, 8 * page, 1, 8 * page - 1,
                         2 * page, 7 * page };
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 0, page, PROT_READ, MAP_SHARED));
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        OK(mmapx_resize(&m, -1, lengths[i], MAYMOVE));
        ck_assert_uint_eq(m.len, lengths[i]);
        check_pattern(m.addr, 0, m.len);
    }
    OK(mmapx_unmap(&m));
}
END_TEST

START_TEST(an_unaligned_head)
{
    size_t page = page_size();
    size_t off = page + 100;
    int fd = temp_file(8 * page);
    size_t lengths[] = { 5, page, 0, 4 * page, page - 100, 0, 1,
                         6 * page };
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, (int64_t)off, 0, PROT_READ, MAP_SHARED));
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        OK(mmapx_resize(&m, -1, lengths[i], MAYMOVE));
        ck_assert_uint_eq(m.len, lengths[i]);
        if (m.len == 0)
            ck_assert_uint_eq((uintptr_t)m.addr % page, 0);
        check_pattern(m.addr, off, m.len);
    }
    OK(mmapx_unmap(&m));
}
END_TEST

START_TEST(what_is_cut_is_gone)
{
    size_t page = page_size();
    int fd = temp_file(4 * page);
    struct mmapx m;
    char *p;

    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    p = m.addr;
    OK(mmapx_resize(&m, -1, page + 1, 0));
    ck_assert_ptr_eq(m.addr, p);
    ck_assert(!load_kills(p + 2 * page - 1));
    ck_assert(is_given_back(p + 2 * page, fd));
    ck_assert(is_given_back(p + 4 * page - 1, fd));
    FAILS(EINVAL, mmapx_protect(&m, 0, page + 2, PROT_NONE));
    ck_assert_uint_eq(file_size(fd), 4 * page);
}
END_TEST

START_TEST(follow_the_file)
{
    size_t page = page_size();
    int fd = temp_file(page);
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 10, MMAPX_TO_END, PROT_READ, MAP_SHARED));
    ck_assert_int_eq(ftruncate(fd, (off_t)(5 * page)), 0);
    OK(mmapx_resize(&m, fd, MMAPX_TO_END, MAYMOVE));
    ck_assert_uint_eq(m.len, 5 * page - 10);
    check_pattern(m.addr, 10, page - 10);
    check_zero((char *)m.addr + page - 10, 4 * page);
    ck_assert_int_eq(ftruncate(fd, 17), 0);
    OK(mmapx_resize(&m, fd, MMAPX_TO_END, 0));
    ck_assert_uint_eq(m.len, 7);
    ck_assert_int_eq(ftruncate(fd, 10), 0);
    OK(mmapx_resize(&m, fd, MMAPX_TO_END, 0));
    ck_assert_uint_eq(m.len, 0);
    ck_assert_int_eq(ftruncate(fd, 9), 0);
    RESIZE_FAILS(ENXIO, &m, fd, MMAPX_TO_END, 0);
}
END_TEST

START_TEST(private_pages_come_along)
{
    size_t page = page_size();
    int fd = temp_file(8 * page);
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 0, 2 * page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE));
    memset(m.addr, 'x', page);
    OK(mmapx_resize(&m, -1, 8 * page, MAYMOVE));
    for (size_t i = 0; i < page; i++)
        ck_assert_int_eq(((char *)m.addr)[i], 'x');
    check_pattern((char *)m.addr + page, page, 7 * page);
}
END_TEST

START_TEST(anonymous_memory)
{
    size_t page = page_size();
    struct mmapx m;

    OK(mmapx_map_anon(&m, page, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    memset(m.addr, 'x', m.len);
    OK(mmapx_resize(&m, -1, 100 * page, MAYMOVE));
    ck_assert_int_eq(*(char *)m.addr, 'x');
    check_zero((char *)m.addr + page, 99 * page);
    OK(mmapx_unmap(&m));

    /* The kernel would grow this and leave nothing behind it. */
    OK(mmapx_map_anon(&m, 3 * page, PROT_READ | PROT_WRITE, MAP_SHARED));
    RESIZE_FAILS(ENOTSUP, &m, -1, 4 * page, MAYMOVE);
    OK(mmapx_resize(&m, -1, page + 1, 0));
    OK(mmapx_resize(&m, -1, 2 * page, 0)); /* still inside its pages */
    RESIZE_FAILS(ENOTSUP, &m, -1, 2 * page + 1, MAYMOVE);
    memset(m.addr, 'x', m.len);
}
END_TEST

/* What was stored behind the length, into the last page, is not new. */
START_TEST(anonymous_memory_is_new)
{
    size_t page = page_size();
    int flags[] = { MAP_PRIVATE, MAP_SHARED };

    for (int i = 0; i < 2; i++) {
        struct mmapx m;

        OK(mmapx_map_anon(&m, page, PROT_READ | PROT_WRITE, flags[i]));
        memset(m.addr, 'x', page);
        OK(mmapx_resize(&m, -1, 100, 0));
        OK(mmapx_resize(&m, -1, 200, 0));
        check_zero((char *)m.addr + 100, 100);
        ck_assert_int_eq(((char *)m.addr)[99], 'x');
        OK(mmapx_resize(&m, -1, 0, 0));
        OK(mmapx_protect(&m, 0, 0, PROT_READ));
        OK(mmapx_resize(&m, -1, page, 0));
        check_zero(m.addr, page);
        memset(m.addr, 'x', page);
        OK(mmapx_resize(&m, -1, 10, 0));
        OK(mmapx_protect(&m, 0, MMAPX_TO_END, PROT_NONE));
        OK(mmapx_resize(&m, -1, page, 0));
        OK(mmapx_protect(&m, 0, MMAPX_TO_END, PROT_READ));
        check_zero((char *)m.addr + 10, page - 10);
        OK(mmapx_unmap(&m));
    }
    if (flags[0] == MAP_PRIVATE) {
        struct mmapx m;

        OK(mmapx_map_anon(&m, page, PROT_READ | PROT_WRITE, MAP_PRIVATE));
        memset(m.addr, 'x', page);
        OK(mmapx_resize(&m, -1, 7, 0));
        OK(mmapx_resize(&m, -1, 3 * page, MAYMOVE));
        check_zero((char *)m.addr + 7, 3 * page - 7);
    }
}
END_TEST

START_TEST(no_room)
{
    size_t page = page_size();
    int fd = temp_file(8 * page);
    struct mmapx room, m;

    OK(mmapx_map_anon(&room, 4 * page, PROT_NONE, MAP_PRIVATE));
    OK(mmapx_map_at(&m, room.addr, fd, 0, 2 * page, PROT_READ,
                    MAP_SHARED | MAP_FIXED));
    RESIZE_FAILS(ENOMEM, &m, -1, 3 * page, 0);
    RESIZE_FAILS(ENOMEM, &m, fd, 9 * page, BOTH);
    OK(mmapx_resize(&m, -1, 2 * page - 5, 0));
    OK(mmapx_resize(&m, -1, 3 * page, MAYMOVE));
    check_pattern(m.addr, 0, m.len);
}
END_TEST

/* --- Limits --------------------------------------------------------------- */

START_TEST(the_limit_on_address_space)
{
    int fd = temp_file(page_size());
    struct rlimit limit = { 256 << 20, 256 << 20 };
    struct mmapx m;

    need_native();
    if (under_sanitizer() || under_valgrind())
        SKIP("the instrumentation needs the address space");
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    RESIZE_FAILS(ENOMEM, &m, fd, (size_t)1 << 30, MAYMOVE);
    RESIZE_FAILS(ENOMEM, &m, fd, (size_t)1 << 30, MAYMOVE | BOTH | SPARSE);
    MAP_FAILS(ENOMEM, m, mmapx_map_anon(&m, (size_t)1 << 30, PROT_READ,
                                        MAP_PRIVATE));
}
END_TEST

START_TEST(the_limit_on_data)
{
    struct rlimit limit = { 256 << 20, 256 << 20 };
    struct mmapx m;

    need_the_kernel();
    if (under_sanitizer())
        SKIP("the instrumentation needs memory of its own");
    OK(mmapx_map_anon(&m, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    ck_assert_int_eq(setrlimit(RLIMIT_DATA, &limit), 0);
    RESIZE_FAILS(ENOMEM, &m, -1, (size_t)1 << 30, MAYMOVE);
    MAP_FAILS(ENOMEM, m,
              mmapx_map_anon(&m, (size_t)1 << 30, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE));
}
END_TEST

static long
max_mappings(void)
{
    FILE *f = fopen("/proc/sys/vm/max_map_count", "r");
    long n = 0;

    if (f != NULL) {
        if (fscanf(f, "%ld", &n) != 1)
            n = 0;
        fclose(f);
    }
    return n;
}

START_TEST(the_limit_on_mappings)
{
    size_t page = page_size();
    int fd = temp_file(4 * page);
    struct mmapx m, filler, last;
    long most = max_mappings();
    size_t i = 0;

    need_native();
    if (most == 0 || most > 200000)
        SKIP("vm.max_map_count is not known or too large to use up");
    if (under_valgrind() || under_sanitizer())
        SKIP("the instrumentation cannot do without mappings");
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    OK(mmapx_map_anon(&filler, 2 * (size_t)most * page, PROT_NONE,
                      MAP_PRIVATE | MAP_NORESERVE));
    /* Every second page of another protection is a mapping of its own. */
    while (mmapx_protect(&filler, 2 * i * page, page, PROT_READ) == 0)
        i++;
    ck_assert_int_eq(errno, ENOMEM);
    while (mmapx_map_region(&last, fd, 0, page, PROT_READ,
                            i++ % 2 != 0 ? MAP_SHARED : MAP_PRIVATE)
           == 0)
        continue;
    ck_assert_int_eq(errno, ENOMEM);

    /* Hiding the tail would split the mapping: nothing has been cut. */
    RESIZE_FAILS(ENOMEM, &m, fd, page, BOTH);
    check_pattern(m.addr, 0, m.len);
    FAILS(ENOMEM, mmapx_protect(&m, page, page, PROT_READ));
    FAILS(EAGAIN, mmapx_advise(&m, page, page, MMAPX_MADV_DONTFORK));
    OK(mmapx_unmap(&filler));
    OK(mmapx_resize(&m, fd, page, BOTH));
}
END_TEST

static bool
grows_beyond_its_lock(void *arg)
{
    size_t page = page_size();
    struct mmapx m;

    (void)arg;
    return limit_memlock(page)
           && mmapx_map_anon(&m, page, PROT_READ, MAP_PRIVATE) == 0
           && mmapx_lock(&m, 0, MMAPX_TO_END, 0) == 0
           && mmapx_resize(&m, -1, 2 * page, MAYMOVE) == -1
           && errno == EAGAIN && m.len == page;
}

START_TEST(a_locked_mapping)
{
    need_the_kernel();
    if (under_sanitizer())
        SKIP("the sanitizer makes mlock(2) do nothing");
    need_memlock(page_size());
    ck_assert(in_child_as_nobody(grows_beyond_its_lock, NULL));
}
END_TEST

/* --- Bad input, and what cannot be resized -------------------------------- */

START_TEST(bad_arguments)
{
    size_t page = page_size();
    char path[PATH_MAX];
    int fd = temp_named(path, page);
    int other = temp_file(page);
    int ro = open(path, O_RDONLY);
    struct mmapx m, v, anon, unmapped = MMAPX_INIT;

    unlink(path);
    OK(mmapx_map_region(&m, fd, 10, MMAPX_TO_END, PROT_READ, MAP_SHARED));
    OK(mmapx_view(&v, m.addr, 1));
    OK(mmapx_map_anon(&anon, 1, PROT_READ, MAP_PRIVATE));
    FAILS(EINVAL, mmapx_resize(NULL, fd, 1, 0));
    FAILS(EINVAL, mmapx_resize(&unmapped, fd, 1, 0));
    RESIZE_FAILS(EINVAL, &v, fd, 1, 0);
    RESIZE_FAILS(EINVAL, &m, fd, 1, 16);
    RESIZE_FAILS(EINVAL, &m, fd, 1, -1);
    RESIZE_FAILS(EINVAL, &m, fd, 1, SPARSE);
    RESIZE_FAILS(EINVAL, &m, fd, 1, MMAPX_RESIZE_CUT);
    RESIZE_FAILS(EBADF, &m, -1, 1, BOTH);
    RESIZE_FAILS(EBADF, &m, -1, MMAPX_TO_END, 0);
    RESIZE_FAILS(EBADF, &m, ro, 2 * page, BOTH | MAYMOVE);
    RESIZE_FAILS(EBADF, &m, ro, 2 * page, BOTH | SPARSE | MAYMOVE);
    RESIZE_FAILS(EBADF, &m, ro, 1, BOTH);
    OK(mmapx_resize(&m, ro, m.len, BOTH)); /* nothing to be written */
    RESIZE_FAILS(EINVAL, &m, other, 2 * page, BOTH | MAYMOVE);
    RESIZE_FAILS(EINVAL, &m, other, MMAPX_TO_END, MAYMOVE);
    RESIZE_FAILS(EINVAL, &anon, fd, 1, BOTH);
    RESIZE_FAILS(EINVAL, &anon, fd, MMAPX_TO_END, 0);
    RESIZE_FAILS(EOVERFLOW, &m, fd, (size_t)PTRDIFF_MAX + 1, 0);
    RESIZE_FAILS(EOVERFLOW, &m, fd, SIZE_MAX - 1, BOTH);
    if (sizeof(size_t) == 8)
        RESIZE_FAILS(EOVERFLOW, &m, fd, PTRDIFF_MAX, 0);
    check_pattern(m.addr, 10, m.len);
}
END_TEST

START_TEST(a_character_device)
{
    int fd = open("/dev/zero", O_RDWR);
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 0, 10, PROT_READ, MAP_PRIVATE));
    FAILS(ENODEV, mmapx_resize(&m, fd, MMAPX_TO_END, MAYMOVE));
    FAILS(EINVAL, mmapx_resize(&m, fd, 100, BOTH | MAYMOVE));
    OK(mmapx_resize(&m, fd, 4 * page_size(), MAYMOVE));
    check_zero(m.addr, m.len);
    /* The kernel would grow it, but not the memory behind it. */
    OK(mmapx_map_region(&m, fd, 0, 10, PROT_READ, MAP_SHARED));
    RESIZE_FAILS(ENOTSUP, &m, fd, 4 * page_size(), MAYMOVE);
    OK(mmapx_resize(&m, fd, page_size(), 0));
}
END_TEST

/* What a driver has made grows in no way, in place or elsewhere. */
START_TEST(memory_of_a_driver)
{
    struct mmapx m;

    need_the_kernel();
    map_driver_page(&m);
    RESIZE_FAILS(ENOTSUP, &m, -1, 2 * page_size(), 0);
    RESIZE_FAILS(ENOTSUP, &m, -1, 2 * page_size(), MAYMOVE);
}
END_TEST

START_TEST(a_block_device)
{
    size_t size = 64 * 512;
    int fd = loop_device(temp_file(size));
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 0, 100, PROT_READ, MAP_SHARED));
    OK(mmapx_resize(&m, fd, MMAPX_TO_END, MAYMOVE));
    ck_assert_uint_eq(m.len, size);
    check_pattern(m.addr, 0, size);
    FAILS(EINVAL, mmapx_resize(&m, fd, 512, BOTH));
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
    ck_assert_uint_eq(file_size(fd), huge);
    ck_assert_int_eq(mmapx_can_fault(&m, fd), 1); /* the pool can run out */
    RESIZE_FAILS(EINVAL, &m, fd, huge + 1, BOTH | SPARSE | MAYMOVE);
    *(char *)m.addr = 'x';
    OK(mmapx_resize(&m, fd, 3 * huge, BOTH | MAYMOVE));
    ck_assert_int_eq(*(char *)m.addr, 'x');
    ((char *)m.addr)[3 * huge - 1] = 'y';
    RESIZE_FAILS(ENOTSUP, &m, -1, 4 * huge, MAYMOVE);
    OK(mmapx_resize(&m, -1, huge, 0));
    OK(mmapx_resize(&m, fd, MMAPX_TO_END, MAYMOVE));
    ck_assert_int_eq(((char *)m.addr)[3 * huge - 1], 'y');
    OK(mmapx_unmap(&m));
    close(fd);
}
END_TEST

/* A descriptor that is not needed is not looked at. */
START_TEST(a_descriptor_that_is_not_needed)
{
    size_t page = page_size();
    int fd = temp_file(4 * page);
    int other = temp_file(1);
    struct mmapx m;

    need_the_kernel();
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    FAILS(EINVAL, mmapx_resize(&m, other, page, MMAPX_RESIZE_FILE));
    FAILS(EINVAL, mmapx_resize(&m, other, MMAPX_TO_END, 0));
    OK(mmapx_resize(&m, other, page, 0));
    OK(mmapx_resize(&m, other, 4 * page, MMAPX_RESIZE_MAYMOVE));
    check_pattern(m.addr, 0, m.len);
    OK(mmapx_unmap(&m));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("resize");

    ADD_TEST(s, zeros_without_descriptors);
    ADD_TEST(s, grow_and_shrink);
    ADD_TEST(s, an_unaligned_head);
    ADD_TEST(s, what_is_cut_is_gone);
    ADD_TEST(s, follow_the_file);
    ADD_TEST(s, private_pages_come_along);
    ADD_TEST(s, anonymous_memory);
    ADD_TEST(s, anonymous_memory_is_new);
    ADD_TEST(s, no_room);
    ADD_TEST(s, the_limit_on_address_space);
    ADD_TEST(s, the_limit_on_data);
    ADD_TEST(s, the_limit_on_mappings);
    ADD_TEST(s, a_locked_mapping);
    ADD_TEST(s, bad_arguments);
    ADD_TEST(s, a_character_device);
    ADD_TEST(s, memory_of_a_driver);
    ADD_TEST(s, a_block_device);
    ADD_TEST(s, a_descriptor_that_is_not_needed);
    ADD_HUGE_TEST(s, huge_pages);
    return s;
}
