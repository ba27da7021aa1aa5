/* SPDX-License-Identifier: MIT */
/* Growing a mapping some pages of which mmapx_guard_zeros() has replaced. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "faults.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    RW = PROT_READ | PROT_WRITE,
    PAGES = 8, /* of the mapping */
    CUT = 4,   /* that the file keeps, the others are replaced */
    GROWN = 20,
    AREA = 32, /* and of the place that it is in */
};

enum how { IN_PLACE, MOVED, IN_ROOM, BEHIND_ROOM, HOWS };

struct scene {
    enum how how;
    bool is_private;
    bool with_file; /* grows */
    bool has_stores;
    bool is_mixed;
    int fd;
    size_t page;
    struct mmapx area;
    struct mmapx m;
};

static int
read_all(void *arg)
{
    const struct mmapx *m = arg;
    int sum = 0;

    for (size_t i = 0; i < m->len; i += page_size())
        sum += ((volatile unsigned char *)m->addr)[i];
    return sum < 0;
}

/* Cut the file, have the pages behind its end replaced, and make it as long as
 * before. */
static void
replace_end(struct mmapx *m, int fd)
{
    size_t page = page_size();
    size_t faults;

    need_to_go_on();
    ck_assert_int_eq(ftruncate(fd, (off_t)(CUT * page)), 0);
    ck_assert_int_eq(mmapx_guard_zeros(m, read_all, m, &faults), 0);
    ck_assert_uint_eq(faults, PAGES - CUT);
    ck_assert_int_eq(ftruncate(fd, (off_t)(PAGES * page)), 0);
}

/* Free what is behind the mapping, and reserve some of it. */
static void
make_room(struct scene *s)
{
    size_t n = s->how == BEHIND_ROOM ? 1 : AREA - PAGES;

    if (s->how == MOVED)
        return;
    ck_assert_int_eq(munmap((char *)s->area.addr + PAGES * s->page,
                            n * s->page),
                     0);
    if (s->how != IN_PLACE)
        OK(mmapx_reserve(&s->m, (PAGES + n) * s->page, 0));
}

static void
set_scene(struct scene *s)
{
    char *p;

    need_fault_addresses();
    s->page = page_size();
    s->fd = temp_file(PAGES * s->page);
    OK(mmapx_map_anon(&s->area, AREA * s->page, PROT_NONE, MAP_PRIVATE));
    OK(mmapx_map_at(&s->m, s->area.addr, s->fd, 0, PAGES * s->page, RW,
                    MAP_FIXED | (s->is_private ? MAP_PRIVATE : MAP_SHARED)));
    p = s->m.addr;
    replace_end(&s->m, s->fd);
    p[5 * s->page] = 'r';
    if (s->has_stores)
        p[s->page] = 'w';
    if (s->is_mixed)
        OK(mmapx_protect(&s->m, 2 * s->page, s->page, PROT_READ));
    make_room(s);
}

static off_t
size_of(int fd)
{
    struct stat st;

    ck_assert_int_eq(fstat(fd, &st), 0);
    return st.st_size;
}

/* What the mapping had is there, and the new part is the file's. */
static void
check_grown(const struct scene *s)
{
    size_t page = s->page;
    char *p = s->m.addr;
    char c;

    ck_assert_uint_eq(s->m.len, GROWN * page);
    ck_assert_int_eq((unsigned char)p[0], pattern(0));
    ck_assert_int_eq((unsigned char)p[page],
                     s->has_stores ? 'w' : pattern(page));
    ck_assert_int_eq(p[5 * page], 'r');
    ck_assert_int_eq(p[7 * page], 0);
    ck_assert_int_eq(pread(s->fd, &c, 1, (off_t)(5 * page)), 1);
    ck_assert_int_eq(c, 0);

    ck_assert_int_eq(size_of(s->fd), (off_t)(GROWN * page));
    for (size_t i = PAGES * page; i < GROWN * page; i++)
        ck_assert_int_eq(p[i], 0);
    ck_assert_int_eq(pwrite(s->fd, "f", 1, (off_t)(18 * page)), 1);
    ck_assert_int_eq(p[18 * page], 'f');
    p[19 * page] = 's';
    ck_assert_int_eq(pread(s->fd, &c, 1, (off_t)(19 * page)), 1);
    ck_assert_int_eq(c, s->is_private ? 0 : 's');
}

static void
run_scene(struct scene *s)
{
    size_t new = GROWN * page_size();
    bool moves = s->how == MOVED || s->how == BEHIND_ROOM;
    int flags = (moves ? MMAPX_RESIZE_MAYMOVE : 0)
                | (s->with_file ? MMAPX_RESIZE_FILE : 0);
    struct mmapx before;

    set_scene(s);
    before = s->m;
    if (!s->with_file) {
        FAILS(ENOTSUP, mmapx_resize(&s->m, -1, new, MMAPX_RESIZE_MAYMOVE));
        ck_assert_int_eq(ftruncate(s->fd, (off_t)new), 0);
    }
    if (moves)
        FAILS(ENOMEM, mmapx_resize(&s->m, s->fd, new,
                                   flags & ~MMAPX_RESIZE_MAYMOVE));
    FAILS(EINVAL, mmapx_resize(&s->m, temp_file(1), new, flags));
    ck_assert_mem_eq(&s->m, &before, sizeof before);
    ck_assert_int_eq(((char *)s->m.addr)[5 * s->page], 'r');
    OK(mmapx_resize(&s->m, s->fd, new, flags));
    ck_assert((s->m.addr != before.addr) == moves);
    check_grown(s);
    OK(mmapx_unmap(&s->m));
    close(s->fd);
}

START_TEST(growing_by_a_descriptor)
{
    need_native();
    for (int i = 0; i < HOWS * 16; i++) {
        struct scene s = {
            .how = (enum how)(i / 16),
            .is_private = (i & 1) != 0,
            .with_file = (i & 2) != 0,
            .has_stores = (i & 4) != 0,
            .is_mixed = (i & 8) != 0,
        };

        run_scene(&s);
    }
}
END_TEST

/* A reader may not write the file, and need not. */
START_TEST(growing_by_a_descriptor_that_only_reads)
{
    size_t page = page_size();
    char path[4096];
    int fd = temp_named(path, PAGES * page);
    int ro = open(path, O_RDONLY);
    struct mmapx m;

    need_native();
    need_fault_addresses();
    unlink(path);
    for (int i = 0; i < 4; i++) {
        OK(mmapx_map_region(&m, ro, 0, PAGES * page, PROT_READ,
                            i % 2 == 0 ? MAP_SHARED : MAP_PRIVATE));
        replace_end(&m, fd);
        if (i / 2 == 0)
            OK(mmapx_reserve(&m, AREA * page, MMAPX_RESIZE_MAYMOVE));
        ck_assert_int_eq(ftruncate(fd, (off_t)(GROWN * page)), 0);
        OK(mmapx_resize(&m, ro, GROWN * page, MMAPX_RESIZE_MAYMOVE));
        ck_assert_int_eq(pwrite(fd, "f", 1, (off_t)(19 * page)), 1);
        ck_assert_int_eq(((char *)m.addr)[19 * page], 'f');
        OK(mmapx_unmap(&m));
    }
}
END_TEST

/* The new part is locked if the last page is. */
START_TEST(the_new_part_is_locked_if_that_is)
{
    need_the_kernel();
    need_memlock(2 * GROWN * page_size());
    if (under_sanitizer())
        SKIP("the sanitizer makes mlock(2) do nothing");
    for (int how = 0; how < HOWS; how++) {
        struct scene s = { .how = (enum how)how, .with_file = true };
        size_t before, after;

        set_scene(&s);
        OK(mmapx_lock(&s.m, 0, MMAPX_TO_END, 0));
        OK(mmapx_lock_limit(NULL, &before));
        OK(mmapx_resize(&s.m, s.fd, GROWN * s.page,
                        MMAPX_RESIZE_FILE | MMAPX_RESIZE_MAYMOVE));
        OK(mmapx_lock_limit(NULL, &after));
        ck_assert_uint_eq(after, before + (GROWN - PAGES) * s.page);
        check_grown(&s);
        OK(mmapx_unmap(&s.m));
        close(s.fd);
    }
}
END_TEST

/* What was replaced has been cut off again, or is in another handle. */
START_TEST(nothing_is_replaced_any_more)
{
    size_t page = page_size();
    int fd = temp_file(PAGES * page);
    struct mmapx m, rest;

    need_native();
    need_fault_addresses();
    for (int i = 0; i < 4; i++) {
        OK(mmapx_map(&m, fd, RW, MAP_SHARED));
        if (i / 2 == 1)
            OK(mmapx_reserve(&m, AREA * page, MMAPX_RESIZE_MAYMOVE));
        replace_end(&m, fd);
        if (i % 2 == 0)
            OK(mmapx_resize(&m, -1, CUT * page, 0));
        else
            OK(mmapx_split(&m, CUT * page, &rest));
        OK(mmapx_resize(&m, -1, PAGES * page, MMAPX_RESIZE_MAYMOVE));
        ((char *)m.addr)[PAGES * page - 1] = 'x';
        ck_assert_int_eq(pread(fd, m.addr, 1, (off_t)(PAGES * page - 1)), 1);
        ck_assert_int_eq(*(char *)m.addr, 'x');
        OK(mmapx_unmap(&m));
        if (i % 2 == 1) {
            FAILS(ENOTSUP, mmapx_resize(&rest, -1, PAGES * page,
                                        MMAPX_RESIZE_MAYMOVE));
            OK(mmapx_unmap(&rest));
        }
    }
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("resize_replaced");

    ADD_TEST(s, growing_by_a_descriptor);
    ADD_TEST(s, growing_by_a_descriptor_that_only_reads);
    ADD_TEST(s, the_new_part_is_locked_if_that_is);
    ADD_TEST(s, nothing_is_replaced_any_more);
    return s;
}
