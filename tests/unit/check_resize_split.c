/* SPDX-License-Identifier: MIT */
/* Growing what protection, advice and locks have split. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    RW = PROT_READ | PROT_WRITE,
    PAGES = 4,  /* of the mapping */
    GROWN = 7,
    AREA = 16,  /* and of the place that it is in */
    LOCK = -1,  /* instead of an advice */
    PROTECT = -2,
};

/* What the kernel calls it in /proc/self/smaps, or its letters there. */
static const struct attribute {
    int advice;
    const char *flag;
} attributes[] = {
    { MMAPX_MADV_RANDOM, " rr" },    { MMAPX_MADV_DONTDUMP, " dd" },
    { MMAPX_MADV_DONTFORK, " dc" },  { MMAPX_MADV_HUGEPAGE, " hg" },
    { MMAPX_MADV_NOHUGEPAGE, " nh" }, { LOCK, " lo" },
    { PROTECT, NULL },
};

enum how { IN_PLACE, MOVED, IN_ROOM };

/* Whether the page at addr has the attribute, by the kernel's own list. */
static bool
has(const char *addr, const struct attribute *attribute)
{
    FILE *f = fopen("/proc/self/smaps", "r");
    unsigned long begin = 0, end = 0;
    char line[512], letters[8] = "";
    bool found = false;

    ck_assert_ptr_nonnull(f);
    while (!found && fgets(line, sizeof line, f) != NULL) {
        sscanf(line, "%lx-%lx %7s", &begin, &end, letters);
        if ((unsigned long)addr < begin || (unsigned long)addr >= end)
            continue;
        if (attribute->flag == NULL)
            found = letters[1] == '-';
        else if (strncmp(line, "VmFlags:", 8) == 0)
            found = strstr(line, attribute->flag) != NULL;
        if (strncmp(line, "VmFlags:", 8) == 0)
            break;
    }
    fclose(f);
    return found;
}

static bool
set(struct mmapx *m, size_t off, size_t len, const struct attribute *attribute)
{
    if (attribute->advice == LOCK)
        return mmapx_lock(m, off, len, 0) == 0;
    if (attribute->advice == PROTECT)
        return mmapx_protect(m, off, len, PROT_READ) == 0;
    return mmapx_advise(m, off, len, (enum mmapx_advice)attribute->advice) == 0;
}

struct scene {
    const struct attribute *attribute;
    enum how how;
    size_t first; /* page that has it */
    size_t last;
    bool is_private;
    bool has_file;
    bool with_file; /* grows */
    int fd;
    struct mmapx area;
    struct mmapx m;
};

/* The page from which on the area stays the scene's own. */
static size_t
kept_from(const struct scene *s)
{
    return s->how == MOVED ? PAGES : s->how == IN_PLACE ? GROWN : AREA;
}

/* A mapping at the beginning of a place that is free behind it, or not.  What
 * is given up there may be taken by the C library. */
static void
map_scene(struct scene *s)
{
    size_t page = page_size();
    size_t freed = (kept_from(s) - PAGES) * page;
    int flags = MAP_FIXED | (s->is_private ? MAP_PRIVATE : MAP_SHARED)
                | (s->has_file ? 0 : MAP_ANONYMOUS);

    s->fd = s->has_file ? temp_file((s->with_file ? PAGES : GROWN) * page) : -1;
    OK(mmapx_map_anon(&s->area, AREA * page, PROT_NONE, MAP_PRIVATE));
    OK(mmapx_map_at(&s->m, s->area.addr, s->fd, 0, PAGES * page, RW, flags));
    if (s->is_private)
        for (size_t i = 0; i < PAGES * page; i++)
            ((unsigned char *)s->m.addr)[i] = pattern(i);
    if (freed > 0)
        ck_assert_int_eq(munmap((char *)s->area.addr + PAGES * page, freed), 0);
    if (s->how == IN_ROOM)
        OK(mmapx_reserve(&s->m, AREA * page, 0));
}

/* What each page has: the attribute where it was set, and the new ones what the
 * old last page has, except for advice in a room. */
static void
check_scene(const struct scene *s, const char *name)
{
    bool inherits = s->how != IN_ROOM || s->attribute->advice < 0;
    const char *p = s->m.addr;

    for (size_t i = 0; i < GROWN; i++) {
        bool set = i >= s->first && i <= s->last;

        if (i >= PAGES)
            set = s->last == PAGES - 1;
        if (i >= PAGES && !inherits)
            continue;
        ck_assert_msg(has(p + i * page_size(), s->attribute) == set,
                      "%s: page %zu", name, i);
    }
}

static void
check_bytes(const struct scene *s)
{
    size_t page = page_size();
    const char *p = s->m.addr;

    check_pattern(p, 0, PAGES * page);
    if (s->has_file && !s->with_file) {
        check_pattern(p + PAGES * page, PAGES * page, (GROWN - PAGES) * page);
        return;
    }
    for (size_t i = PAGES * page; i < GROWN * page; i++)
        ck_assert_int_eq(p[i], 0);
}

static void
run_scene(struct scene *s)
{
    int flags = (s->how == MOVED ? MMAPX_RESIZE_MAYMOVE : 0)
                | (s->with_file ? MMAPX_RESIZE_FILE : 0);
    size_t page = page_size();
    char name[128];

    snprintf(name, sizeof name, "%s on %zu to %zu, how %d, %s%s%s",
             s->attribute->flag == NULL ? "protection" : s->attribute->flag,
             s->first, s->last, (int)s->how,
             s->is_private ? "private" : "shared", s->has_file ? " file" : "",
             s->with_file ? " too" : "");
    map_scene(s);
    if (set(&s->m, s->first * page, (s->last - s->first + 1) * page,
            s->attribute)) {
        ck_assert_msg(mmapx_resize(&s->m, s->fd, GROWN * page, flags) == 0,
                      "%s: errno %d", name, errno);
        ck_assert_uint_eq(s->m.len, GROWN * page);
        ck_assert((s->m.addr == s->area.addr) == (s->how != MOVED));
        check_scene(s, name);
        check_bytes(s);
    }
    OK(mmapx_unmap(&s->m));
    if (kept_from(s) < AREA)
        munmap((char *)s->area.addr + kept_from(s) * page,
               (AREA - kept_from(s)) * page);
    if (s->fd >= 0)
        close(s->fd);
}

/* One attribute: on the first page, the two in the middle, the last one. */
static void
run_scenes(const struct attribute *attribute)
{
    static const size_t parts[][2] = { { 0, 0 }, { 1, 2 }, { 3, 3 } };

    for (int kind = 0; kind < 5; kind++)
        for (int how = IN_PLACE; how <= IN_ROOM; how++)
            for (size_t i = 0; i < 3; i++)
                run_scene(&(struct scene){
                    .attribute = attribute,
                    .how = (enum how)how,
                    .first = parts[i][0],
                    .last = parts[i][1],
                    .is_private = kind >= 2,
                    .has_file = kind < 4,
                    .with_file = kind % 2 != 0,
                });
}

/* Check marks the number of a test as unused, also where it is used. */
#if defined __clang__
#pragma clang diagnostic ignored "-Wused-but-marked-unused"
#endif

static void
need_locks(size_t pages)
{
    need_the_kernel();
    if (under_sanitizer())
        SKIP("the sanitizer makes mlock(2) do nothing");
    need_memlock(pages * page_size());
}

START_TEST(each_attribute)
{
    need_locks(GROWN);
    run_scenes(&attributes[_i]);
}
END_TEST

static void
check_locked(const struct mmapx *m)
{
    static const struct attribute locked = { 0, " lo" },
                                  on_fault = { 0, " lf" };

    for (size_t at = 0; at < m->len; at += page_size()) {
        ck_assert(has((char *)m->addr + at, &locked));
        ck_assert(!has((char *)m->addr + at, &on_fault));
    }
}

/* Not one that is locked on fault, where the file is shorter than the mapping:
 * the third page is in the file, or none of the new ones. */
START_TEST(a_lock_past_the_end_of_the_file)
{
    size_t page = page_size();

    if (geteuid() != 0)
        SKIP("the test's file has no name, and only root finds its end");
    need_locks(8);
    for (size_t in_file = 2; in_file <= 3; in_file++) {
        struct mmapx m;
        int fd = temp_file(in_file * page);

        OK(mmapx_map_region(&m, fd, 0, 2 * page, RW, MAP_SHARED));
        OK(mmapx_lock(&m, 0, MMAPX_TO_END, 0));
        OK(mmapx_resize(&m, fd, 6 * page, MMAPX_RESIZE_MAYMOVE));
        ck_assert_uint_eq(m.len, 6 * page);
        check_locked(&m);
        check_pattern(m.addr, 0, in_file * page);
        OK(mmapx_unmap(&m));
    }
}
END_TEST

/* A file that cannot grow gives the lock back as it was. */
START_TEST(a_lock_and_a_file_that_cannot_grow)
{
    size_t page = page_size();
    int fd = temp_file(2 * page);
    struct mmapx m;

    need_locks(8);
    OK(mmapx_map(&m, fd, RW, MAP_SHARED));
    OK(mmapx_lock(&m, 0, MMAPX_TO_END, 0));
    if (!limit_files(3 * page))
        SKIP("the size of files cannot be limited");
    signal(SIGXFSZ, SIG_IGN);
    FAILS(EFBIG, mmapx_resize(&m, fd, 6 * page,
                              MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE));
    limit_files(SIZE_MAX);
    ck_assert_uint_eq(m.len, 2 * page);
    check_locked(&m);
}
END_TEST

/* Such mappings were refused once, and so were their files. */
START_TEST(parts_are_cut_too)
{
    size_t page = page_size();
    int fd = temp_file(8 * page);
    struct mmapx m;

    OK(mmapx_map(&m, fd, RW, MAP_SHARED));
    OK(mmapx_protect(&m, page, page, PROT_READ));
    OK(mmapx_resize(&m, fd, 3 * page, MMAPX_RESIZE_FILE));
    ck_assert_int_eq(lseek(fd, 0, SEEK_END), (off_t)(3 * page));
    check_pattern(m.addr, 0, m.len);
}
END_TEST

/* Mappings of a page each, that the kernel cannot join, until there are no
 * more: how many. */
static size_t
use_all_mappings(void *pages[], size_t most)
{
    size_t n = 0;

    for (; n < most; n++) {
        pages[n] = mmap(NULL, page_size(), n % 2 == 0 ? PROT_READ : PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (pages[n] == MAP_FAILED)
            break;
    }
    return n;
}

/* Memory of which each page has a protection and bytes of its own, with
 * something else behind it. */
static void
map_parts(struct mmapx *m, size_t parts)
{
    size_t page = page_size();
    struct mmapx area;

    OK(mmapx_map_anon(&area, (parts + 1) * page, PROT_NONE, MAP_PRIVATE));
    OK(mmapx_map_at(m, area.addr, -1, 0, parts * page, RW,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED));
    for (size_t i = 0; i < parts; i++)
        memset((char *)m->addr + i * page, (int)i + 1, page);
    for (size_t i = 0; i < parts; i += 2)
        OK(mmapx_protect(m, i * page, page, PROT_READ));
}

/* Whether it moves, to grow or for room. */
static bool
moves(struct mmapx *m, size_t len, bool grows)
{
    struct mmapx before = *m;

    errno = 0;
    if ((grows ? mmapx_resize(m, -1, len, MMAPX_RESIZE_MAYMOVE)
               : mmapx_reserve(m, len, MMAPX_RESIZE_MAYMOVE))
        == 0)
        return true;
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_mem_eq(m, &before, sizeof before);
    return false;
}

/* Each part that moves takes one mapping more.  Where there are no more all of
 * them go back. */
START_TEST(a_move_that_ends_at_the_limit_on_mappings)
{
    enum { PARTS = 60, MOST = 200000 };
    static void *pages[MOST];
    size_t page = page_size();
    bool is_done = false;
    struct mmapx m;
    size_t n;

    need_the_kernel();
    if (under_sanitizer() || under_valgrind())
        SKIP("the instrumentation cannot do without mappings");
    map_parts(&m, PARTS);
    n = use_all_mappings(pages, MOST);
    if (n == MOST)
        SKIP("there is no limit on mappings, or a high one");
    for (int turn = 0; !is_done; turn++) {
        munmap(pages[--n], page);
        is_done = moves(&m, (PARTS + 5) * page, turn % 2 == 0);
        for (size_t i = 0; i < PARTS; i++)
            ck_assert_uint_eq(((unsigned char *)m.addr)[i * page], i + 1);
    }
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("resize_split");
    TCase *tcase = tcase_create("each_attribute");

    tcase_add_loop_test(tcase, each_attribute, 0,
                        sizeof attributes / sizeof attributes[0]);
    tcase_set_timeout(tcase, 300);
    suite_add_tcase(s, tcase);
    ADD_TEST(s, a_lock_past_the_end_of_the_file);
    ADD_TEST(s, a_lock_and_a_file_that_cannot_grow);
    ADD_TEST(s, parts_are_cut_too);
    ADD_TEST(s, a_move_that_ends_at_the_limit_on_mappings);
    return s;
}
