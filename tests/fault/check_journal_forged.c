/* SPDX-License-Identifier: MIT */
/* Journals that are whole and say what cannot be, files that change while a
 * journal is written, limits on files, and descriptors that are no file's. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "failures.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "journal_format.h"

enum { RW = PROT_READ | PROT_WRITE, PAGES = 3 };

static int file, journal;
static struct mmapx m;

/* A file of three pages and a private mapping of it, of which the first byte is
 * changed; and an empty journal. */
static void
set_up_files(void)
{
    fake_reset();
    file = temp_file(PAGES * page_size());
    journal = temp_file(0);
    OK(mmapx_map(&m, file, RW, MAP_PRIVATE));
    *(char *)m.addr = 'c';
    fake_reset();
}

static int
commit(void)
{
    return mmapx_commit_atomic(&m, file, journal, 0, MMAPX_TO_END);
}

static unsigned char
first_byte(int fd)
{
    unsigned char byte;

    ck_assert_int_eq(pread(fd, &byte, 1, 0), 1);
    return byte;
}

static off_t
size_of(int fd)
{
    return lseek(fd, 0, SEEK_END);
}

/* --- Forged journals ------------------------------------------------------ */

struct forgery {
    uint64_t pieces;
    int64_t at;
    uint64_t len;
    int64_t length; /* of the journal, by its header; 0: the true one */
};

/* A journal of one record of 16 bytes, with sums that are right. */
static void
forge(const struct forgery *forgery)
{
    unsigned char header[MMAPX_I_JOURNAL_HEADER];
    unsigned char record[MMAPX_I_JOURNAL_RECORD + 16];
    int64_t end = MMAPX_I_JOURNAL_HEADER + (int64_t)sizeof record;
    struct mmapx_i_journal h = {
        .file_length = size_of(file),
        .length = forgery->length != 0 ? forgery->length : end,
        .pieces = forgery->pieces,
    };

    memset(record, 'j', sizeof record);
    mmapx_i_journal_encode_record(record, forgery->at, (size_t)forgery->len);
    ck_assert_int_eq(pwrite(journal, record, sizeof record, sizeof header),
                     sizeof record);
    OK(mmapx_i_journal_sum(journal, sizeof header, end, &h.sum));
    mmapx_i_journal_encode(header, &h);
    ck_assert_int_eq(pwrite(journal, header, sizeof header, 0), sizeof header);
    fake_reset();
}

/* Nothing of it is written: neither a byte that has no place, nor those of the
 * records before it. */
START_TEST(records_that_cannot_be)
{
    const int64_t size = PAGES * (int64_t)page_size();
    const struct forgery forgeries[] = {
        { 2, 0, 16, 0 },                   /* one record too few */
        { 1, -1, 16, 0 },                  /* before the file */
        { 1, size + 1, 0, 0 },             /* behind it */
        { 1, size - 15, 16, 0 },           /* over its end */
        { 1, 0, (uint64_t)INT64_MAX, 0 },
        { 1, 0, 17, 0 },                   /* over the journal's end */
        { 1, 0, 16, MMAPX_I_JOURNAL_HEADER - 1 },
        { 1, 0, 16, -1 },
    };

    if (sizeof(size_t) < sizeof(uint64_t))
        SKIP("lengths are encoded from a size_t");
    for (size_t i = 0; i < sizeof forgeries / sizeof forgeries[0]; i++) {
        off_t length;

        set_up_files();
        forge(&forgeries[i]);
        length = size_of(journal);
        FAILS(EINVAL, mmapx_recover(file, journal));
        FAILS(EINVAL, commit());
        ck_assert_int_eq(first_byte(file), pattern(0));
        ck_assert_int_eq(size_of(file), size);
        ck_assert_int_eq(size_of(journal), length);
    }
}
END_TEST

/* The same record is written where all of it can be. */
START_TEST(records_that_can_be)
{
    set_up_files();
    forge(&(struct forgery){ 1, 0, 16, 0 });
    ck_assert_int_eq(mmapx_recover(file, journal), 1);
    ck_assert_int_eq(first_byte(file), 'j');
    ck_assert_int_eq(size_of(journal), 0);
}
END_TEST

/* --- Failures ------------------------------------------------------------- */

static void
get_nowhere(int fd, const void *bytes, size_t len, int64_t at)
{
    (void)bytes, (void)len, (void)at;
    fake_gets_nowhere = fd == file;
}

/* A journal that cannot be read may be whole: it stays. */
START_TEST(a_journal_that_cannot_be_judged)
{
    off_t length;

    set_up_files();
    forge(&(struct forgery){ 1, 0, 16, 0 });
    length = size_of(journal);
    for (int nth = 1; nth <= 4; nth++) {
        fake_reset();
        fake_fail(FAKE_READ_AT, EIO, nth);
        FAILS(EIO, mmapx_recover(file, journal));
        ck_assert_int_eq(size_of(journal), length);
    }
    /* Somebody cuts it. */
    fake_reset();
    fake_gets_nowhere = true;
    FAILS(EIO, mmapx_recover(file, journal));
    /* A write that writes nothing and names no error would never end. */
    fake_reset();
    fake_on_write = get_nowhere;
    FAILS(EIO, mmapx_recover(file, journal));
    ck_assert_int_eq(size_of(journal), length);
    fake_reset();
    ck_assert_int_eq(mmapx_recover(file, journal), 1);
}
END_TEST

static off_t new_size;

static void
change_size(int fd)
{
    if (fd == journal)
        ck_assert_int_eq(ftruncate(file, new_size), 0);
}

/* A journal of a file that has another length could not be recovered. */
START_TEST(a_file_that_changes_its_length_meanwhile)
{
    off_t size = PAGES * (off_t)page_size();

    for (int by = -1; by <= 1; by += 2) {
        set_up_files();
        new_size = size + by;
        fake_on_flush = change_size;
        FAILS(by < 0 ? EFAULT : EINVAL, commit());
        ck_assert_int_eq(size_of(file), size + by);
        ck_assert_int_eq(first_byte(file), pattern(0));
        ck_assert_int_eq(*(char *)m.addr, 'c');
        ck_assert_int_eq(size_of(journal), 0);
        fake_reset();
        OK(commit());
        ck_assert_int_eq(first_byte(file), 'c');
    }
}
END_TEST

/* --- The limit on files --------------------------------------------------- */

struct limited {
    size_t limit;
    int recovers; /* what mmapx_recover() returns; -1: EFBIG */
};

static bool
recovers_as_said(void *arg)
{
    const struct limited *l = arg;
    off_t length = l->recovers < 0 ? size_of(journal) : 0;
    unsigned char first = first_byte(file);

    if (!limit_files(l->limit))
        return false;
    if (mmapx_recover(file, journal) != l->recovers
        || (l->recovers < 0 && errno != EFBIG))
        return false;
    if (l->recovers < 1 && (commit() == 0 || errno != EFBIG))
        return false;
    return limit_files(SIZE_MAX) && size_of(journal) == length
           && (l->recovers == 1 || first_byte(file) == first);
}

/* A journal is emptied by writing a header, and before a byte of the file is
 * written it is known whether that can be done. */
START_TEST(a_limit_below_a_header)
{
    static const off_t lengths[] = { 1, 5, 16, 64, 90, 96 };
    const size_t header = MMAPX_I_JOURNAL_HEADER;

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct limited cases[] = {
            { 0, -1 }, { 10, -1 }, { header - 1, -1 },
            { header, lengths[i] == 96 ? 1 : 0 },
        };

        set_up_files();
        forge(&(struct forgery){ 1, 0, 16, 0 });
        OK(ftruncate(journal, lengths[i]));
        for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++)
            ck_assert_msg(in_child(recovers_as_said, &cases[k]),
                          "%d bytes, limit %zu", (int)lengths[i],
                          cases[k].limit);
    }
}
END_TEST

/* The file is above its limit already; what is written to it may not be. */
START_TEST(a_limit_below_a_record)
{
    struct limited cases[] = { { 115, -1 }, { 116, 1 } };

    set_up_files();
    forge(&(struct forgery){ 1, 100, 16, 0 });
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert(in_child(recovers_as_said, &cases[i]));
}
END_TEST

/* There is nothing to empty. */
START_TEST(a_limit_and_no_journal)
{
    struct limited none = { 0, 0 };

    set_up_files();
    ck_assert(in_child(recovers_as_said, &none));
}
END_TEST

/* --- Descriptors ---------------------------------------------------------- */

START_TEST(what_is_no_file)
{
    int zero = open("/dev/zero", O_RDWR);

    if (zero < 0)
        SKIP("there is no /dev/zero");
    set_up_files();
    FAILS(EINVAL, mmapx_recover(file, zero));
    FAILS(EINVAL, mmapx_recover(zero, journal));
    FAILS(EINVAL, mmapx_commit_atomic(&m, file, zero, 0, MMAPX_TO_END));
    ck_assert_int_eq(first_byte(file), pattern(0));
}
END_TEST

#ifdef O_DIRECT
static int
set_direct(int fd, bool on)
{
    int flags = fcntl(fd, F_GETFL) & ~O_DIRECT;

    return fcntl(fd, F_SETFL, on ? flags | O_DIRECT : flags);
}

/* Records are not of whole blocks. */
START_TEST(what_bypasses_the_cache)
{
    set_up_files();
    if (set_direct(journal, true) != 0)
        SKIP("nothing bypasses the cache of this file system");
    FAILS(EINVAL, commit());
    FAILS(EINVAL, mmapx_recover(file, journal));
    OK(set_direct(journal, false));
    OK(set_direct(file, true));
    FAILS(EINVAL, commit());
    FAILS(EINVAL, mmapx_recover(file, journal));
    ck_assert_int_eq(size_of(journal), 0);
    OK(set_direct(file, false));
    ck_assert_int_eq(first_byte(file), pattern(0));
    OK(commit());
}
END_TEST
#endif

/* A block device has no limit on its size, and the same promise. */
START_TEST(a_block_device)
{
    int device = loop_device(temp_file(16 * page_size()));
    off_t size = size_of(device);

    set_up_files();
    OK(mmapx_unmap(&m));
    file = device;
    OK(mmapx_map(&m, file, RW, MAP_PRIVATE));
    *(char *)m.addr = 'c';
    OK(commit());
    ck_assert_int_eq(first_byte(file), 'c');
    ck_assert_int_eq(size_of(journal), 0);

    *(char *)m.addr = 'd';
    fake_reset();
    fake_fail(FAKE_FLUSH_DATA, EIO, 2); /* the device's */
    FAILS(EIO, commit());
    ck_assert_int_gt(size_of(journal), 0);
    fake_reset();
    ck_assert_int_eq(mmapx_recover(file, journal), 1);
    ck_assert_int_eq(first_byte(file), 'd');
    ck_assert_int_eq(size_of(file), size);
    OK(mmapx_unmap(&m));
    close(device);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("journal_forged");

    ADD_TEST(s, records_that_cannot_be);
    ADD_TEST(s, records_that_can_be);
    ADD_TEST(s, a_journal_that_cannot_be_judged);
    ADD_TEST(s, a_file_that_changes_its_length_meanwhile);
    ADD_TEST(s, a_limit_below_a_header);
    ADD_TEST(s, a_limit_below_a_record);
    ADD_TEST(s, a_limit_and_no_journal);
    ADD_TEST(s, what_is_no_file);
#ifdef O_DIRECT
    ADD_TEST(s, what_bypasses_the_cache);
#endif
    ADD_TEST(s, a_block_device);
    return s;
}
