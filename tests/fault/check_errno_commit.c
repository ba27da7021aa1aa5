/* SPDX-License-Identifier: MIT */
/*
 * Somebody cuts the file, or makes it longer, in the middle of a commit.  The
 * seam stops there, so that it is always the same middle.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "fake_os.h"
#include "internal.h"
#include "support.h"

#include <string.h>
#include <unistd.h>

enum { PAGES = 16 };

static struct mmapx m;
static int file, journal;

/* At which write, to which of the two, the file gets how many pages. */
static int moment;
static int moment_fd;
static size_t pages_then;

static void
on_write(int fd, const void *bytes, size_t len, int64_t at)
{
    (void)bytes, (void)len, (void)at;
    if (fd == moment_fd && --moment == 0)
        ck_assert_int_eq(ftruncate(file, (off_t)(pages_then * page_size())),
                         0);
}

/* Every second page is changed, so that each of them is a write. */
static void
set_up(int fd_is_journal, int nth, size_t pages)
{
    fake_reset();
    file = temp_file(PAGES * page_size());
    journal = temp_file(0);
    OK(mmapx_map(&m, file, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    for (size_t i = 0; i < PAGES; i += 2)
        memset((char *)m.addr + i * page_size(), 'x', page_size());
    moment = nth;
    moment_fd = fd_is_journal != 0 ? journal : file;
    pages_then = pages;
    fake_on_write = on_write;
}

static int
commit_plainly(void)
{
    return mmapx_commit(&m, file, 0, MMAPX_TO_END);
}

static int
commit_atomically(void)
{
    return mmapx_commit_atomic(&m, file, journal, 0, MMAPX_TO_END);
}

static size_t
pages_of_file(void)
{
    off_t size = lseek(file, 0, SEEK_END);

    ck_assert_int_eq(size % (off_t)page_size(), 0);
    return (size_t)size / page_size();
}

/* The first n pages of the file: those of the commit as far as it came. */
static void
check_file(size_t n, size_t committed)
{
    unsigned char byte;

    for (size_t i = 0; i < n; i++) {
        off_t at = (off_t)(i * page_size() + 100);

        ck_assert_int_eq(pread(file, &byte, 1, at), 1);
        if (i % 2 == 0 && i < committed)
            ck_assert_int_eq(byte, 'x');
        else
            ck_assert_int_eq(byte, i < PAGES ? pattern((size_t)at) : 0);
    }
}

static void
check_changes(size_t n)
{
    for (size_t i = 0; i < n; i += 2)
        ck_assert_int_eq(((char *)m.addr)[i * page_size() + 50], 'x');
}

/* The page that is being written is gone.  ext4 makes the file as long as up to
 * that page before it finds out (6.18). */
START_TEST(cut_before_the_page)
{
    size_t left;

    need_the_kernel();
    set_up(0, 3, 2);
    FAILS(EFAULT, commit_plainly());
    left = pages_of_file();
    ck_assert(left == 2 || left == 4);
    check_file(2, 2);
    check_changes(2);
    OK(commit_plainly());
    ck_assert_uint_eq(pages_of_file(), left);
    check_file(2, 2);
}
END_TEST

/* What comes behind it is. */
START_TEST(cut_behind_the_page)
{
    need_the_kernel();
    set_up(0, 3, 6);
    OK(commit_plainly());
    ck_assert_uint_eq(pages_of_file(), 6);
    check_file(6, 6);
}
END_TEST

START_TEST(grown)
{
    set_up(0, 3, PAGES + 5);
    OK(commit_plainly());
    ck_assert_uint_eq(pages_of_file(), PAGES + 5);
    check_file(PAGES + 5, PAGES);
}
END_TEST

/* A journal would be that of a file of another length, and does not stay. */
START_TEST(while_the_journal_is_written)
{
    static const struct {
        size_t pages;
        int code;
    } others[] = { { PAGES - 1, EFAULT }, { PAGES + 1, EINVAL } };

    need_the_kernel();
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        set_up(1, 4, others[i].pages);
        FAILS(others[i].code, commit_atomically());
        ck_assert_uint_eq(pages_of_file(), others[i].pages);
        ck_assert_int_eq(lseek(journal, 0, SEEK_END), 0);
        check_file(others[i].pages, 0);
        check_changes(PAGES - 1);
        ck_assert_int_eq(mmapx_recover(file, journal), 0);
        OK(commit_atomically());
        check_file(PAGES - 1, PAGES);
    }
}
END_TEST

/* The file has a part: its journal stays, and waits for the old length. */
START_TEST(while_the_file_is_written)
{
    need_the_kernel();
    set_up(0, 3, 2);
    FAILS(EFAULT, commit_atomically());
    ck_assert_int_gt(lseek(journal, 0, SEEK_END), 0);
    FAILS(EINVAL, mmapx_recover(file, journal));
    FAILS(EINVAL, commit_atomically());
    ck_assert_uint_le(pages_of_file(), 4);
    ck_assert_int_eq(ftruncate(file, (off_t)(PAGES * page_size())), 0);
    ck_assert_int_eq(mmapx_recover(file, journal), 1);
    ck_assert_uint_eq(pages_of_file(), PAGES);
    for (size_t i = 0; i < PAGES; i += 2) {
        char byte;

        ck_assert_int_eq(pread(file, &byte, 1, (off_t)(i * page_size())), 1);
        ck_assert_int_eq(byte, 'x');
    }
}
END_TEST

/* --- Growing beyond the limit on files ------------------------------------ */

static size_t limit_now, size_then;
static bool has_grown;

/* Somebody who has no limit makes the file longer. */
static void
grow_at_flush(int fd)
{
    if (fd == moment_fd && --moment == 0)
        has_grown = limit_files(SIZE_MAX)
                    && ftruncate(file, (off_t)size_then) == 0
                    && limit_files(limit_now);
}

static void
grow_at_write(int fd, const void *bytes, size_t len, int64_t at)
{
    (void)bytes, (void)len, (void)at;
    grow_at_flush(fd);
}

/* A file of two pages and ten bytes, and a mapping that is longer.  Pages are
 * changed, step by step; the file gets a size at its first flush or write. */
static bool
set_up_limit(size_t step, size_t limit, size_t size)
{
    size_t page = page_size();

    fake_reset();
    file = temp_file(2 * page + 10);
    journal = temp_file(0);
    OK(mmapx_map_region(&m, file, 0, 3 * page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE));
    for (size_t i = 0; i < 3; i += step)
        memset((char *)m.addr + i * page, 'x', page);
    moment = 1;
    moment_fd = file;
    limit_now = limit;
    size_then = size;
    return limit_files(limit);
}

static bool
is_above_the_limit(int (*commit)(void))
{
    return commit() == -1 && errno == EFBIG && has_grown
           && limit_files(SIZE_MAX);
}

/* What was in the file when the limit was looked at may be written. */
static bool
is_stopped_in_the_file(void *arg)
{
    int (*commit)(void) = *(int (**)(void))arg;
    size_t page = page_size();
    char byte;

    if (!set_up_limit(2, 2 * page + 10, 3 * page))
        return false;
    fake_on_write = grow_at_write;
    if (!is_above_the_limit(commit))
        return false;
    ck_assert_int_eq(pread(file, &byte, 1, (off_t)(2 * page)), 1);
    ck_assert_uint_eq((unsigned char)byte, pattern(2 * page));
    ck_assert_int_eq(((char *)m.addr)[2 * page], 'x');
    ck_assert_int_eq(ftruncate(file, (off_t)(2 * page + 10)), 0);
    ck_assert_int_eq(mmapx_recover(file, journal), commit != commit_plainly);
    OK(commit());
    return pread(file, &byte, 1, (off_t)(2 * page)) == 1 && byte == 'x';
}

START_TEST(grown_beyond_the_limit)
{
    int (*commits[])(void) = { commit_plainly, commit_atomically };

    need_the_kernel();
    for (size_t i = 0; i < sizeof commits / sizeof commits[0]; i++)
        ck_assert(in_child(is_stopped_in_the_file, &commits[i]));
}
END_TEST

/* The journal becomes longer than it was when the limit was looked at. */
static bool
is_stopped_in_the_journal(void *arg)
{
    size_t page = page_size();
    char byte;

    (void)arg;
    if (!set_up_limit(1, 2 * page + 96, 2 * page + 80))
        return false;
    fake_on_flush = grow_at_flush;
    if (!is_above_the_limit(commit_atomically))
        return false;
    ck_assert_int_eq(lseek(journal, 0, SEEK_END), 0);
    ck_assert_int_eq(pread(file, &byte, 1, 0), 1);
    ck_assert_uint_eq((unsigned char)byte, pattern(0));
    OK(commit_atomically());
    return pread(file, &byte, 1, (off_t)(2 * page)) == 1 && byte == 'x';
}

START_TEST(a_journal_beyond_the_limit)
{
    need_the_kernel();
    ck_assert(in_child(is_stopped_in_the_journal, NULL));
}
END_TEST

/* --- What is written ------------------------------------------------------ */

static struct {
    int64_t at;
    size_t len;
} writes[8];
static size_t n_writes;

static void
note_write(int fd, const void *bytes, size_t len, int64_t at)
{
    (void)bytes;
    ck_assert_int_eq(fd, file);
    ck_assert_uint_lt(n_writes, sizeof writes / sizeof writes[0]);
    writes[n_writes].at = at;
    writes[n_writes++].len = len;
}

/* In whatever order pages were changed they are written by ascending places,
 * neighbours at once, and no byte that is not the mapping's.  Then comes one
 * flush. */
START_TEST(the_order_of_writes)
{
    static const size_t changed[] = { 9, 4, 12, 3, 5, 0 };
    int64_t page = (int64_t)page_size();
    int64_t places[][2] = {
        { 10, page }, { 3 * page, 6 * page }, { 9 * page, 10 * page },
        { 12 * page, 12 * page + 10 },
    };

    need_the_kernel();
    fake_reset();
    file = temp_file(PAGES * page_size());
    OK(mmapx_map_region(&m, file, 10, 12 * page_size(), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE));
    for (size_t i = 0; i < sizeof changed / sizeof changed[0]; i++)
        ((char *)m.addr)[changed[i] * page_size() - (changed[i] > 0 ? 10 : 0)]
            = 'x';
    n_writes = 0;
    fake_on_write = note_write;
    OK(commit_plainly());
    ck_assert_uint_eq(n_writes, sizeof places / sizeof places[0]);
    for (size_t i = 0; i < n_writes; i++) {
        ck_assert_int_eq(writes[i].at, places[i][0]);
        ck_assert_int_eq(writes[i].at + (int64_t)writes[i].len, places[i][1]);
    }
    ck_assert_int_eq(fake_count(FAKE_FLUSH_DATA), 1);
}
END_TEST

/* --- Once more, by comparing ---------------------------------------------- */

/* A commit that did not reach the disk has left the page cache as if it had:
 * another one writes all that may be lost.  A hole stays one. */
static void
check_once_more(int (*commit)(void))
{
    size_t page = page_size();

    fake_reset();
    file = temp_file(2 * page);
    journal = temp_file(0);
    ck_assert_int_eq(ftruncate(file, (off_t)(PAGES * page)), 0);
    ck_assert_int_eq(ftruncate(file, (off_t)(PAGES * page + 10)), 0);
    OK(mmapx_map(&m, file, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    memset(m.addr, 'x', 1);
    fake_fail_from(FAKE_OWN_PAGES_OPEN, ENOTSUP, 1);
    fake_fail(FAKE_FLUSH_DATA, ENOSPC, commit == commit_plainly ? 1 : 3);
    FAILS(ENOSPC, commit());
    ck_assert_int_eq(mmapx_recover(file, journal), commit != commit_plainly);
    n_writes = 0;
    fake_on_write = commit == commit_plainly ? note_write : NULL;
    OK(mmapx_commit(&m, file, 0, 1)); /* not all of it */
    fake_fail(FAKE_FLUSH_DATA, ENOSPC, 1);
    FAILS(ENOSPC, commit());
    OK(commit());
    if (commit == commit_plainly)
        ck_assert_uint_ge(n_writes, 3);
    fake_on_write = NULL;
    n_writes = (size_t)fake_count(FAKE_WRITE_AT);
    OK(commit());
    ck_assert_uint_eq((size_t)fake_count(FAKE_WRITE_AT), n_writes);
}

START_TEST(once_more_by_comparing)
{
    check_once_more(commit_plainly);
    check_once_more(commit_atomically);
}
END_TEST

/* A file of two pages, and a private mapping of it in which the first one was
 * changed to what the file has by now.  Comparing finds nothing. */
static void
set_up_alike(void)
{
    fake_reset();
    file = temp_file(2 * page_size());
    journal = temp_file(0);
    OK(mmapx_map(&m, file, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    memset(m.addr, 'x', 100);
    ck_assert_int_eq(pwrite(file, m.addr, 100, 0), 100);
    fake_fail_from(FAKE_OWN_PAGES_OPEN, ENOTSUP, 1);
}

/* What somebody else wrote need not be on the disk yet.  The copies are dropped
 * as well. */
static void
check_alike(int (*commit)(void))
{
    set_up_alike();
    fake_fail(FAKE_FLUSH_DATA, EIO, 1);
    FAILS(EIO, commit());
    ck_assert_int_eq(lseek(journal, 0, SEEK_END), 0);
    ck_assert_int_eq(*(char *)m.addr, 'x');

    set_up_alike();
    OK(commit());
    ck_assert_int_eq(fake_count(FAKE_FLUSH_DATA), 1);
    ck_assert_int_eq(fake_count(FAKE_WRITE_AT), 0);
    need_native();
    ck_assert_int_eq(pwrite(file, "later", 5, 50), 5);
    ck_assert_mem_eq((char *)m.addr + 50, "later", 5);
}

START_TEST(nothing_differs)
{
    check_alike(commit_plainly);
    check_alike(commit_atomically);
}
END_TEST

/* The page cache has what another mapping could not bring to the disk: one that
 * was there before writes it, and so does one that is made later. */
static void
check_lost_by_another(int (*commit)(void), bool is_older)
{
    struct mmapx other;

    set_up_alike();
    if (is_older)
        OK(mmapx_unmap(&m));
    OK(mmapx_map(&other, file, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    memset(other.addr, 'y', 100);
    fake_fail(FAKE_FLUSH_DATA, ENOSPC, 1);
    FAILS(ENOSPC, mmapx_commit(&other, file, 0, MMAPX_TO_END));
    OK(mmapx_unmap(&other));
    if (is_older)
        OK(mmapx_map(&m, file, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    memset(m.addr, 'y', 100);
    for (int i = 0; i < 2; i++) {
        int before = fake_count(FAKE_WRITE_AT);

        OK(commit());
        ck_assert_int_eq(fake_count(FAKE_WRITE_AT) > before, i == 0);
    }
}

START_TEST(lost_by_another)
{
    for (int is_older = 0; is_older < 2; is_older++) {
        check_lost_by_another(commit_plainly, is_older != 0);
        check_lost_by_another(commit_atomically, is_older != 0);
    }
}
END_TEST

/* A failure that the mapping remembers may be a loss of any time. */
START_TEST(lost_and_remembered)
{
    set_up_alike();
    fake_fail(FAKE_FLUSH, EIO, 1);
    FAILS(EIO, mmapx_sync_file(&m, file, 0, MMAPX_TO_END));
    OK(commit_plainly());
    ck_assert_int_gt(fake_count(FAKE_WRITE_AT), 0);
    OK(mmapx_sync_reset(&m));
    OK(commit_plainly());
    n_writes = (size_t)fake_count(FAKE_WRITE_AT);
    OK(commit_plainly());
    ck_assert_uint_eq((size_t)fake_count(FAKE_WRITE_AT), n_writes);
}
END_TEST

/* What the system says of a file that it does not let be written any more. */
START_TEST(no_longer_writable)
{
    static const int codes[] = { EPERM, EROFS, ETXTBSY };
    int (*commits[])(void) = { commit_plainly, commit_atomically };

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        for (size_t j = 0; j < 2; j++) {
            fake_reset();
            file = temp_file(page_size());
            journal = temp_file(0);
            OK(mmapx_map(&m, file, PROT_READ | PROT_WRITE, MAP_PRIVATE));
            *(char *)m.addr = 'x';
            fake_fail(FAKE_WRITE_AT, codes[i], 1);
            FAILS(codes[i], commits[j]());
            ck_assert_int_eq(*(char *)m.addr, 'x');
            OK(commits[j]());
        }
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("errno_commit");

    ADD_TEST(s, no_longer_writable);
    ADD_TEST(s, once_more_by_comparing);
    ADD_TEST(s, nothing_differs);
    ADD_TEST(s, lost_by_another);
    ADD_TEST(s, lost_and_remembered);

    ADD_TEST(s, the_order_of_writes);
    ADD_TEST(s, cut_before_the_page);
    ADD_TEST(s, cut_behind_the_page);
    ADD_TEST(s, grown);
    ADD_TEST(s, grown_beyond_the_limit);
    ADD_TEST(s, a_journal_beyond_the_limit);
    ADD_TEST(s, while_the_journal_is_written);
    ADD_TEST(s, while_the_file_is_written);
    return s;
}
