/* SPDX-License-Identifier: MIT */
/* Advice, and what it must not touch. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static const enum mmapx_advice all[] = {
    MMAPX_MADV_NORMAL,        MMAPX_MADV_RANDOM,
    MMAPX_MADV_SEQUENTIAL,    MMAPX_MADV_WILLNEED,
    MMAPX_MADV_DONTNEED,      MMAPX_MADV_FREE,
    MMAPX_MADV_REMOVE,        MMAPX_MADV_DONTFORK,
    MMAPX_MADV_DOFORK,        MMAPX_MADV_MERGEABLE,
    MMAPX_MADV_UNMERGEABLE,   MMAPX_MADV_HUGEPAGE,
    MMAPX_MADV_NOHUGEPAGE,    MMAPX_MADV_DONTDUMP,
    MMAPX_MADV_DODUMP,        MMAPX_MADV_WIPEONFORK,
    MMAPX_MADV_KEEPONFORK,    MMAPX_MADV_COLD,
    MMAPX_MADV_PAGEOUT,       MMAPX_MADV_POPULATE_READ,
    MMAPX_MADV_POPULATE_WRITE, MMAPX_MADV_DONTNEED_LOCKED,
    MMAPX_MADV_COLLAPSE,      MMAPX_MADV_GUARD_INSTALL,
    MMAPX_MADV_GUARD_REMOVE,
};
enum { ADVICES = sizeof all / sizeof all[0] };

static void
need(enum mmapx_advice advice)
{
    if (!mmapx_advice_supported(advice))
        SKIP("the kernel does not know this advice");
}

/* pages pages of private anonymous memory, every byte 'x'. */
static struct mmapx
filled(size_t pages)
{
    struct mmapx m;

    OK(mmapx_map_anon(&m, pages * page_size(), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE));
    memset(m.addr, 'x', m.len);
    return m;
}

/* Assert that exactly bytes begin to end of the mapping are zero and the rest
 * are 'x'. */
static void
check_zeroed(const struct mmapx *m, size_t begin, size_t end)
{
    const unsigned char *byte = m->addr;

    for (size_t i = 0; i < m->len; i++)
        if (byte[i] != (i >= begin && i < end ? 0 : 'x'))
            ck_abort_msg("byte %zu is %u", i, byte[i]);
}

/* --- What is known -------------------------------------------------------- */

START_TEST(unknown_numbers)
{
    static const int numbers[] = { -1, 5, 6, 7, 26, 27, 99, 100, 101, 104,
                                   INT_MAX, INT_MIN };
    struct mmapx m = filled(1);
    struct mmapx empty;

    OK(mmapx_map_anon(&empty, 0, PROT_READ, MAP_PRIVATE));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        enum mmapx_advice advice = (enum mmapx_advice)numbers[i];

        FAILS(EINVAL, mmapx_advise(&m, 0, MMAPX_TO_END, advice));
        FAILS(EINVAL, mmapx_advise(&m, 0, 0, advice));
        FAILS(EINVAL, mmapx_advise(&empty, 0, 0, advice));
        ck_assert_int_eq(mmapx_advice_supported(advice), 0);
    }
    check_zeroed(&m, 0, 0);
}
END_TEST

START_TEST(what_is_supported)
{
    struct mmapx m = filled(1);

    for (int i = MMAPX_MADV_NORMAL; i <= MMAPX_MADV_DONTNEED; i++)
        ck_assert_int_eq(mmapx_advice_supported((enum mmapx_advice)i), 1);
    for (size_t i = 0; i < ADVICES; i++) {
        int supported = mmapx_advice_supported(all[i]);

        ck_assert(supported == 0 || supported == 1);
        if (supported == 0)
            FAILS(ENOTSUP, mmapx_advise(&m, 0, MMAPX_TO_END, all[i]));
    }
}
END_TEST

START_TEST(bad_ranges)
{
    struct mmapx m = filled(1);

    for (size_t i = 0; i < ADVICES; i++) {
        FAILS(EINVAL, mmapx_advise(&m, 0, m.len + 1, all[i]));
        FAILS(EINVAL, mmapx_advise(&m, SIZE_MAX, 2, all[i]));
        FAILS(EINVAL, mmapx_advise(&m, 1, SIZE_MAX - 1, all[i]));
    }
    check_zeroed(&m, 0, 0);
}
END_TEST

/* --- Hints ---------------------------------------------------------------- */

START_TEST(hints_take_any_range)
{
    static const enum mmapx_advice hints[] = {
        MMAPX_MADV_NORMAL,   MMAPX_MADV_RANDOM, MMAPX_MADV_SEQUENTIAL,
        MMAPX_MADV_WILLNEED, MMAPX_MADV_COLD,   MMAPX_MADV_PAGEOUT,
        MMAPX_MADV_POPULATE_READ, MMAPX_MADV_DONTNEED,
    };
    size_t page = page_size();
    int fd = temp_file(3 * page);
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 7, MMAPX_TO_END, PROT_READ, MAP_SHARED));
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        if (!mmapx_advice_supported(hints[i]))
            continue;
        OK(mmapx_advise(&m, page / 2, 3, hints[i]));
        OK(mmapx_advise(&m, page - 9, 4, hints[i]));
        OK(mmapx_advise(&m, 0, MMAPX_TO_END, hints[i]));
    }
    check_pattern(m.addr, 7, m.len);
}
END_TEST

/* DONTNEED is a hint where nothing can be lost: outward, also on 3 bytes. */
START_TEST(dontneed_on_a_shared_mapping)
{
    int fd = temp_file(3 * page_size());
    struct mmapx m;

    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    memset(m.addr, 'x', m.len);
    OK(mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_DONTNEED));
    check_zeroed(&m, 0, 0);
}
END_TEST

START_TEST(population)
{
    size_t page = page_size();
    int fd = temp_file(2 * page);
    struct mmapx m;

    need_native();
    need(MMAPX_MADV_POPULATE_READ);
    OK(mmapx_map_region(&m, fd, 0, 4 * page, PROT_READ, MAP_SHARED));
    OK(mmapx_advise(&m, page, 3, MMAPX_MADV_POPULATE_READ));
    FAILS(EFAULT, mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_POPULATE_READ));
    FAILS(EFAULT, mmapx_advise(&m, 2 * page + 5, 3, MMAPX_MADV_POPULATE_READ));
    /* No protection to populate by. */
    FAILS(EINVAL, mmapx_advise(&m, 0, 3, MMAPX_MADV_POPULATE_WRITE));
}
END_TEST

/* --- Loss, and where it ends ---------------------------------------------- */

static void
check_loss(enum mmapx_advice advice)
{
    size_t page = page_size();
    struct {
        size_t off, len;       /* the range */
        size_t begin, end;     /* the bytes it may take */
    } cases[] = {
        { page + 1, 3, 0, 0 },
        { page - 1, 2, 0, 0 },
        { page + 1, 2 * page, 2 * page, 3 * page },
        { page, page, page, 2 * page },
        { page - 1, page + 1, page, 2 * page },
        { page, 2 * page - 1, page, 2 * page },
        { 1, 4 * page - 2, page, 3 * page },
        { 0, 4 * page, 0, 4 * page },
    };

    need(advice);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mmapx m = filled(4);

        OK(mmapx_advise(&m, cases[i].off, cases[i].len, advice));
        check_zeroed(&m, cases[i].begin, cases[i].end);
        OK(mmapx_unmap(&m));
    }
}

START_TEST(dontneed_stays_inside)
{
    check_loss(MMAPX_MADV_DONTNEED);
}
END_TEST

START_TEST(dontneed_locked_stays_inside)
{
    need_native();
    check_loss(MMAPX_MADV_DONTNEED_LOCKED);
}
END_TEST

/* The mapping's own edges are page edges: what is around them in the page is
 * nobody's. */
START_TEST(dontneed_at_the_mappings_edges)
{
    size_t page = page_size();
    int fd = temp_file(3 * page);
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 10, 3 * page - 20, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE));
    memset(m.addr, 'x', m.len);
    OK(mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_DONTNEED));
    check_pattern(m.addr, 10, m.len);
    memset(m.addr, 'x', m.len);
    OK(mmapx_advise(&m, 1, MMAPX_TO_END, MMAPX_MADV_DONTNEED));
    for (size_t i = 0; i < page - 10; i++)
        ck_assert_int_eq(((char *)m.addr)[i], 'x');
    check_pattern((char *)m.addr + page - 10, page, 2 * page - 10);
}
END_TEST

/* A view's are not: its neighbours live in the same page. */
START_TEST(dontneed_beside_a_view)
{
    size_t page = page_size();
    struct mmapx owner = filled(4);
    struct mmapx v;

    OK(mmapx_view(&v, (char *)owner.addr + page / 2, 2 * page));
    OK(mmapx_advise(&v, 0, MMAPX_TO_END, MMAPX_MADV_DONTNEED));
    check_zeroed(&owner, page, 2 * page);
    OK(mmapx_view(&v, (char *)owner.addr + 2 * page + 1, 8));
    OK(mmapx_advise(&v, 0, MMAPX_TO_END, MMAPX_MADV_DONTNEED));
    check_zeroed(&owner, page, 2 * page);
}
END_TEST

START_TEST(free_stays_inside)
{
    size_t page = page_size();
    struct mmapx m = filled(3);
    const unsigned char *byte = m.addr;

    need(MMAPX_MADV_FREE);
    OK(mmapx_advise(&m, 1, 2 * page, MMAPX_MADV_FREE));
    /* What is inside may be lost now or later, the rest never. */
    for (size_t i = 0; i < m.len; i++)
        ck_assert(byte[i] == 'x' || (i >= page && i < 2 * page && byte[i] == 0));
}
END_TEST

static bool
sees_zeroes_in_the_second_page(void *arg)
{
    const unsigned char *byte = arg;
    size_t page = page_size();

    return byte[page - 1] == 'x' && byte[page] == 0 && byte[2 * page - 1] == 0
           && byte[2 * page] == 'x';
}

START_TEST(wipeonfork_stays_inside)
{
    size_t page = page_size();
    struct mmapx m = filled(3);

    need_native();
    need(MMAPX_MADV_WIPEONFORK);
    OK(mmapx_advise(&m, 1, 2 * page, MMAPX_MADV_WIPEONFORK));
    ck_assert(in_child(sees_zeroes_in_the_second_page, m.addr));
    check_zeroed(&m, 0, 0);
    OK(mmapx_advise(&m, 1, 2 * page, MMAPX_MADV_KEEPONFORK));
    ck_assert(!in_child(sees_zeroes_in_the_second_page, m.addr));
}
END_TEST

START_TEST(guard_stays_inside)
{
    size_t page = page_size();
    struct mmapx m = filled(3);
    char *p = m.addr;

    need_native();
    need(MMAPX_MADV_GUARD_INSTALL);
    OK(mmapx_advise(&m, 1, 2 * page, MMAPX_MADV_GUARD_INSTALL));
    ck_assert_int_eq(p[page - 1], 'x');
    ck_assert_int_eq(p[2 * page], 'x');
    ck_assert(load_kills(p + page));
    ck_assert(load_kills(p + 2 * page - 1));
    FAILS(EINVAL, mmapx_advise(&m, 1, 2 * page, MMAPX_MADV_GUARD_REMOVE));
    OK(mmapx_advise(&m, page, page, MMAPX_MADV_GUARD_REMOVE));
    check_zeroed(&m, page, 2 * page);
}
END_TEST

/* The file's bytes outside the range are not ours, even at the mapping's
 * edges. */
START_TEST(remove_stays_inside)
{
    size_t page = page_size();
    int fd = temp_file(4 * page);
    struct mmapx m, whole;
    unsigned char *byte;

    need_native();
    need(MMAPX_MADV_REMOVE);
    OK(mmapx_map_region(&m, fd, 10, 3 * page, PROT_READ | PROT_WRITE,
                        MAP_SHARED));
    OK(mmapx_map(&whole, fd, PROT_READ, MAP_SHARED));
    OK(mmapx_advise(&m, 0, page, MMAPX_MADV_REMOVE));
    check_pattern(whole.addr, 0, whole.len);
    if (mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_REMOVE) != 0
        && errno == ENOTSUP)
        SKIP("this file system cannot punch holes");
    byte = whole.addr;
    check_pattern(byte, 0, page);
    for (size_t i = page; i < 3 * page; i++)
        ck_assert_int_eq(byte[i], 0);
    check_pattern(byte + 3 * page, 3 * page, page);
}
END_TEST

/* --- Exact ranges --------------------------------------------------------- */

START_TEST(exact_ranges)
{
    static const enum mmapx_advice exact[]
        = { MMAPX_MADV_DONTFORK, MMAPX_MADV_DOFORK, MMAPX_MADV_DONTDUMP,
            MMAPX_MADV_DODUMP, MMAPX_MADV_GUARD_REMOVE };
    size_t page = page_size();
    int fd = temp_file(3 * page);
    struct mmapx m, v;

    OK(mmapx_map_region(&m, fd, 10, 3 * page - 20, PROT_READ, MAP_SHARED));
    OK(mmapx_view(&v, m.addr, m.len));
    for (size_t i = 0; i < sizeof exact / sizeof exact[0]; i++) {
        if (!mmapx_advice_supported(exact[i]))
            continue;
        OK(mmapx_advise(&m, 0, MMAPX_TO_END, exact[i]));
        OK(mmapx_advise(&m, 0, page - 10, exact[i]));
        OK(mmapx_advise(&m, page - 10, page, exact[i]));
        OK(mmapx_advise(&m, 2 * page - 10, MMAPX_TO_END, exact[i]));
        OK(mmapx_advise(&m, 5, 0, exact[i]));
        FAILS(EINVAL, mmapx_advise(&m, 1, MMAPX_TO_END, exact[i]));
        FAILS(EINVAL, mmapx_advise(&m, 0, page, exact[i]));
        FAILS(EINVAL, mmapx_advise(&m, 0, 3, exact[i]));
        FAILS(EINVAL, mmapx_advise(&v, 0, MMAPX_TO_END, exact[i]));
        OK(mmapx_advise(&v, page - 10, page, exact[i]));
    }
}
END_TEST

START_TEST(dontfork)
{
    size_t page = page_size();
    struct mmapx m = filled(2);
    char *p = m.addr;

    need_native();
    need(MMAPX_MADV_DONTFORK);
    OK(mmapx_advise(&m, page, page, MMAPX_MADV_DONTFORK));
    ck_assert(!load_kills(p + page - 1));
    ck_assert(load_kills(p + page));
    OK(mmapx_advise(&m, page, page, MMAPX_MADV_DOFORK));
    ck_assert(!load_kills(p + page));
}
END_TEST

/* --- Mappings it cannot act on -------------------------------------------- */

/* The same answer for a range that holds no whole page, and for none. */
static void
check_wrong_kind(const struct mmapx *m, enum mmapx_advice advice)
{
    FAILS(EINVAL, mmapx_advise(m, 0, MMAPX_TO_END, advice));
    FAILS(EINVAL, mmapx_advise(m, 1, 3, advice));
    FAILS(EINVAL, mmapx_advise(m, 1, 0, advice));
}

START_TEST(wrong_kinds)
{
    size_t size = 2 * page_size();
    int fd = temp_file(size);
    struct mmapx shared, private, anon, shared_anon;

    OK(mmapx_map(&shared, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    OK(mmapx_map(&private, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    OK(mmapx_map_anon(&anon, size, PROT_READ, MAP_PRIVATE));
    OK(mmapx_map_anon(&shared_anon, size, PROT_READ, MAP_SHARED));

    check_wrong_kind(&shared, MMAPX_MADV_FREE);
    check_wrong_kind(&private, MMAPX_MADV_FREE);
    check_wrong_kind(&shared_anon, MMAPX_MADV_FREE);
    check_wrong_kind(&shared, MMAPX_MADV_WIPEONFORK);
    check_wrong_kind(&private, MMAPX_MADV_WIPEONFORK);
    check_wrong_kind(&shared_anon, MMAPX_MADV_WIPEONFORK);
    check_wrong_kind(&private, MMAPX_MADV_REMOVE);
    check_wrong_kind(&anon, MMAPX_MADV_REMOVE);
    check_pattern(shared.addr, 0, size);
}
END_TEST

/* A mapping of huge pages can be had without a single one. */
START_TEST(huge_pages_and_what_splits_them)
{
#if defined MAP_HUGETLB && defined MAP_NORESERVE
    struct mmapx huge;

    if (mmapx_map_anon(&huge, 10, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_HUGETLB | MAP_NORESERVE)
        != 0)
        SKIP("no mapping of huge pages");
    check_wrong_kind(&huge, MMAPX_MADV_FREE);
    check_wrong_kind(&huge, MMAPX_MADV_WIPEONFORK);
    check_wrong_kind(&huge, MMAPX_MADV_COLD);
    check_wrong_kind(&huge, MMAPX_MADV_PAGEOUT);
    OK(mmapx_advise(&huge, 0, MMAPX_TO_END, MMAPX_MADV_NORMAL));
    OK(mmapx_unmap(&huge));
#else
    SKIP("no huge pages");
#endif
}
END_TEST

/* Only the kernel knows the kind of a view. */
START_TEST(a_view_of_the_wrong_kind)
{
    int fd = temp_file(page_size());
    struct mmapx m, v;

    need_native();
    need(MMAPX_MADV_FREE);
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    OK(mmapx_view(&v, m.addr, m.len));
    FAILS(EINVAL, mmapx_advise(&v, 0, MMAPX_TO_END, MMAPX_MADV_FREE));
    OK(mmapx_map_anon(&m, page_size(), PROT_READ, MAP_PRIVATE));
    OK(mmapx_view(&v, m.addr, m.len));
    OK(mmapx_advise(&v, 0, MMAPX_TO_END, MMAPX_MADV_FREE));
}
END_TEST

START_TEST(remove_from_a_file_to_be_read)
{
    char path[PATH_MAX];
    int fd = temp_named(path, page_size());
    int ro = open(path, O_RDONLY);
    struct mmapx m;

    need_native();
    unlink(path);
    need(MMAPX_MADV_REMOVE);
    OK(mmapx_map(&m, ro, PROT_READ, MAP_SHARED));
    FAILS(EACCES, mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_REMOVE));
    check_pattern(m.addr, 0, m.len);
    close(fd);
}
END_TEST

START_TEST(remove_from_a_file_to_be_appended_to)
{
    int fd = temp_file(page_size());
    struct mmapx m;

    need_native();
    need(MMAPX_MADV_REMOVE);
    if (is_stacked(fd))
        SKIP("the file below, which is mapped, does not have the attribute");
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    set_append_only(fd, true);
    FAILS(EPERM, mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_REMOVE));
    set_append_only(fd, false);
    check_pattern(m.addr, 0, m.len);
}
END_TEST

START_TEST(populating_guarded_pages)
{
    size_t page = page_size();
    struct mmapx m = filled(3);

    need_native();
    need(MMAPX_MADV_GUARD_INSTALL);
    OK(mmapx_advise(&m, page, page, MMAPX_MADV_GUARD_INSTALL));
    FAILS(EFAULT, mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_POPULATE_READ));
    FAILS(EFAULT, mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_POPULATE_WRITE));
    FAILS(EFAULT, mmapx_populate(&m, page, 1, MMAPX_POPULATE_READ));
    FAILS(EFAULT, mmapx_populate(&m, page, 1, MMAPX_POPULATE_WRITE));
    OK(mmapx_populate(&m, 0, page, MMAPX_POPULATE_WRITE));
    /* The sanitizers' mlock(2) does nothing, and a limit may say otherwise. */
    if (under_sanitizer() || mmapx_lock(&m, 0, 1, 0) != 0)
        return;
    OK(mmapx_unlock(&m, 0, 1));
    FAILS(ENOMEM, mmapx_lock(&m, page, 1, 0));
}
END_TEST

/* A pipe has the page, and nobody else can tell who might still change it. */
START_TEST(collapsing_pages_in_use)
{
#if defined __linux__
    size_t huge = 2 << 20;
    struct mmapx m;
    size_t off;
    char *p;
    int ends[2];

    need_native();
    need(MMAPX_MADV_COLLAPSE);
    OK(mmapx_map_anon(&m, 2 * huge, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    off = (size_t)-(uintptr_t)m.addr & (huge - 1);
    p = (char *)m.addr + off;
    if (mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_NOHUGEPAGE) != 0)
        SKIP("a kernel without huge pages of its own making");
    memset(p, 1, huge);
    OK(pipe(ends));
    /* Before khugepaged may look: what it has collapsed can be used. */
    ck_assert_int_eq(vmsplice(ends[1], &(struct iovec){ p, 1 }, 1, 0), 1);
    OK(mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_HUGEPAGE));
    ck_assert_int_eq(mmapx_advise(&m, off, huge, MMAPX_MADV_COLLAPSE), -1);
    if (errno == EINVAL || errno == ENOMEM || errno == EBUSY)
        SKIP("there is no huge page, or it has another size");
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert_int_eq(*p, 1);
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

START_TEST(locked_pages)
{
    struct mmapx m = filled(1);

    need_native();
    if (under_sanitizer())
        SKIP("the sanitizer makes mlock(2) do nothing");
    if (mmapx_lock(&m, 0, MMAPX_TO_END, 0) != 0)
        SKIP("RLIMIT_MEMLOCK does not allow one page");
    FAILS(EINVAL, mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_DONTNEED));
    check_zeroed(&m, 0, 0);
    if (mmapx_advice_supported(MMAPX_MADV_DONTNEED_LOCKED)) {
        OK(mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_DONTNEED_LOCKED));
        check_zeroed(&m, 0, m.len);
    }
}
END_TEST

START_TEST(a_gap)
{
    size_t page = page_size();
    struct mmapx m = filled(3);

    need_native();
    ck_assert_int_eq(munmap((char *)m.addr + page, page), 0);
    FAILS(ENOMEM, mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_RANDOM));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("advise");

    ADD_TEST(s, unknown_numbers);
    ADD_TEST(s, what_is_supported);
    ADD_TEST(s, bad_ranges);
    ADD_TEST(s, hints_take_any_range);
    ADD_TEST(s, dontneed_on_a_shared_mapping);
    ADD_TEST(s, population);
    ADD_TEST(s, dontneed_stays_inside);
    ADD_TEST(s, dontneed_locked_stays_inside);
    ADD_TEST(s, dontneed_at_the_mappings_edges);
    ADD_TEST(s, dontneed_beside_a_view);
    ADD_TEST(s, free_stays_inside);
    ADD_TEST(s, wipeonfork_stays_inside);
    ADD_TEST(s, guard_stays_inside);
    ADD_TEST(s, remove_stays_inside);
    ADD_TEST(s, exact_ranges);
    ADD_TEST(s, dontfork);
    ADD_TEST(s, wrong_kinds);
    ADD_TEST(s, huge_pages_and_what_splits_them);
    ADD_TEST(s, a_view_of_the_wrong_kind);
    ADD_TEST(s, remove_from_a_file_to_be_read);
    ADD_TEST(s, remove_from_a_file_to_be_appended_to);
    ADD_TEST(s, populating_guarded_pages);
    ADD_TEST(s, collapsing_pages_in_use);
    ADD_TEST(s, locked_pages);
    ADD_TEST(s, a_gap);
    return s;
}
