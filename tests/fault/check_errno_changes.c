/* SPDX-License-Identifier: MIT */
/* Failures below mmapx_commit() and mmapx_changed_run(). */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "failures.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

enum { RW = PROT_READ | PROT_WRITE, PAGES = 3 };

/* A private mapping of three pages of a file, of which the second is changed:
 * its first byte. */
static void
map_changed(struct fixture *f)
{
    size_t page = page_size();

    set_up(f);
    OK(ftruncate(f->fd, (off_t)(PAGES * page)));
    OK(mmapx_map(&f->m, f->fd, RW, MAP_PRIVATE));
    ((unsigned char *)f->m.addr)[page] = 'c';
    fake_reset();
}

static int
commit(struct fixture *f)
{
    return mmapx_commit(&f->m, f->fd, 0, MMAPX_TO_END);
}

static int
commit_either(struct fixture *f, bool is_atomic)
{
    if (!is_atomic)
        return commit(f);
    return mmapx_commit_atomic(&f->m, f->fd, temp_file(0), 0, MMAPX_TO_END);
}

/* The first byte of a page of the file. */
static int
in_file(const struct fixture *f, size_t n)
{
    unsigned char byte;

    ck_assert_int_eq(pread(f->fd, &byte, 1, (off_t)(n * page_size())), 1);
    return byte;
}

static int
in_memory(const struct fixture *f, size_t n)
{
    return ((unsigned char *)f->m.addr)[n * page_size()];
}

/* Whether a page is changed, by the system's own word. */
static bool
is_changed(const struct fixture *f, size_t n)
{
    struct mmapx_run run;

    OK(mmapx_changed_run(&f->m, n * page_size(), &run));
    return run.resident == 1;
}

/* The file once more, open for writing alone. */
static int
for_writing(const struct fixture *f)
{
    char path[64];
    int fd;

    snprintf(path, sizeof path, "/proc/self/fd/%d", f->fd);
    fd = open(path, O_WRONLY);
    if (fd < 0)
        SKIP("there is no /proc");
    return fd;
}

/* --- Comparing ------------------------------------------------------------ */

/* Memory that may not be read cannot be compared. */
START_TEST(memory_that_cannot_be_compared)
{
    size_t page = page_size();
    struct fixture f;

    map_changed(&f);
    OK(mmapx_protect(&f.m, 0, MMAPX_TO_END, PROT_NONE));
    fake_fail(FAKE_OWN_PAGES_OPEN, ENOTSUP, 1);
    FAILS(EFAULT, commit(&f));
    ck_assert_int_eq(in_file(&f, 1), pattern(page));

    /* In parts it may, and the system is asked. */
    need_native();
    OK(mmapx_protect(&f.m, 0, MMAPX_TO_END, RW));
    OK(mmapx_protect(&f.m, 0, page, PROT_READ));
    fake_fail(FAKE_OWN_PAGES_OPEN, ENOTSUP, 1);
    fake_fail(FAKE_MADVISE, ENOMEM, 1);
    FAILS(ENOMEM, commit(&f));
    ck_assert_int_eq(in_memory(&f, 1), 'c');
    ck_assert_int_eq(in_file(&f, 1), pattern(page));
    fake_reset();
    OK(commit(&f));
    ck_assert_int_eq(in_file(&f, 1), 'c');
}
END_TEST

/* A disk that does not give the file's bytes leaves the comparison open.  What
 * the file does not have any more needs none. */
START_TEST(a_file_that_cannot_be_compared)
{
    size_t page = page_size();
    struct fixture f;

    map_changed(&f);
    fake_fail_from(FAKE_OWN_PAGES_OPEN, ENOTSUP, 1);
    fake_fail(FAKE_READ_AT, EIO, 2);
    FAILS(EIO, commit(&f));
    ck_assert_int_eq(in_memory(&f, 1), 'c');
    ck_assert_int_eq(in_file(&f, 1), pattern(page));

    ck_assert_int_eq(ftruncate(f.fd, (off_t)page), 0);
    OK(commit(&f));
    ck_assert_int_eq(fake_count(FAKE_WRITE_AT), 0);
}
END_TEST

/* A page with a guard is left out, whoever looks for changes.  What looks like
 * one and is nowhere is lost, as by a swap area that fails. */
START_TEST(pages_of_a_guard)
{
    struct fixture f;

    map_changed(&f);
    if (mmapx_advise(&f.m, 0, page_size(), MMAPX_MADV_GUARD_INSTALL) != 0)
        SKIP("there are no guard pages in files");
    for (int i = 0; i < 2; i++) {
        bool is_atomic = i != 0;

        ((unsigned char *)f.m.addr)[page_size()] = (unsigned char)i;
        fake_fail_from(FAKE_OWN_PAGES_OPEN, ENOTSUP, 1);
        fake_fail(FAKE_MINCORE, ENOMEM, 1);
        FAILS(EFAULT, commit_either(&f, is_atomic));
        OK(commit_either(&f, is_atomic));
        ck_assert_int_eq(in_file(&f, 0), pattern(0));
        ck_assert_int_eq(in_file(&f, 1), i);
    }
}
END_TEST

/* A kernel that cannot be asked has no guards. */
START_TEST(a_kernel_that_cannot_be_asked)
{
    struct fixture f;

    map_changed(&f);
    fake_fail_from(FAKE_OWN_PAGES_OPEN, ENOTSUP, 1);
    fake_fail_from(FAKE_MADVISE, ENOSYS, 1);
    OK(commit(&f));
    ck_assert_int_eq(in_file(&f, 1), 'c');
    OK(mmapx_protect(&f.m, 0, MMAPX_TO_END, PROT_NONE));
    FAILS(EFAULT, commit(&f));
    OK(mmapx_protect(&f.m, 0, page_size(), PROT_READ));
    FAILS(ENOTSUP, commit(&f));
}
END_TEST

/* A descriptor that cannot be read does where the system tells, and only
 * there. */
START_TEST(a_descriptor_that_cannot_be_read)
{
    struct fixture f;
    int fd;

    need_the_kernel();
    map_changed(&f);
    fd = for_writing(&f);
    fake_fail(FAKE_OWN_PAGES_OPEN, ENOTSUP, 1);
    FAILS(EBADF, mmapx_commit(&f.m, fd, 0, MMAPX_TO_END));
    fake_reset();
    fake_fail(FAKE_OWN_PAGES, ENOTSUP, 1);
    FAILS(EBADF, mmapx_commit(&f.m, fd, 0, MMAPX_TO_END));
    ck_assert_int_eq(in_file(&f, 1), pattern(page_size()));

    /* It is written, and cannot be dropped. */
    fake_reset();
    fake_fail(FAKE_OWN_PAGES_OPEN, ENOTSUP, 2);
    OK(mmapx_commit(&f.m, fd, 0, MMAPX_TO_END));
    ck_assert_int_eq(in_file(&f, 1), 'c');
    ck_assert(is_changed(&f, 1));
    fake_reset();
    OK(mmapx_commit(&f.m, fd, 0, MMAPX_TO_END));
    ck_assert(!is_changed(&f, 1));
}
END_TEST

/* Where nothing drops copies the file is mapped anew, if that can be done as it
 * was. */
START_TEST(copies_that_cannot_be_dropped)
{
    struct fixture f;
    int fd;

    need_the_kernel();
    map_changed(&f);
    fd = for_writing(&f);
    fake_drops_nothing = true;
    OK(mmapx_commit(&f.m, fd, 0, MMAPX_TO_END));
    ck_assert(is_changed(&f, 1));
    OK(commit(&f));
    ck_assert(!is_changed(&f, 1));
    ck_assert_int_eq(in_memory(&f, 1), 'c');

    map_changed(&f);
    fake_drops_nothing = true;
    OK(mmapx_protect(&f.m, 0, page_size(), PROT_READ));
    OK(commit(&f));
    ck_assert(is_changed(&f, 1));
    ck_assert_int_eq(in_file(&f, 1), 'c');
}
END_TEST

/* --- Writing -------------------------------------------------------------- */

/* A write that writes nothing and names no error would never end. */
START_TEST(a_write_that_gets_nowhere)
{
    struct fixture f;

    map_changed(&f);
    fake_gets_nowhere = true;
    FAILS(EIO, commit(&f));
    fake_gets_nowhere = false;
    ck_assert_int_eq(in_memory(&f, 1), 'c');
    OK(commit(&f));
    ck_assert_int_eq(in_file(&f, 1), 'c');
}
END_TEST

/* A disk that failed has lost what the file's shared mappings have; a
 * descriptor that another thread has closed has not. */
START_TEST(what_a_flush_loses)
{
    struct mmapx shared;
    struct fixture f;

    map_changed(&f);
    OK(mmapx_map(&shared, f.fd, RW, MAP_SHARED));
    fake_fail(FAKE_FLUSH_DATA, EBADF, 1);
    FAILS(EBADF, commit(&f));
    OK(mmapx_sync(&shared, 0, MMAPX_TO_END, MS_SYNC));
    fake_fail(FAKE_FLUSH_DATA, EIO, 1);
    FAILS(EIO, commit(&f));
    FAILS(EIO, mmapx_sync(&shared, 0, MMAPX_TO_END, MS_SYNC));
    ck_assert_int_eq(in_memory(&f, 1), 'c');
    OK(commit(&f));
}
END_TEST

/* A file that is longer than the limit on files can be changed below it. */
static bool
is_limited(void *arg)
{
    size_t page = page_size();
    struct fixture *f = arg;

    if (!limit_files(2 * page))
        return false;
    ((unsigned char *)f->m.addr)[2 * page] = 'd';
    FAILS(EFBIG, commit(f));
    ck_assert_int_eq(in_file(f, 1), pattern(page));
    OK(mmapx_commit(&f->m, f->fd, 0, 2 * page));
    ck_assert_int_eq(in_file(f, 1), 'c');
    ck_assert_int_eq(in_file(f, 2), pattern(2 * page));
    return limit_files(SIZE_MAX) && in_memory(f, 2) == 'd';
}

START_TEST(a_file_above_the_limit)
{
    struct fixture f;

    map_changed(&f);
    ck_assert(in_child(is_limited, &f));
}
END_TEST

/* --- Replaced pages ------------------------------------------------------- */

static int
load_last_page(void *arg)
{
    const struct mmapx *m = arg;

    return ((volatile char *)m->addr)[m->len - 1];
}

/* The third page is zeros of mmapx_guard_zeros(), and stored to; the file has
 * it again. */
static void
map_replaced(struct fixture *f)
{
    size_t page = page_size();
    size_t faults;

    map_changed(f);
    OK(ftruncate(f->fd, (off_t)(2 * page)));
    ck_assert_int_eq(mmapx_guard_zeros(&f->m, load_last_page, &f->m, &faults),
                     0);
    ck_assert_uint_eq(faults, 1);
    ((unsigned char *)f->m.addr)[2 * page] = 'r';
    OK(ftruncate(f->fd, (off_t)(PAGES * page)));
    fake_reset();
}

/* They are no changes, whether the system tells of changes or they are
 * compared, and keep what was stored there. */
START_TEST(replaced_pages_are_left_out)
{
    struct fixture f;

    need_the_kernel();
    need_fault_addresses();
    for (int told = 0; told < 2; told++) {
        map_replaced(&f);
        ((unsigned char *)f.m.addr)[0] = 'b';
        if (told == 0)
            fake_fail_from(FAKE_OWN_PAGES_OPEN, ENOTSUP, 1);
        OK(commit(&f));
        fake_reset();
        ck_assert_int_eq(in_file(&f, 0), 'b');
        ck_assert_int_eq(in_file(&f, 1), 'c');
        ck_assert_int_eq(in_file(&f, 2), 0);
        ck_assert_int_eq(in_memory(&f, 2), 'r');
        ck_assert(!is_changed(&f, 2));
    }
}
END_TEST

/* Where nobody can tell which they are nothing is written. */
START_TEST(replaced_pages_that_are_not_told)
{
    struct mmapx_run run;
    struct fixture f;

    need_the_kernel();
    need_fault_addresses();
    map_replaced(&f);
    fake_fail(FAKE_ANONYMOUS, ENOTSUP, 1);
    FAILS(ENOTSUP, commit(&f));
    ck_assert_int_eq(in_file(&f, 1), pattern(page_size()));
    fake_reset();
    fake_fail(FAKE_ANONYMOUS, ENOTSUP, 1);
    FAILS(ENOTSUP, mmapx_changed_run(&f.m, 0, &run));
    fake_reset();
    OK(commit(&f));
}
END_TEST

/* --- Many changes --------------------------------------------------------- */

/* So many pages, each second of which is changed, that the disk is told to take
 * some before all are written. */
enum { MANY = 130 };

static void
map_many_changed(struct fixture *f)
{
    size_t page = page_size();

    set_up(f);
    OK(ftruncate(f->fd, 0));
    OK(ftruncate(f->fd, (off_t)(MANY * page)));
    OK(mmapx_map(&f->m, f->fd, RW, MAP_PRIVATE));
    for (size_t i = 0; i < MANY; i += 2)
        ((unsigned char *)f->m.addr)[i * page] = 'c';
    fake_reset();
}

static void
check_many(const struct fixture *f, int byte)
{
    for (size_t i = 0; i < MANY; i++)
        ck_assert_int_eq(in_file(f, i), i % 2 == 0 ? byte : 0);
}

START_TEST(a_disk_that_fails_meanwhile)
{
    struct mmapx shared;
    struct fixture f;

    map_many_changed(&f);
    OK(mmapx_map(&shared, f.fd, RW, MAP_SHARED));
    fake_fail(FAKE_BEGIN_WRITE, EIO, 1);
    FAILS(EIO, commit(&f));
    ck_assert_int_eq(fake_count(FAKE_FLUSH_DATA), 0);
    FAILS(EIO, mmapx_sync(&shared, 0, MMAPX_TO_END, MS_SYNC));
    ck_assert(is_changed(&f, 0));
    fake_reset();
    OK(commit(&f));
    ck_assert_int_eq(fake_count(FAKE_BEGIN_WRITE), 1);
    check_many(&f, 'c');
}
END_TEST

/* First the journal, then the file. */
START_TEST(a_disk_that_fails_beside_a_journal)
{
    struct fixture f;
    int journal;

    map_many_changed(&f);
    journal = temp_file(0);
    fake_fail(FAKE_BEGIN_WRITE, EIO, 1);
    FAILS(EIO, mmapx_commit_atomic(&f.m, f.fd, journal, 0, MMAPX_TO_END));
    check_many(&f, 0);
    ck_assert_int_eq(lseek(journal, 0, SEEK_END), 0);
    fake_reset();
    fake_fail(FAKE_BEGIN_WRITE, ENOSPC, 2);
    FAILS(ENOSPC, mmapx_commit_atomic(&f.m, f.fd, journal, 0, MMAPX_TO_END));
    ck_assert_int_gt(lseek(journal, 0, SEEK_END), 0);
    ck_assert_int_eq(mmapx_recover(f.fd, journal), 1);
    check_many(&f, 'c');
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("errno_changes");

    ADD_TEST(s, memory_that_cannot_be_compared);
    ADD_TEST(s, a_file_that_cannot_be_compared);
    ADD_TEST(s, pages_of_a_guard);
    ADD_TEST(s, a_kernel_that_cannot_be_asked);
    ADD_TEST(s, a_descriptor_that_cannot_be_read);
    ADD_TEST(s, copies_that_cannot_be_dropped);
    ADD_TEST(s, a_write_that_gets_nowhere);
    ADD_TEST(s, what_a_flush_loses);
    ADD_TEST(s, a_file_above_the_limit);
    ADD_TEST(s, replaced_pages_are_left_out);
    ADD_TEST(s, replaced_pages_that_are_not_told);
    ADD_TEST(s, a_disk_that_fails_meanwhile);
    ADD_TEST(s, a_disk_that_fails_beside_a_journal);
    return s;
}
