/* SPDX-License-Identifier: MIT */
/* Failures below mmapx_resize(). */
#include "failures.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

enum {
    GROW_BOTH = MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE,
    GROW_AND_CUT = GROW_BOTH | MMAPX_RESIZE_CUT,
};

/* --- Growing -------------------------------------------------------------- */

START_TEST(resizing)
{
    static const struct failure failures[] = {
        { run_resize, FAKE_MREMAP, EAGAIN, EAGAIN },
        { run_resize, FAKE_MREMAP, EFAULT, ENOTSUP },
        { run_resize, FAKE_MREMAP, EINVAL, ENOMEM },
        { run_resize, FAKE_MREMAP, EPERM, EPERM },
        { run_resize_to_end, FAKE_STAT, EBADF, EBADF },
        { run_resize_to_end, FAKE_STAT, EIO, EIO },
        { run_shrink, FAKE_MUNMAP, ENOMEM, ENOMEM },
        { run_shrink, FAKE_MUNMAP, EPERM, EPERM },
        { run_resize_both, FAKE_STAT, EBADF, EBADF },
        { run_resize_both, FAKE_FILE_LIMIT, EINVAL, EINVAL },
        { run_resize_both, FAKE_GROWTH, EIO, EIO },
        { run_resize_both, FAKE_ALLOCATE, EBADF, EBADF },
        { run_resize_both, FAKE_ALLOCATE, EDQUOT, EDQUOT },
        { run_resize_both, FAKE_ALLOCATE, EFBIG, EFBIG },
        { run_resize_both, FAKE_ALLOCATE, EIO, EIO },
        { run_resize_both, FAKE_ALLOCATE, ENOSPC, ENOSPC },
        { run_resize_both, FAKE_ALLOCATE, EPERM, EPERM },
        { run_resize_both, FAKE_ALLOCATE, EROFS, EROFS },
        { run_resize_both, FAKE_ALLOCATE, ETXTBSY, ETXTBSY },
        { run_resize_both, FAKE_MREMAP, EFAULT, ENOTSUP },
        { run_resize_sparse, FAKE_LENGTHEN, EFBIG, EFBIG },
        { run_resize_sparse, FAKE_LENGTHEN, EIO, EIO },
        { run_resize_sparse, FAKE_LENGTHEN, EPERM, EPERM },
        { run_resize_sparse, FAKE_LENGTHEN, EROFS, EROFS },
        { run_resize_sparse, FAKE_MREMAP, EAGAIN, EAGAIN },
        { run_shrink_both, FAKE_MPROTECT, ENOMEM, ENOMEM },
        { run_shrink_both, FAKE_MPROTECT, EPERM, EPERM },
        { run_shrink_both, FAKE_SET_SIZE, EIO, EIO },
        { run_shrink_both, FAKE_SET_SIZE, EPERM, EPERM },
        { run_shrink_both, FAKE_SET_SIZE, EROFS, EROFS },
    };

    CHECK_FAILURES(failures);
}
END_TEST

/* A cut that fails gives the tail back. */
START_TEST(a_cut_that_fails)
{
    struct fixture f;

    set_up(&f);
    fake_fail(FAKE_SET_SIZE, EIO, 1);
    FAILS(EIO, run_shrink_both(&f));
    ck_assert_int_eq(fake_count(FAKE_MPROTECT), 2);
    check_pattern(f.m.addr, 0, f.m.len);

    /* Whatever protection it had: some file systems let nobody execute. */
    if (mmapx_protect(&f.m, 0, MMAPX_TO_END, PROT_READ | PROT_EXEC) == 0) {
        fake_fail(FAKE_SET_SIZE, EIO, 1);
        FAILS(EIO, run_shrink_both(&f));
        ck_assert_int_eq(fake_mprotect_args.flags, PROT_READ | PROT_EXEC);
    }
}
END_TEST

/* The mapping grows, and the file, which went on behind it, is to be cut. */
START_TEST(a_cut_that_fails_behind_a_mapping_that_grew)
{
    struct fixture f;
    size_t page = page_size();

    set_up(&f);
    OK(mmapx_resize(&f.m, f.fd, page, 0));
    fake_fail(FAKE_SET_SIZE, EIO, 1);
    FAILS(EIO, mmapx_resize(&f.m, f.fd, 2 * page, GROW_AND_CUT));
    ck_assert_uint_eq(f.m.len, page);
    ck_assert_int_eq(lseek(f.fd, 0, SEEK_END), (off_t)(3 * page + 1));
    check_pattern(f.m.addr, 0, f.m.len);
}
END_TEST

/* The mapping has to move for that; it comes back. */
START_TEST(a_cut_that_fails_after_a_move)
{
    struct fixture f;
    size_t page = page_size();
    struct mmapx area, before;

    set_up(&f);
    OK(mmapx_map_anon(&area, 2 * page, PROT_NONE, MAP_PRIVATE));
    OK(mmapx_map_at(&f.m, area.addr, f.fd, 0, page, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_FIXED));
    *(char *)f.m.addr = 'x';
    before = f.m;

    /* Also where the kernel does not keep the old place, and where there is
     * only room for one of the two. */
    for (int call = FAKE_CALLS; call > FAKE_MMAP;
         call = call == FAKE_CALLS            ? FAKE_MREMAP_KEEPING
                : call == FAKE_MREMAP_KEEPING ? FAKE_MREMAP_TO
                                              : FAKE_MMAP) {
        size_t mappings = count_mappings();

        fake_reset();
        fake_fail(FAKE_SET_SIZE, EIO, 1);
        if (call < FAKE_CALLS)
            fake_fail((enum fake_call)call, ENOMEM, 1);
        FAILS(EIO, mmapx_resize(&f.m, f.fd, 2 * page, GROW_AND_CUT));
        ck_assert_mem_eq(&f.m, &before, sizeof f.m);
        ck_assert_int_eq(*(char *)f.m.addr, 'x');
        ck_assert_int_eq(lseek(f.fd, 0, SEEK_END), (off_t)(3 * page + 1));
        ck_assert_uint_eq(count_mappings(), mappings);
    }
    fake_reset();
    OK(mmapx_resize(&f.m, f.fd, 2 * page, GROW_AND_CUT));
    ck_assert_ptr_ne(f.m.addr, before.addr);
    ck_assert_int_eq(lseek(f.fd, 0, SEEK_END), (off_t)(2 * page));
}
END_TEST

/* Another thread has taken the old place meanwhile: the mapping stays where it
 * is, whole. */
START_TEST(a_cut_that_fails_and_no_way_back)
{
    struct fixture f;
    size_t page = page_size();
    struct mmapx area;

    need_the_kernel();
    set_up(&f);
    OK(mmapx_map_anon(&area, 2 * page, PROT_NONE, MAP_PRIVATE));
    OK(mmapx_map_at(&f.m, area.addr, f.fd, 0, page, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_FIXED));
    *(char *)f.m.addr = 'x';
    fake_reset();
    fake_fail(FAKE_SET_SIZE, EIO, 1);
    fake_fail(FAKE_MREMAP_KEEPING, EINVAL, 1);
    fake_fail(FAKE_MMAP, ENOMEM, 2);
    FAILS(EIO, mmapx_resize(&f.m, f.fd, 2 * page, GROW_AND_CUT));
    ck_assert_uint_eq(f.m.len, page);
    ck_assert_int_eq(*(char *)f.m.addr, 'x');
    OK(mmapx_unmap(&f.m));
}
END_TEST

/* What the file has lost cannot be given back: that is no failure then. */
START_TEST(a_tail_that_cannot_be_unmapped)
{
    struct fixture f;

    set_up(&f);
    fake_fail(FAKE_MUNMAP, ENOMEM, 1);
    OK(run_shrink_both(&f));
    ck_assert_uint_eq(f.m.len, 1);
    ck_assert_int_eq(lseek(f.fd, 0, SEEK_END), 1);
}
END_TEST

/* --- Growing where there is no mremap(2) ---------------------------------- */

/* Map one page of fd into m, with pages of address space behind it that are
 * free, or taken. */
static void
map_with_room(struct fixture *f, int prot, int flags, size_t room)
{
    size_t page = page_size();
    struct mmapx area, behind;

    OK(mmapx_map_anon(&area, 4 * page, PROT_NONE, MAP_PRIVATE));
    OK(mmapx_map_at(&f->m, area.addr, f->fd, 0, page, prot, flags | MAP_FIXED));
    if (room > 0) {
        OK(mmapx_view(&behind, (char *)area.addr + page, room * page));
        ck_assert_int_eq(munmap(behind.addr, behind.len), 0);
    }
    fake_reset();
    fake_fail(FAKE_MREMAP, ENOSYS, 1);
}

START_TEST(growing_in_place_without_mremap)
{
    struct fixture f;
    size_t page = page_size();
    unsigned char *p;

    set_up(&f);
    map_with_room(&f, PROT_READ | PROT_WRITE, MAP_PRIVATE, 2);
    p = f.m.addr;
    memset(p, 'x', page);
    OK(mmapx_resize(&f.m, f.fd, 3 * page, 0));
    ck_assert_ptr_eq(f.m.addr, p);
    for (size_t i = 0; i < page; i++)
        ck_assert_int_eq(p[i], 'x');
    check_pattern(p + page, page, 2 * page);
    p[3 * page - 1] = 'y';
    OK(mmapx_unmap(&f.m));
    ck_assert(load_kills(p + 3 * page - 1));
}
END_TEST

START_TEST(growing_without_room_and_mremap)
{
    struct fixture f;
    size_t page = page_size();
    size_t mappings;
    struct mmapx before;

    need_the_kernel();
    set_up(&f);
    map_with_room(&f, PROT_READ, MAP_SHARED, 1);
    before = f.m;
    mappings = count_mappings();
    FAILS(ENOMEM, mmapx_resize(&f.m, f.fd, 3 * page, 0));
    ck_assert_mem_eq(&f.m, &before, sizeof f.m);
    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    FAILS(ENOTSUP, mmapx_resize(&f.m, -1, 3 * page, MMAPX_RESIZE_MAYMOVE));
    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    fake_fail(FAKE_MMAP, ENOMEM, 2);
    FAILS(ENOMEM, mmapx_resize(&f.m, f.fd, 3 * page, MMAPX_RESIZE_MAYMOVE));
    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    fake_fail(FAKE_MUNMAP, EPERM, 1);
    FAILS(EPERM, mmapx_resize(&f.m, f.fd, 3 * page, MMAPX_RESIZE_MAYMOVE));
    ck_assert_mem_eq(&f.m, &before, sizeof f.m);
    ck_assert_uint_eq(count_mappings(), mappings);

    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    fake_fail(FAKE_MMAP, EACCES, 1);
    FAILS(EACCES, mmapx_resize(&f.m, f.fd, 3 * page, MMAPX_RESIZE_MAYMOVE));
    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    FAILS(EINVAL, mmapx_resize(&f.m, temp_file(1), 3 * page,
                               MMAPX_RESIZE_MAYMOVE));

    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    OK(mmapx_resize(&f.m, f.fd, 3 * page, MMAPX_RESIZE_MAYMOVE));
    ck_assert_ptr_ne(f.m.addr, before.addr);
    check_pattern(f.m.addr, 0, f.m.len);
}
END_TEST

/* An address that is only a hint must not scatter the mapping. */
START_TEST(growing_where_addresses_are_hints)
{
    struct fixture f;
    size_t page = page_size();
    size_t mappings;

    set_up(&f);
    /* Too small, so that the pages land elsewhere. */
    map_with_room(&f, PROT_READ, MAP_SHARED, 1);
    mappings = count_mappings();
    fake_ignores_address = true;
    FAILS(ENOMEM, mmapx_resize(&f.m, f.fd, 3 * page, 0));
    ck_assert_uint_eq(count_mappings(), mappings);
}
END_TEST

START_TEST(written_pages_and_no_mremap)
{
    struct fixture f;
    size_t page = page_size();

    /* It can be written. */
    set_up(&f);
    map_with_room(&f, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
    FAILS(ENOTSUP, mmapx_resize(&f.m, f.fd, 3 * page, MMAPX_RESIZE_MAYMOVE));
    /* It could, once. */
    OK(mmapx_protect(&f.m, 0, MMAPX_TO_END, PROT_READ));
    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    FAILS(ENOTSUP, mmapx_resize(&f.m, f.fd, 3 * page, MMAPX_RESIZE_MAYMOVE));
    /* It never could. */
    map_with_room(&f, PROT_READ, MAP_PRIVATE, 0);
    OK(mmapx_resize(&f.m, f.fd, 3 * page, MMAPX_RESIZE_MAYMOVE));
    check_pattern(f.m.addr, 0, f.m.len);
    /* A part of it could, once. */
    OK(mmapx_protect(&f.m, page, page, PROT_READ | PROT_WRITE));
    OK(mmapx_protect(&f.m, 0, MMAPX_TO_END, PROT_READ));
    fake_reset();
    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    fake_fail(FAKE_MMAP, ENOMEM, 1);
    FAILS(ENOTSUP, mmapx_resize(&f.m, f.fd, 4 * page, MMAPX_RESIZE_MAYMOVE));
    /* It has no one protection. */
    OK(mmapx_protect(&f.m, page, page, PROT_NONE));
    fake_reset();
    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    FAILS(ENOTSUP, mmapx_resize(&f.m, f.fd, 4 * page, MMAPX_RESIZE_MAYMOVE));
    /* It is no file. */
    OK(run_map_anon(&f));
    fake_fail(FAKE_MREMAP, ENOSYS, 1);
    FAILS(ENOTSUP, mmapx_resize(&f.m, f.fd, 4 * page, MMAPX_RESIZE_MAYMOVE));
}
END_TEST

/* --- Blocks --------------------------------------------------------------- */

/* Allocation goes on after signals, by steps that become smaller. */
START_TEST(signals_do_not_end_it)
{
    struct fixture f;
    size_t old;

    set_up(&f);
    if (mmapx_os_allocate(f.fd, 1 << 20, 1) < 0)
        SKIP("the system or the file system cannot allocate");
    OK(ftruncate(f.fd, (off_t)f.m.len));
    old = f.m.len;
    for (int nth = 1; nth <= 3; nth++) {
        fake_reset();
        fake_fail(FAKE_ALLOCATE, EINTR, nth);
        OK(mmapx_resize(&f.m, f.fd, f.m.len + (200 << 20), GROW_BOTH));
        ck_assert_int_ge(fake_count(FAKE_ALLOCATE), 4);
        ck_assert_int_eq(lseek(f.fd, 0, SEEK_END), (off_t)f.m.len);
        check_pattern(f.m.addr, 0, old);
        OK(mmapx_resize(&f.m, f.fd, old, MMAPX_RESIZE_FILE));
    }
}
END_TEST

/* Where nothing can be allocated zeros are written, or that says why not. */
START_TEST(a_file_system_that_cannot_allocate)
{
    struct fixture f;
    int codes[] = { ENOSPC, EDQUOT, EIO, EFBIG };
    size_t old, new;

    set_up(&f);
    old = f.m.len;
    new = old + (3 << 20);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        for (int nth = 1; nth <= 2; nth++) {
            fake_reset();
            fake_fail(FAKE_ALLOCATE, ENOTSUP, 1);
            fake_fail(FAKE_WRITE_ZEROS, codes[i], nth);
            FAILS(codes[i], mmapx_resize(&f.m, f.fd, new, GROW_BOTH));
            ck_assert_uint_eq(f.m.len, old);
            ck_assert_int_eq(lseek(f.fd, 0, SEEK_END), (off_t)old);
        }
    /* What cannot be cut again is not made longer. */
    fake_reset();
    fake_fail(FAKE_ALLOCATE, ENOTSUP, 1);
    fake_fail(FAKE_SET_SIZE, EPERM, 1);
    FAILS(EPERM, mmapx_resize(&f.m, f.fd, new, GROW_BOTH));
    ck_assert_int_eq(fake_count(FAKE_WRITE_ZEROS), 0);

    fake_reset();
    fake_fail(FAKE_ALLOCATE, ENOTSUP, 1);
    fake_fail(FAKE_WRITE_ZEROS, EINTR, 2);
    OK(mmapx_resize(&f.m, f.fd, new, GROW_BOTH));
    ck_assert_int_eq(lseek(f.fd, 0, SEEK_END), (off_t)new);
    check_pattern(f.m.addr, 0, old);
    ck_assert_int_eq(((char *)f.m.addr)[old], 0);
    ck_assert_mem_eq((char *)f.m.addr + old, (char *)f.m.addr + old + 1,
                     new - old - 1);
}
END_TEST

/* Steps that are stored to at once are written with zeros, and no others. */
START_TEST(how_far_files_are_written)
{
    struct fixture f;
    static const struct {
        size_t by;
        bool written;
    } cases[] = {
        { (64 << 10) - 1, false },
        { 64 << 10, true },
        { 16 << 20, true },
        { (16 << 20) + 1, false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_up(&f);
        if (mmapx_os_allocate(f.fd, 1 << 20, 1) < 0)
            SKIP("the system or the file system cannot allocate");
        OK(ftruncate(f.fd, (off_t)f.m.len));
        fake_zeros_pay = true;
        OK(mmapx_resize(&f.m, f.fd, f.m.len + cases[i].by, GROW_BOTH));
        ck_assert_int_eq(fake_count(FAKE_WRITE_ZEROS) > 0, cases[i].written);
        fake_zeros_pay = false;
        fake_reset();
        OK(mmapx_resize(&f.m, f.fd, f.m.len + cases[i].by, GROW_BOTH));
        ck_assert_int_eq(fake_count(FAKE_WRITE_ZEROS), 0);
    }
}
END_TEST

/* --- New bytes are zero --------------------------------------------------- */

/* Memory is cleared before anything else, a file's page when it has grown: that
 * one becomes shorter again, and so does the mapping or not. */
START_TEST(what_cannot_be_cleared)
{
    size_t page = page_size();
    off_t size = (off_t)(3 * page + 1);
    struct mmapx before;
    struct fixture f;

    set_up(&f);
    OK(mmapx_unmap(&f.m));
    OK(mmapx_map_anon(&f.m, 100, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    before = f.m;
    for (size_t len = 200; len < 4 * page; len += 2 * page) {
        fake_fail(FAKE_CLEAR, ENOMEM, 1);
        FAILS(ENOMEM, mmapx_resize(&f.m, -1, len, MMAPX_RESIZE_MAYMOVE));
        ck_assert_mem_eq(&f.m, &before, sizeof before);
        ck_assert_int_eq(fake_count(FAKE_MREMAP), 0);
    }
    OK(mmapx_unmap(&f.m));

    for (size_t pages = 4; pages <= 12; pages += 4) {
        OK(mmapx_map_region(&f.m, f.fd, 0, pages * page,
                            PROT_READ | PROT_WRITE, MAP_PRIVATE));
        ((char *)f.m.addr)[4 * page - 1] = 'x';
        before = f.m;
        fake_reset();
        fake_fail(FAKE_CLEAR, ENOMEM, 1);
        FAILS(ENOMEM, mmapx_resize(&f.m, f.fd, 8 * page, GROW_BOTH));
        ck_assert_mem_eq(&f.m, &before, sizeof before);
        ck_assert_int_eq(lseek(f.fd, 0, SEEK_END), size);
        check_pattern(f.m.addr, 0, 3 * page + 1);
        ck_assert_int_eq(((char *)f.m.addr)[4 * page - 1], 'x');
        OK(mmapx_resize(&f.m, f.fd, 8 * page, GROW_BOTH));
        ck_assert_int_eq(((char *)f.m.addr)[4 * page - 1], 0);
        OK(mmapx_unmap(&f.m));
        OK(ftruncate(f.fd, size));
    }
}
END_TEST

/* The protection has to be known for that, or to allow it. */
START_TEST(what_may_not_be_cleared)
{
    static const int codes[] = { EMFILE, ENFILE, ENOTSUP };
    size_t page = page_size();
    struct mmapx before;
    struct fixture f;

    need_the_kernel();
    set_up(&f);
    OK(mmapx_unmap(&f.m));
    OK(mmapx_map(&f.m, f.fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    OK(mmapx_protect(&f.m, 0, page, PROT_READ));
    before = f.m;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        fake_reset();
        fake_fail_from(FAKE_PROTECTION, codes[i], 1);
        fake_fail(FAKE_MADVISE, EFAULT, 1);
        FAILS(codes[i], mmapx_resize(&f.m, f.fd, 5 * page, GROW_BOTH));
        ck_assert_mem_eq(&f.m, &before, sizeof before);
        ck_assert_int_eq(lseek(f.fd, 0, SEEK_END), (off_t)(3 * page + 1));
        ck_assert_int_eq(fake_count(FAKE_MREMAP), 0);
    }
    if (mmapx_advice_supported(MMAPX_MADV_POPULATE_WRITE))
        OK(mmapx_resize(&f.m, f.fd, 5 * page, GROW_BOTH));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("errno_resize");

    ADD_TEST(s, resizing);
    ADD_TEST(s, a_cut_that_fails);
    ADD_TEST(s, a_cut_that_fails_behind_a_mapping_that_grew);
    ADD_TEST(s, a_cut_that_fails_after_a_move);
    ADD_TEST(s, a_cut_that_fails_and_no_way_back);
    ADD_TEST(s, a_tail_that_cannot_be_unmapped);
    ADD_TEST(s, growing_in_place_without_mremap);
    ADD_TEST(s, growing_without_room_and_mremap);
    ADD_TEST(s, growing_where_addresses_are_hints);
    ADD_TEST(s, written_pages_and_no_mremap);
    ADD_TEST(s, signals_do_not_end_it);
    ADD_TEST(s, a_file_system_that_cannot_allocate);
    ADD_TEST(s, how_far_files_are_written);
    ADD_TEST(s, what_cannot_be_cleared);
    ADD_TEST(s, what_may_not_be_cleared);
    return s;
}
