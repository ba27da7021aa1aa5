/* SPDX-License-Identifier: MIT */
/* Failures below mmapx_resize() of mappings that have room, are locked, are
 * made of parts or have to move. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "failures.h"
#include "filters.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "internal.h"

enum {
    RW = PROT_READ | PROT_WRITE,
    MAYMOVE = MMAPX_RESIZE_MAYMOVE,
    GROW_BOTH = MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE,
    GROW_SPARSE = GROW_BOTH | MMAPX_RESIZE_SPARSE,
};

/* A call that fails with code, and afterwards all is as before. */
#define CHANGES_NOTHING(code, m, call)                                         \
    do {                                                                       \
        struct mmapx before_ = *(m);                                           \
        size_t mappings_ = count_mappings();                                   \
        FAILS(code, call);                                                     \
        ck_assert_mem_eq(m, &before_, sizeof before_);                         \
        ck_assert_uint_eq(count_mappings(), mappings_);                        \
    } while (0)

/* A mapping of the first pages of the file, with free pages behind it. */
static void
map_before_free_pages(struct fixture *f, size_t pages, int flags)
{
    size_t page = page_size();
    struct mmapx area;

    set_up(f);
    OK(mmapx_unmap(&f->m));
    OK(mmapx_map_anon(&area, 16 * page, PROT_NONE, MAP_PRIVATE));
    OK(mmapx_map_at(&f->m, area.addr, f->fd, 0, pages * page, RW,
                    flags | MAP_FIXED));
    ck_assert_int_eq(munmap((char *)area.addr + pages * page,
                            (16 - pages) * page),
                     0);
}

/* The same without a free page behind it. */
static void
map_before_others(struct fixture *f, size_t pages, int flags)
{
    size_t page = page_size();
    struct mmapx area;

    set_up(f);
    OK(mmapx_unmap(&f->m));
    OK(mmapx_map_anon(&area, (pages + 1) * page, PROT_NONE, MAP_PRIVATE));
    OK(mmapx_map_at(&f->m, area.addr, f->fd, 0, pages * page, RW,
                    flags | MAP_FIXED));
}

static off_t
size_of(const struct fixture *f)
{
    return lseek(f->fd, 0, SEEK_END);
}

/* --- Room ----------------------------------------------------------------- */

/* What grows has the protection of the last page, which has to be known. */
START_TEST(a_protection_that_is_not_told)
{
    size_t page = page_size();
    struct fixture f;

    need_the_kernel();
    set_up(&f);
    OK(mmapx_map_anon(&f.m, 3 * page, RW, MAP_PRIVATE));
    OK(mmapx_reserve(&f.m, 9 * page, MAYMOVE));
    OK(mmapx_protect(&f.m, page, page, PROT_READ));
    fake_fail(FAKE_PROTECTION, ENOTSUP, 1);
    CHANGES_NOTHING(ENOTSUP, &f.m, mmapx_resize(&f.m, -1, 5 * page, 0));
    fake_fail(FAKE_PROTECTION, EMFILE, 1);
    CHANGES_NOTHING(EMFILE, &f.m, mmapx_resize(&f.m, -1, 5 * page, 0));
    OK(mmapx_resize(&f.m, -1, 5 * page, 0));
    ck_assert(!store_kills((char *)f.m.addr + 5 * page - 1));

    set_up(&f);
    OK(mmapx_map(&f.m, f.fd, RW, MAP_PRIVATE));
    OK(mmapx_reserve(&f.m, 9 * page, MAYMOVE));
    OK(mmapx_protect(&f.m, page, page, PROT_READ));
    fake_fail(FAKE_PROTECTION, ENOTSUP, 1);
    CHANGES_NOTHING(ENOTSUP, &f.m, mmapx_resize(&f.m, f.fd, 5 * page, 0));
}
END_TEST

static void *taken;
static size_t taken_len;
static bool takes;

/* Another thread, which is faster or is not. */
static void
take_it(void *addr, size_t len)
{
    taken = addr;
    taken_len = len;
    if (takes)
        ck_assert_ptr_eq(mmap(addr, len, PROT_READ,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
                         addr);
}

/* A private mapping of three pages that has room for nine. */
static void
map_with_room(struct fixture *f)
{
    map_before_free_pages(f, 3, MAP_PRIVATE);
    OK(mmapx_reserve(&f->m, 9 * page_size(), 0));
    fake_reset();
    fake_unmaps_first = take_it;
    fake_fail(FAKE_MMAP, EPERM, 1);
}

/* Where the kernel has ended the reservation before it failed, the room is
 * taken again. */
START_TEST(room_that_has_got_a_hole)
{
    size_t page = page_size();
    struct fixture f;

    need_the_kernel();
    takes = false;
    map_with_room(&f);
    CHANGES_NOTHING(EPERM, &f.m, mmapx_resize(&f.m, f.fd, 5 * page, 0));
    ck_assert_ptr_eq(taken, (char *)f.m.addr + 3 * page);
    ck_assert_uint_eq(mmapx_room(&f.m), 9 * page);
    ck_assert(!mmapx_os_is_free(taken, taken_len));
    fake_reset();
    OK(mmapx_resize(&f.m, f.fd, 9 * page, 0));
}
END_TEST

/* Nothing of another thread's is mapped over: the room ends before it. */
START_TEST(a_hole_that_another_thread_has_taken)
{
    size_t page = page_size();
    struct fixture f;

    need_the_kernel();
    takes = true;
    for (size_t pages = 5; pages <= 9; pages += 4) {
        void *addr;

        map_with_room(&f);
        addr = f.m.addr;
        FAILS(EPERM, mmapx_resize(&f.m, f.fd, pages * page, 0));
        ck_assert_ptr_eq(f.m.addr, addr);
        ck_assert_uint_eq(f.m.len, 3 * page);
        check_pattern(f.m.addr, 0, f.m.len);
        ck_assert_uint_eq(mmapx_room(&f.m), f.m.len);
        ck_assert(pages == 9
                  || mmapx_os_is_free((char *)addr + pages * page, page));
        fake_reset();
        FAILS(ENOMEM, mmapx_resize(&f.m, f.fd, pages * page, 0));
        OK(mmapx_unmap(&f.m));
        ck_assert(!load_kills(taken));
        ck_assert_int_eq(munmap(taken, taken_len), 0);
    }

    /* In doubt it is still the reservation. */
    map_with_room(&f);
    fake_fail(FAKE_PROTECTION, ENOTSUP, 1);
    FAILS(EPERM, mmapx_resize(&f.m, f.fd, 5 * page, 0));
    ck_assert_uint_eq(mmapx_room(&f.m), 9 * page);
}
END_TEST

/* Room that has become larger for it becomes as small as it was. */
START_TEST(growing_beyond_the_room_and_a_failure)
{
    size_t page = page_size();
    struct fixture f;

    need_the_kernel();
    map_before_free_pages(&f, 3, MAP_PRIVATE);
    OK(mmapx_reserve(&f.m, 4 * page, 0));
    fake_reset();
    fake_fail(FAKE_MMAP, EPERM, 2);
    CHANGES_NOTHING(EPERM, &f.m, mmapx_resize(&f.m, f.fd, 7 * page, 0));
    OK(mmapx_resize(&f.m, f.fd, 7 * page, 0));
    ck_assert_uint_eq(mmapx_room(&f.m), 7 * page);

    /* Another thread is in it. */
    map_before_free_pages(&f, 3, MAP_PRIVATE);
    OK(mmapx_reserve(&f.m, 4 * page, 0));
    takes = true;
    fake_reset();
    fake_unmaps_first = take_it;
    fake_fail(FAKE_MMAP, EPERM, 2);
    FAILS(EPERM, mmapx_resize(&f.m, f.fd, 7 * page, 0));
    ck_assert_uint_eq(mmapx_room(&f.m), f.m.len);
    ck_assert(!load_kills(taken));

    /* The file cannot grow. */
    map_before_free_pages(&f, 3, MAP_SHARED);
    OK(mmapx_reserve(&f.m, 4 * page, 0));
    fake_fail(FAKE_LENGTHEN, EIO, 1);
    CHANGES_NOTHING(EIO, &f.m, mmapx_resize(&f.m, f.fd, 7 * page, GROW_SPARSE));
    ck_assert_int_eq(size_of(&f), (off_t)(3 * page + 1));
}
END_TEST

/* --- Locks ---------------------------------------------------------------- */

static size_t
locked_bytes(void)
{
    size_t limit, locked;

    OK(mmapx_lock_limit(&limit, &locked));
    return locked;
}

/* What grows is locked as the page before it, and there. */
START_TEST(memory_that_is_locked)
{
    size_t page = page_size();
    struct fixture f;
    size_t pages, locked;

    need_the_kernel();
    need_memlock(16 * page);
    if (under_sanitizer())
        SKIP("the sanitizer locks nothing");
    set_up(&f);
    OK(mmapx_map_anon(&f.m, 3 * page, RW, MAP_PRIVATE));
    OK(mmapx_reserve(&f.m, 9 * page, MAYMOVE));
    locked = locked_bytes();
    OK(mmapx_lock(&f.m, 0, MMAPX_TO_END, 0));
    ck_assert_uint_eq(locked_bytes() - locked, 3 * page);

    fake_fail(FAKE_LOCK_ONFAULT, ENOMEM, 1);
    FAILS(EAGAIN, mmapx_resize(&f.m, -1, 5 * page, 0));
    ck_assert_uint_eq(f.m.len, 3 * page);
    ck_assert_uint_eq(mmapx_room(&f.m), 9 * page);
    ck_assert_uint_eq(locked_bytes() - locked, 3 * page);

    OK(mmapx_resize(&f.m, -1, 5 * page, 0));
    ck_assert_uint_eq(locked_bytes() - locked, 5 * page);
    OK(mmapx_resident_count(&f.m, 0, MMAPX_TO_END, &pages));
    ck_assert_uint_eq(pages, 5);
}
END_TEST

/* --- Moving --------------------------------------------------------------- */

/* Parts, one after the other, where the kernel keeps no old place and another
 * thread takes that of the second. */
START_TEST(a_move_and_another_thread)
{
    size_t page = page_size();
    struct fixture f;
    void *before;

    need_the_kernel();
    map_before_others(&f, 4, MAP_SHARED);
    OK(mmapx_protect(&f.m, page, page, PROT_READ));
    before = f.m.addr;
    fake_reset();
    fake_fail_from(FAKE_MREMAP_KEEPING, EINVAL, 1);
    fake_fail(FAKE_MMAP, ENOMEM, 3);
    OK(mmapx_resize(&f.m, f.fd, 6 * page, GROW_BOTH));
    ck_assert_ptr_ne(f.m.addr, before);
    ck_assert_int_eq(size_of(&f), (off_t)(6 * page));
    check_pattern(f.m.addr, 0, 3 * page + 1);
    ck_assert(store_kills((char *)f.m.addr + page));
    ck_assert(mmapx_os_is_free(before, 4 * page));
}
END_TEST

/* The same, and the file cannot grow: the mapping goes back, or stays where it
 * is if the way is barred. */
START_TEST(a_way_back_that_is_barred)
{
    static const struct {
        enum fake_call call;
        int nth;
        bool goes_back;
    } cases[] = {
        { FAKE_CALLS, 0, true },
        { FAKE_MMAP, 3, false },
        { FAKE_MREMAP_TO, 3, false },
    };
    size_t page = page_size();
    struct fixture f;

    need_the_kernel();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        void *before;

        map_before_others(&f, 2, MAP_PRIVATE);
        *(char *)f.m.addr = 'x';
        OK(ftruncate(f.fd, (off_t)(2 * page)));
        before = f.m.addr;
        fake_reset();
        fake_fail(FAKE_LENGTHEN, EIO, 1);
        fake_fail_from(FAKE_MREMAP_KEEPING, EINVAL, 1);
        if (cases[i].call == FAKE_MMAP)
            fake_fail_from(FAKE_MMAP, ENOMEM, cases[i].nth);
        else if (cases[i].call == FAKE_MREMAP_TO)
            fake_fail_from(FAKE_MREMAP_TO, ENOMEM, cases[i].nth + 1);
        FAILS(EIO, mmapx_resize(&f.m, f.fd, 3 * page, GROW_SPARSE));
        ck_assert_msg((f.m.addr == before) == cases[i].goes_back, "case %zu",
                      i);
        ck_assert_uint_eq(f.m.len, 2 * page);
        ck_assert_int_eq(*(char *)f.m.addr, 'x');
        check_pattern((char *)f.m.addr + 1, 1, 2 * page - 1);
        ck_assert_int_eq(size_of(&f), (off_t)(2 * page));
        ck_assert(cases[i].goes_back || mmapx_os_is_free(before, 2 * page));
        OK(mmapx_unmap(&f.m));
    }
}
END_TEST

/* Two parts move, the last page in two steps.  Then the file cannot grow, so
 * that they have to go back, to a place that was not kept. */
static void *
map_what_turns_back(struct fixture *f)
{
    size_t page = page_size();

    need_the_kernel();
    map_before_others(f, 3, MAP_SHARED);
    OK(mmapx_protect(&f->m, page, page, PROT_READ));
    fake_reset();
    fake_fail(FAKE_LENGTHEN, EIO, 1);
    fake_fail_from(FAKE_MREMAP_KEEPING, EINVAL, 1);
    return f->m.addr;
}

/* The way is barred behind the first part: that goes forward again. */
START_TEST(a_way_back_that_ends_half_way)
{
    size_t page = page_size();
    struct fixture f;
    void *before;

    before = map_what_turns_back(&f);
    /* Two parts, the last page in two steps, and back. */
    fake_fail(FAKE_MREMAP_TO, ENOMEM, 6);
    FAILS(EIO, mmapx_resize(&f.m, f.fd, 5 * page, GROW_SPARSE));
    ck_assert_ptr_ne(f.m.addr, before);
    ck_assert_uint_eq(f.m.len, 3 * page);
    check_pattern(f.m.addr, 0, 3 * page);
    ck_assert(store_kills((char *)f.m.addr + page));
    ck_assert(!store_kills(f.m.addr));
    ck_assert(mmapx_os_is_free(before, 3 * page));
    OK(mmapx_unmap(&f.m));
}
END_TEST

/* Neither forth nor back: the handle has as much from the beginning as is in
 * one place, and says so. */
START_TEST(a_mapping_that_is_torn)
{
    size_t page = page_size();
    struct fixture f;

    need_the_kernel();
    /* So many parts of a page each can move, the last one not to its end. */
    for (int moved = 1; moved <= 3; moved++) {
        size_t left = moved == 3 ? 2 : (size_t)moved;
        char *before;

        map_before_others(&f, 3, MAP_PRIVATE);
        before = f.m.addr;
        for (size_t at = 0; at < 3; at++)
            before[at * page] = (char)('a' + at);
        OK(mmapx_protect(&f.m, page, page, PROT_READ));
        fake_reset();
        fake_fail_from(FAKE_MREMAP_KEEPING, ENOMEM, moved + 1);
        fake_fail_from(FAKE_MREMAP_TO, ENOMEM, 1);
        FAILS(ENOMEM, mmapx_resize(&f.m, -1, 5 * page, MAYMOVE));
        fake_reset();
        ck_assert_ptr_ne(f.m.addr, before);
        ck_assert_uint_eq(f.m.len, left * page);
        ck_assert_uint_eq(mmapx_room(&f.m), f.m.len);
        for (size_t at = 0; at < left; at++)
            ck_assert_int_eq(((char *)f.m.addr)[at * page], 'a' + (int)at);
        ck_assert(mmapx_os_is_free(before, left * page));
        ck_assert(mmapx_os_is_free((char *)f.m.addr + f.m.len, page));
        OK(mmapx_unmap(&f.m));
        munmap(before, 3 * page);
    }
}
END_TEST

/* The first part is back, the second cannot be, and something has come to lie
 * where the first one was. */
START_TEST(a_mapping_that_is_torn_on_the_way_back)
{
    size_t page = page_size();
    struct fixture f;
    void *before;

    before = map_what_turns_back(&f);
    fake_fail(FAKE_MREMAP_TO, ENOMEM, 6);
    /* The place, three parts of the old one, and that of the first again. */
    fake_fail(FAKE_MMAP, ENOMEM, 5);
    FAILS(EIO, mmapx_resize(&f.m, f.fd, 5 * page, GROW_SPARSE));
    ck_assert_ptr_eq(f.m.addr, before);
    ck_assert_uint_eq(f.m.len, page);
    check_pattern(f.m.addr, 0, page);
    OK(mmapx_unmap(&f.m));
}
END_TEST

/* Without mremap(2) the old mapping is there until the file has grown. */
START_TEST(a_copy_that_is_given_back)
{
    size_t page = page_size();
    struct fixture f;

    need_the_kernel();
    map_before_others(&f, 3, MAP_SHARED);
    fake_reset();
    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    fake_fail(FAKE_LENGTHEN, EIO, 1);
    CHANGES_NOTHING(EIO, &f.m, mmapx_resize(&f.m, f.fd, 5 * page, GROW_SPARSE));
    ck_assert_int_eq(size_of(&f), (off_t)(3 * page + 1));
    check_pattern(f.m.addr, 0, f.m.len);
}
END_TEST

/* --- Files ---------------------------------------------------------------- */

/* On file systems that stack the descriptor may be of a copy: then the mapping
 * has nothing behind its old end, and the copy is as long as it was. */
START_TEST(a_file_that_was_copied_up)
{
    size_t page = page_size();
    struct fixture f;

    need_the_kernel();
    set_up(&f);
    fake_stacks = true;
    fake_lengthens_another = true;
    CHANGES_NOTHING(EINVAL, &f.m,
                    mmapx_resize(&f.m, f.fd, 5 * page, GROW_SPARSE));
    ck_assert_int_eq(size_of(&f), (off_t)(3 * page + 1));
    /* The same file: in its last page, behind it, and where the mapping cannot
     * be looked at. */
    fake_lengthens_another = false;
    OK(mmapx_resize(&f.m, f.fd, 3 * page + 2, GROW_SPARSE));
    OK(mmapx_resize(&f.m, f.fd, 5 * page, GROW_SPARSE));
    OK(mmapx_protect(&f.m, page, page, PROT_NONE));
    OK(mmapx_resize(&f.m, f.fd, 6 * page, GROW_SPARSE));
    OK(mmapx_protect(&f.m, 0, MMAPX_TO_END, PROT_NONE));
    OK(mmapx_resize(&f.m, f.fd, 7 * page, GROW_SPARSE));
    ck_assert_int_eq(size_of(&f), (off_t)(7 * page));
}
END_TEST

#ifdef __linux__
static bool
grows_on_a_stack(void *arg)
{
    size_t page = page_size();
    struct fixture f;

    set_up(&f);
    fake_stacks = true;
    fake_lengthens_another = true;
    if (!deny(&(struct denied){ SYS_process_vm_readv, ANY, 0, false },
              *(int *)arg))
        return false;
    FAILS(EINVAL, mmapx_resize(&f.m, f.fd, 5 * page, GROW_SPARSE));
    fake_lengthens_another = false;
    OK(mmapx_resize(&f.m, f.fd, 5 * page, GROW_SPARSE));
    return true;
}

/* The same behind a filter that does not let the kernel look. */
START_TEST(a_file_on_a_stack_behind_a_filter)
{
    int codes[] = { EPERM, ENOSYS };

    need_filters();
    for (size_t i = 0; i < 2; i++)
        ck_assert(in_child(grows_on_a_stack, &codes[i]));
}
END_TEST
#endif

/* A descriptor that writes past the cache writes whole pages, and the file is
 * as long as was asked for. */
START_TEST(blocks_by_writing_past_the_cache)
{
    struct fixture f;
    size_t old;

    set_up(&f);
    old = f.m.len;
    fake_reads_past_cache = true;
    fake_fail(FAKE_ALLOCATE, ENOTSUP, 1);
    OK(mmapx_resize(&f.m, f.fd, old + 10000, GROW_BOTH));
    ck_assert_int_gt(fake_count(FAKE_WRITE_ZEROS), 0);
    ck_assert_int_eq(size_of(&f), (off_t)(old + 10000));
    check_pattern(f.m.addr, 0, old);
    for (size_t i = old; i < f.m.len; i++)
        ck_assert_int_eq(((char *)f.m.addr)[i], 0);
}
END_TEST

/* A whole page more than the limit on files has would be SIGXFSZ. */
static bool
is_limited_to_pages(void *arg)
{
    struct fixture *f = arg;
    size_t old = f->m.len;
    struct rlimit limit;

    if (getrlimit(RLIMIT_FSIZE, &limit) != 0)
        return false;
    limit.rlim_cur = old + 100;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return false;
    fake_reads_past_cache = true;
    fake_fail(FAKE_ALLOCATE, ENOTSUP, 1);
    CHANGES_NOTHING(EFBIG, &f->m,
                    mmapx_resize(&f->m, f->fd, old + 50, GROW_BOTH));
    ck_assert_int_eq(size_of(f), (off_t)old);
    limit.rlim_cur = limit.rlim_max; /* coverage is written at the end */
    return setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

START_TEST(a_limit_inside_a_page_past_the_cache)
{
    struct fixture f;

    set_up(&f);
    ck_assert(in_child(is_limited_to_pages, &f));
}
END_TEST

/* A write that writes nothing and names no error would never end. */
START_TEST(blocks_by_writing_that_gets_nowhere)
{
    struct fixture f;

    set_up(&f);
    fake_gets_nowhere = true;
    fake_fail(FAKE_ALLOCATE, ENOTSUP, 1);
    CHANGES_NOTHING(EIO, &f.m,
                    mmapx_resize(&f.m, f.fd, f.m.len + 10000, GROW_BOTH));
    ck_assert_int_eq(size_of(&f), (off_t)f.m.len);
}
END_TEST

/* A cut inside the last page takes nothing of the mapping away. */
START_TEST(a_cut_in_the_last_page)
{
    size_t page = page_size();
    struct fixture f;

    set_up(&f);
    OK(ftruncate(f.fd, (off_t)(3 * page)));
    OK(mmapx_resize(&f.m, -1, 3 * page, 0));
    fake_reset();
    fake_fail(FAKE_SET_SIZE, EIO, 1);
    CHANGES_NOTHING(EIO, &f.m,
                    mmapx_resize(&f.m, f.fd, 3 * page - 1, MMAPX_RESIZE_FILE));
    ck_assert_int_eq(fake_count(FAKE_MPROTECT), 0);
    ck_assert_int_eq(size_of(&f), (off_t)(3 * page));
    check_pattern(f.m.addr, 0, f.m.len);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("errno_room");

    ADD_TEST(s, a_protection_that_is_not_told);
    ADD_TEST(s, room_that_has_got_a_hole);
    ADD_TEST(s, a_hole_that_another_thread_has_taken);
    ADD_TEST(s, growing_beyond_the_room_and_a_failure);
    ADD_TEST(s, memory_that_is_locked);
    ADD_TEST(s, a_move_and_another_thread);
    ADD_TEST(s, a_way_back_that_is_barred);
    ADD_TEST(s, a_way_back_that_ends_half_way);
    ADD_TEST(s, a_mapping_that_is_torn);
    ADD_TEST(s, a_mapping_that_is_torn_on_the_way_back);
    ADD_TEST(s, a_copy_that_is_given_back);
    ADD_TEST(s, a_file_that_was_copied_up);
#ifdef __linux__
    ADD_TEST(s, a_file_on_a_stack_behind_a_filter);
#endif
    ADD_TEST(s, blocks_by_writing_past_the_cache);
    ADD_TEST(s, a_limit_inside_a_page_past_the_cache);
    ADD_TEST(s, blocks_by_writing_that_gets_nowhere);
    ADD_TEST(s, a_cut_in_the_last_page);
    return s;
}
