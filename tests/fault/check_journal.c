/* SPDX-License-Identifier: MIT */
/*
 * mmapx_commit_atomic() and mmapx_recover() where the power fails.
 *
 * What they write, flush and cut is recorded in order.  For each point in that
 * order two files are made as a disk might have them: all that was flushed, and
 * of the rest nothing, all, or some, torn at sectors.  Then the power is back,
 * mmapx_recover() runs, and the file has to be the old or the new one.  While
 * it runs the power may fail as well.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "fake_os.h"
#include "internal.h"
#include "support.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECTOR = 512, PAGES = 24, ROOM = 4 << 20, OPERATIONS = 512 };

/* --- What was done -------------------------------------------------------- */

enum kind { WRITE, FLUSH, SET_SIZE };

struct operation {
    enum kind kind;
    int fd;
    int64_t at; /* or the size */
    size_t len;
    unsigned char *bytes;
};

static struct operation operations[OPERATIONS];
static size_t n_operations;
static int file, journal;

static struct operation *
note(enum kind kind, int fd)
{
    struct operation *op = &operations[n_operations++];

    ck_assert(n_operations < OPERATIONS);
    *op = (struct operation){ .kind = kind, .fd = fd };
    return op;
}

static void
on_write(int fd, const void *bytes, size_t len, int64_t at)
{
    struct operation *op = note(WRITE, fd);

    op->at = at;
    op->len = len;
    op->bytes = malloc(len + 1);
    ck_assert_ptr_nonnull(op->bytes);
    memcpy(op->bytes, bytes, len);
}

static void
on_flush(int fd)
{
    note(FLUSH, fd);
}

static void
on_size(int fd, int64_t size)
{
    note(SET_SIZE, fd)->at = size;
}

static void
stop_recording(void)
{
    fake_on_write = NULL;
    fake_on_flush = NULL;
    fake_on_size = NULL;
}

static void
go_on_recording(void)
{
    fake_on_write = on_write;
    fake_on_flush = on_flush;
    fake_on_size = on_size;
}

/* All but the first ones. */
static void
forget(size_t first)
{
    for (size_t i = first; i < n_operations; i++)
        free(operations[i].bytes);
    n_operations = first;
}

static void
start_recording(void)
{
    forget(0);
    go_on_recording();
}

/* --- What the disk has of it ---------------------------------------------- */

struct image {
    unsigned char bytes[ROOM];
    int64_t size;
};

static struct image old_file, new_file, disk[2], start[2];
static struct image short_file; /* before it grew; of no size if it did not */

static uint32_t seed = 1;

static unsigned
chance(unsigned n)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 16) % n;
}

enum how { NOTHING, EVERYTHING, SOME_WRITES, SOME_SECTORS, LAST_ONLY, WAYS };

static void
apply_sectors(struct image *image, const struct operation *op, bool torn)
{
    for (size_t done = 0; done < op->len;) {
        size_t n = SECTOR - ((size_t)op->at + done) % SECTOR;

        if (n > op->len - done)
            n = op->len - done;
        if (!torn || chance(2) == 0)
            memcpy(image->bytes + op->at + done, op->bytes + done, n);
        done += n;
    }
    if (op->at + (int64_t)op->len > image->size)
        image->size = op->at + (int64_t)op->len;
}

static void
apply(struct image *image, const struct operation *op, enum how how)
{
    if (op->kind == SET_SIZE) {
        if (op->at < image->size)
            memset(image->bytes + op->at, 0, (size_t)(image->size - op->at));
        image->size = op->at;
    } else if (op->kind == WRITE) {
        ck_assert_int_le(op->at + (int64_t)op->len, ROOM);
        apply_sectors(image, op, how == SOME_SECTORS);
    }
}

/* Whether a flush of that file comes between two operations. */
static bool
is_flushed(size_t i, size_t end)
{
    for (size_t j = i + 1; j < end; j++)
        if (operations[j].kind == FLUSH
            && operations[j].fd == operations[i].fd)
            return true;
    return false;
}

/* The operations that end with the first flush of the journal. */
static size_t
until_journal_is_flushed(void)
{
    size_t n = 0;

    while (operations[n].kind != FLUSH || operations[n].fd != journal)
        n++;
    return n + 1;
}

/* The disk after the first n operations. */
static void
replay(size_t n, enum how how)
{
    memcpy(disk, start, sizeof disk);
    for (size_t i = 0; i < n; i++) {
        struct image *image = &disk[operations[i].fd == journal];
        bool safe = is_flushed(i, n);
        bool takes = safe || how == EVERYTHING || how == SOME_SECTORS
                     || (how == SOME_WRITES && chance(2) == 0)
                     || (how == LAST_ONLY && i + 1 == n);

        if (takes)
            apply(image, &operations[i], safe ? EVERYTHING : how);
    }
}

static void
load(struct image *image, int fd)
{
    memset(image->bytes, 0, sizeof image->bytes);
    image->size = lseek(fd, 0, SEEK_END);
    ck_assert_int_eq(pread(fd, image->bytes, sizeof image->bytes, 0),
                     image->size);
}

static void
store(const struct image *image, int fd)
{
    ck_assert_int_eq(ftruncate(fd, 0), 0);
    ck_assert_int_eq(pwrite(fd, image->bytes, (size_t)image->size, 0),
                     image->size);
}

static bool
is_same(const struct image *a, const struct image *b)
{
    return a->size == b->size
           && memcmp(a->bytes, b->bytes, (size_t)a->size) == 0;
}

/* --- The scene ------------------------------------------------------------ */

static struct mmapx m;

/* Nothing fails, and nobody waits for the real disk: that of the test is
 * another one. */
static void
reset(void)
{
    fake_reset();
    fake_flushes = false;
}

/* A file, its journal, and changes of pages here and there. */
static void
set_up(void)
{
    size_t page = page_size();

    reset();
    file = temp_file(PAGES * page - 100);
    journal = temp_file(0);
    if (PAGES * page * 2 > ROOM)
        SKIP("the pages are too large for this test");
    OK(mmapx_map_region(&m, file, 10, MMAPX_TO_END, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE));
    load(&old_file, file);
    for (size_t i = 1; i < PAGES; i += i % 3 == 0 ? 2 : 1)
        memset((char *)m.addr + i * page - 10 + i * 3, 'a' + (int)i, 900);
    ((char *)m.addr)[m.len - 1] = 'z';
    load(&new_file, file);
    memcpy(new_file.bytes + 10, m.addr, m.len);
    load(&start[0], file);
    load(&start[1], journal);
}

static int
commit_all(void)
{
    return mmapx_commit_atomic(&m, file, journal, 0, MMAPX_TO_END);
}

static int points;

/* What mmapx_recover() makes of a disk: old or new, and an empty journal. */
static void
check_disk(const char *what, size_t n, int how)
{
    static struct image now;
    static int a = -1, b = -1;
    int r;

    if (a < 0) {
        a = temp_file(0);
        b = temp_file(0);
    }
    store(&disk[0], a);
    store(&disk[1], b);
    r = mmapx_recover(a, b);
    ck_assert_msg(r == 0 || r == 1, "%s %zu, %d: errno %d", what, n, how,
                  errno);
    load(&now, a);
    ck_assert_msg(is_same(&now, &old_file) || is_same(&now, &new_file)
                      || (short_file.size > 0 && is_same(&now, &short_file)),
                  "%s %zu, %d: between old and new", what, n, how);
    ck_assert_int_eq(lseek(b, 0, SEEK_END), 0);
    ck_assert_int_eq(mmapx_recover(a, b), 0);
    points++;
}

/* Each point, each way, and several draws of those that are left to chance. */
static void
check_all_points(const char *what)
{
    for (size_t n = 0; n <= n_operations; n++)
        for (int how = 0; how < WAYS; how++)
            for (int draw = 0; draw < (how == SOME_WRITES || how == SOME_SECTORS
                                           ? 8 : 1);
                 draw++) {
                replay(n, (enum how)how);
                check_disk(what, n, how);
            }
}

START_TEST(the_power_fails)
{
    set_up();
    start_recording();
    OK(commit_all());
    stop_recording();
    ck_assert_int_ge((int)n_operations, 30);
    check_all_points("commit");
    ck_assert_int_ge(points, 500);
    /* When it has returned, only the new one is possible. */
    replay(n_operations, NOTHING);
    ck_assert(is_same(&disk[0], &new_file));
}
END_TEST

/* The file has become longer, and nobody has synced that: its new length is on
 * the disk before a journal says it. */
START_TEST(a_length_that_is_not_on_the_disk)
{
    size_t page = page_size();

    reset();
    file = temp_file(10 * page - 100);
    journal = temp_file(0);
    load(&short_file, file);
    load(&start[0], file);
    load(&start[1], journal);
    start_recording();
    OK(mmapx_map(&m, file, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    OK(mmapx_resize(&m, file, 20 * page - 100,
                    MMAPX_RESIZE_FILE | MMAPX_RESIZE_MAYMOVE
                        | MMAPX_RESIZE_SPARSE));
    stop_recording();
    /* However that was done. */
    n_operations = 0;
    on_size(file, (int64_t)m.len);
    go_on_recording();
    load(&old_file, file);
    for (size_t i = 0; i < 20; i += 2)
        memset((char *)m.addr + i * page, 'a' + (int)i, 900);
    new_file = old_file;
    memcpy(new_file.bytes, m.addr, m.len);
    OK(commit_all());
    stop_recording();
    check_all_points("longer");
    replay(n_operations, NOTHING);
    ck_assert(is_same(&disk[0], &new_file));
}
END_TEST

/* A process that is killed has written what it has written, although not all
 * of it is on the disk.  The power fails while the next one recovers. */
START_TEST(the_power_fails_after_a_kill)
{
    static struct operation commit[OPERATIONS];
    size_t n_commit;

    set_up();
    start_recording();
    OK(commit_all());
    stop_recording();
    n_commit = n_operations;
    memcpy(commit, operations, sizeof commit);
    for (size_t killed = 0; killed <= n_commit; killed++) {
        memcpy(operations, commit, sizeof commit);
        n_operations = killed;
        replay(killed, EVERYTHING);
        store(&disk[0], file);
        store(&disk[1], journal);
        go_on_recording();
        ck_assert_int_ge(mmapx_recover(file, journal), 0);
        stop_recording();
        for (size_t n = killed; n <= n_operations; n++)
            for (int how = 0; how < WAYS; how++) {
                replay(n, (enum how)how);
                check_disk("killed", n, how);
            }
        forget(killed);
    }
    ck_assert_int_ge(points, 500);
}
END_TEST

/* The cut of the last journal need not have reached the disk, so that a shorter
 * one may stand in front of its rest. */
START_TEST(the_power_fails_in_the_next_commit)
{
    struct operation cut;

    set_up();
    start_recording();
    OK(commit_all());
    replay(n_operations - 1, EVERYTHING);
    cut = operations[n_operations - 1];
    ck_assert_int_eq(cut.kind, SET_SIZE);
    ck_assert_int_gt(disk[1].size, 0);
    memcpy(start, disk, sizeof start);
    start_recording();
    operations[n_operations++] = cut;
    old_file = new_file;
    memset((char *)m.addr + 5 * page_size(), 'n', 300);
    memcpy(new_file.bytes + 10, m.addr, m.len);
    OK(commit_all());
    stop_recording();
    check_all_points("next commit");
    replay(n_operations, NOTHING);
    ck_assert(is_same(&disk[0], &new_file));
}
END_TEST

/* The journal is whole, the file is as old, and recovery is cut. */
START_TEST(the_power_fails_again)
{
    struct image *before = malloc(2 * sizeof *before);
    int a = temp_file(0), b = temp_file(0);
    size_t whole;

    ck_assert_ptr_nonnull(before);
    set_up();
    start_recording();
    OK(commit_all());
    whole = until_journal_is_flushed();
    for (int part = 0; part < 3; part++) {
        replay(whole + (size_t)part * 3, SOME_SECTORS);
        memcpy(before, disk, sizeof disk);
        store(&disk[0], a);
        store(&disk[1], b);
        start[0] = before[0];
        start[1] = before[1];
        file = a;
        journal = b;
        start_recording();
        ck_assert_int_eq(mmapx_recover(a, b), 1);
        stop_recording();
        check_all_points("recovery");
        /* Set the stage for the next part. */
        set_up();
        start_recording();
        OK(commit_all());
    }
    ck_assert_int_ge(points, 500);
    free(before);
}
END_TEST

/* --- Failures that the process survives ----------------------------------- */

/* No write succeeds any more, as on a full btrfs, where zeros over the journal
 * need room, too: while the file is the old one the journal is emptied. */
START_TEST(no_write_succeeds_any_more)
{
    static struct image now;
    bool over = false;
    int emptied = 0;

    for (int turn = 1; !over; turn++) {
        set_up();
        fake_fail_from(FAKE_WRITE_AT, ENOSPC, turn);
        errno = 0;
        if (commit_all() != 0)
            ck_assert_int_eq(errno, ENOSPC);
        over = fake_count(FAKE_WRITE_AT) < turn;
        load(&now, file);
        if (is_same(&now, &old_file)) {
            ck_assert_int_eq(lseek(journal, 0, SEEK_END), 0);
            ck_assert_int_eq(ftruncate(journal, 8192), 0); /* a torn one */
            ck_assert_int_eq(mmapx_recover(file, journal), 0);
            ck_assert_int_eq(lseek(journal, 0, SEEK_END), 0);
            emptied++;
        }
        reset();
        OK(mmapx_unmap(&m));
        close(file);
        close(journal);
    }
    ck_assert_int_gt(emptied, 1);
}
END_TEST

/* Each call fails once: the file is the old one or the new one after recovery,
 * the mapping has every change, and a second commit goes through. */
START_TEST(every_call_fails)
{
    static const struct {
        enum fake_call call;
        int code;
    } failures[] = {
        { FAKE_WRITE_AT, ENOSPC }, { FAKE_WRITE_AT, EIO },
        { FAKE_FLUSH_DATA, EIO },  { FAKE_READ_AT, EIO },
        { FAKE_SET_SIZE, EIO },    { FAKE_STAT, EIO },
        { FAKE_OWN_PAGES, ENOTSUP }, { FAKE_READ_AT, ENODATA }, /* disks */
    };
    static struct image now;

    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
        for (int turn = 1;; turn++) {
            int r;

            set_up();
            fake_fail(failures[i].call, failures[i].code, turn);
            errno = 0;
            r = commit_all();
            if (r != 0)
                ck_assert_int_eq(errno, failures[i].code);
            if (r != 0) {
                reset();
                ck_assert_int_ge(mmapx_recover(file, journal), 0);
                load(&now, file);
                ck_assert(is_same(&now, &old_file) || is_same(&now, &new_file));
                ck_assert_mem_eq(m.addr, new_file.bytes + 10, m.len);
            }
            bool over = fake_count(failures[i].call) < turn;

            reset();
            OK(commit_all());
            load(&now, file);
            ck_assert(is_same(&now, &new_file));
            ck_assert_int_eq(lseek(journal, 0, SEEK_END), 0);
            OK(mmapx_unmap(&m));
            close(file);
            close(journal);
            if (over)
                break;
        }
}
END_TEST

/* How many writes the journal takes. */
static int
journal_writes(void)
{
    int n = 0;

    set_up();
    start_recording();
    OK(commit_all());
    reset();
    for (size_t i = 0; i < until_journal_is_flushed(); i++)
        n += operations[i].kind == WRITE;
    return n;
}

/* What a commit leaves that fails at a write of the file, the first or one
 * after it. */
static int64_t
left_by(int writes, int code, int nth, int flags)
{
    static struct image now;

    set_up();
    if (flags != 0) {
        char path[64];

        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        file = open(path, O_RDWR | flags);
        if (file < 0)
            SKIP("there is no /proc");
    }
    fake_fail(FAKE_WRITE_AT, code, writes + nth);
    FAILS(code, commit_all());
    ck_assert_mem_eq(m.addr, new_file.bytes + 10, m.len);
    if (nth == 1) {
        load(&now, file);
        ck_assert(is_same(&now, &old_file));
    }
    return lseek(journal, 0, SEEK_END);
}

/* What has not begun is not done later, over what others write meanwhile. */
START_TEST(the_file_takes_no_byte)
{
    static const int refusals[] = { EPERM, EFBIG, ENOSPC, EDQUOT };
    int writes = journal_writes();

    ck_assert_int_gt(writes, 0);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        ck_assert_int_eq(left_by(writes, refusals[i], 1, 0), 0);
        ck_assert_int_eq(mmapx_recover(file, journal), 0);
        /* A part has been written. */
        ck_assert_int_gt(left_by(writes, refusals[i], 2, 0), 0);
        ck_assert_int_eq(mmapx_recover(file, journal), 1);
    }
    /* A part may have been. */
    ck_assert_int_gt(left_by(writes, EIO, 1, 0), 0);
    ck_assert_int_gt(left_by(writes, ENOSPC, 1, O_SYNC), 0);
#ifdef O_DSYNC
    ck_assert_int_gt(left_by(writes, ENOSPC, 1, O_DSYNC), 0);
#endif
}
END_TEST

/* The journal cannot be read back: the file has no byte of it. */
START_TEST(the_journal_cannot_be_read)
{
    int reads;

    set_up();
    OK(commit_all());
    reads = fake_count(FAKE_READ_AT);
    ck_assert_int_gt(reads, 0);
    for (int turn = 1; turn <= reads; turn++) {
        set_up();
        fake_fail(FAKE_READ_AT, EIO, turn);
        start_recording();
        FAILS(EIO, commit_all());
        for (size_t i = 0; i < n_operations; i++)
            ck_assert(operations[i].fd != file || operations[i].kind != WRITE);
        ck_assert_int_eq(lseek(journal, 0, SEEK_END), 0);
    }
}
END_TEST

/* A commit that got as far as the file is completed by the next one first. */
START_TEST(a_commit_after_a_commit_that_failed)
{
    static struct image now;

    set_up();
    fake_fail(FAKE_FLUSH_DATA, EIO, 3); /* of the changes */
    FAILS(EIO, commit_all());
    ck_assert_int_gt(lseek(journal, 0, SEEK_END), 0);
    /* The change is taken back, and yet the journal has it. */
    OK(mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_DONTNEED));
    OK(commit_all());
    load(&now, file);
    ck_assert(is_same(&now, &new_file));
}
END_TEST

/* --- Strange journals ----------------------------------------------------- */

/* A whole journal of set_up()'s commit, and the file as old. */
static void
make_journal(void)
{
    set_up();
    start_recording();
    OK(commit_all());
    reset();
    replay(until_journal_is_flushed(), NOTHING);
    store(&disk[0], file);
    store(&disk[1], journal);
}

static void
check_unchanged(int64_t journal_size)
{
    static struct image now;

    load(&now, file);
    ck_assert(is_same(&now, &disk[0]));
    ck_assert_int_eq(lseek(journal, 0, SEEK_END), journal_size);
}

START_TEST(strange_journals)
{
    static struct image now;
    unsigned char byte;
    int64_t size;

    make_journal();
    size = disk[1].size;

    /* The file has another length. */
    ck_assert_int_eq(ftruncate(file, disk[0].size + 1), 0);
    disk[0].size++;
    FAILS(EINVAL, mmapx_recover(file, journal));
    check_unchanged(size);
    FAILS(EINVAL, commit_all());
    check_unchanged(size);
    disk[0].size--;
    ck_assert_int_eq(ftruncate(file, disk[0].size), 0);

    /* A newer version, and one of another byte order. */
    for (int at = 8; at < 16; at += 3) {
        byte = 2;
        ck_assert_int_eq(pwrite(journal, &byte, 1, at), 1);
        FAILS(EINVAL, mmapx_recover(file, journal));
        check_unchanged(size);
        store(&disk[1], journal);
    }

    /* No journal at all. */
    ck_assert_int_eq(pwrite(journal, "text", 4, 0), 4);
    FAILS(EINVAL, mmapx_recover(file, journal));
    check_unchanged(size);
    ck_assert_int_eq(ftruncate(journal, 3), 0);
    FAILS(EINVAL, mmapx_recover(file, journal));
    check_unchanged(3);

    /* Each byte counts: it is torn, or no journal. */
    for (int64_t at = 0; at < size; at += at < 200 ? 1 : 97) {
        int r;

        store(&disk[1], journal);
        byte = disk[1].bytes[at] ^ 0x10;
        ck_assert_int_eq(pwrite(journal, &byte, 1, at), 1);
        r = mmapx_recover(file, journal);
        ck_assert(r == 0 || (r == -1 && errno == EINVAL));
        load(&now, file);
        ck_assert(is_same(&now, &disk[0]));
    }

    /* And each byte that is missing. */
    for (int64_t end = size - 1; end >= 0; end -= end < 200 ? 1 : 97) {
        store(&disk[1], journal);
        ck_assert_int_eq(ftruncate(journal, end), 0);
        ck_assert_int_eq(mmapx_recover(file, journal), 0);
        load(&now, file);
        ck_assert(is_same(&now, &disk[0]));
        ck_assert_int_eq(lseek(journal, 0, SEEK_END), 0);
    }

    /* And each that is too much. */
    for (int64_t more = 1; more < 5000; more *= 3) {
        store(&disk[1], journal);
        ck_assert_int_eq(ftruncate(journal, size + more), 0);
        ck_assert_int_eq(mmapx_recover(file, journal), 0);
        load(&now, file);
        ck_assert(is_same(&now, &disk[0]));
        ck_assert_int_eq(lseek(journal, 0, SEEK_END), 0);
    }

    /* A range without a byte leaves the journal as it is. */
    store(&disk[1], journal);
    OK(mmapx_commit_atomic(&m, file, journal, 0, 0));
    check_unchanged(size);
    OK(mmapx_commit_atomic(&m, file, journal, m.len, MMAPX_TO_END));
    check_unchanged(size);

    ck_assert_int_eq(mmapx_recover(file, journal), 1);
    load(&now, file);
    ck_assert(is_same(&now, &new_file));
}
END_TEST

/* The bytes of a journal are these on every machine. */
START_TEST(the_format)
{
    static const unsigned char expected[] = {
        'm', 'm', 'a', 'p', 'x', 'j', 'n', 'l', 1, 0, 0, 0, 0, 0, 0, 0,
        /* the file has 5 bytes, the journal 88, of one piece */
        5, 0, 0, 0, 0, 0, 0, 0, 88, 0, 0, 0, 0, 0, 0, 0,
        1, 0, 0, 0, 0, 0, 0, 0,
        0x78, 0xd8, 0xcb, 0x01, 0x8e, 0xe9, 0x25, 0xfd,
        0, 0, 0, 0, 0, 0, 0, 0,
        0x97, 0x4b, 0x4d, 0xc7, 0xb7, 0xb5, 0x5b, 0xa2,
        /* 5 bytes at byte 0 */
        0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0,
        'h', 'e', 'l', 'l', 'o', 0, 0, 0,
    };
    unsigned char found[sizeof expected];

    reset();
    file = temp_file(5);
    journal = temp_file(0);
    OK(mmapx_map(&m, file, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    memcpy(m.addr, "hello", 5);
    fake_fail(FAKE_FLUSH_DATA, EIO, 3); /* of the changes: it stays */
    FAILS(EIO, commit_all());
    ck_assert_int_eq(lseek(journal, 0, SEEK_END), sizeof expected);
    ck_assert_int_eq(pread(journal, found, sizeof found, 0), sizeof found);
    ck_assert_mem_eq(found, expected, sizeof expected);
}
END_TEST

START_TEST(bad_arguments)
{
    char path[PATH_MAX];
    int ends[2];
    int named = temp_named(path, 0);
    int read_only = open(path, O_RDONLY);
    int write_only = open(path, O_WRONLY);
    int appends = open(path, O_RDWR | O_APPEND);

    unlink(path);
    set_up();
    OK(pipe(ends));
    FAILS(EBADF, mmapx_commit_atomic(&m, file, -1, 0, MMAPX_TO_END));
    FAILS(EBADF, mmapx_commit_atomic(&m, -1, journal, 0, MMAPX_TO_END));
    FAILS(EBADF, mmapx_commit_atomic(&m, file, read_only, 0, MMAPX_TO_END));
    FAILS(EBADF, mmapx_commit_atomic(&m, file, write_only, 0, MMAPX_TO_END));
    FAILS(EINVAL, mmapx_commit_atomic(&m, file, appends, 0, MMAPX_TO_END));
    FAILS(EINVAL, mmapx_commit_atomic(&m, file, file, 0, MMAPX_TO_END));
    FAILS(EINVAL, mmapx_commit_atomic(&m, journal, file, 0, MMAPX_TO_END));
    FAILS(EINVAL, mmapx_commit_atomic(&m, file, journal, 1, MMAPX_TO_END - 1));
    FAILS(EINVAL, mmapx_commit_atomic(NULL, file, journal, 0, 0));
    FAILS(EBADF, mmapx_recover(-1, journal));
    FAILS(EBADF, mmapx_recover(file, -1));
    FAILS(EBADF, mmapx_recover(read_only, journal));
    FAILS(EBADF, mmapx_recover(file, read_only));
    FAILS(EBADF, mmapx_recover(file, ends[1]));
    FAILS(EINVAL, mmapx_recover(file, file));
    FAILS(EINVAL, mmapx_recover(ends[1], journal));
    FAILS(EINVAL, mmapx_recover(appends, journal));
    ck_assert_int_eq(mmapx_recover(file, named), 0);
    OK(mmapx_commit_atomic(&m, file, journal, m.len, MMAPX_TO_END));
    OK(commit_all());
}
END_TEST

/* --- A real full disk, and a journal that is in memory -------------------- */

START_TEST(the_journal_finds_no_room)
{
    static struct image now;
    int small = tiny_tmpfs_file(2 * page_size());

    set_up();
    journal = small;
    FAILS(ENOSPC, commit_all());
    ck_assert_int_eq(lseek(journal, 0, SEEK_END), 0);
    load(&now, file);
    ck_assert(is_same(&now, &old_file));
    ck_assert_mem_eq(m.addr, new_file.bytes + 10, m.len);
    OK(mmapx_commit_atomic(&m, file, journal, page_size(), 1));
    ck_assert_int_eq(lseek(journal, 0, SEEK_END), 0);
}
END_TEST

/* --- Plain commits -------------------------------------------------------- */

static int
commit_plainly(void)
{
    return mmapx_commit(&m, file, 0, MMAPX_TO_END);
}

/* What has been written may stay, what was changed must. */
START_TEST(a_commit_that_fails)
{
    static const int codes[] = { ENOSPC, EIO, EDQUOT, EPERM, EFAULT };
    static struct image now;

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        for (int turn = 1;; turn++) {
            set_up();
            fake_fail(FAKE_WRITE_AT, codes[i], turn);
            errno = 0;
            if (commit_plainly() == 0)
                break;
            ck_assert_int_eq(errno, codes[i]);
            ck_assert_mem_eq(m.addr, new_file.bytes + 10, m.len);
            OK(commit_plainly());
            load(&now, file);
            ck_assert(is_same(&now, &new_file));
        }
}
END_TEST

START_TEST(a_commit_whose_data_is_lost)
{
    struct mmapx shared;

    set_up();
    OK(mmapx_map(&shared, file, PROT_READ | PROT_WRITE, MAP_SHARED));
    fake_fail(FAKE_FLUSH_DATA, EIO, 1);
    FAILS(EIO, commit_plainly());
    FAILS(EIO, mmapx_sync(&shared, 0, 1, MS_SYNC));
    OK(mmapx_sync(&m, 0, 1, MS_SYNC)); /* nothing is sticky here */
    OK(commit_plainly());
    ck_assert_int_eq(fake_count(FAKE_FLUSH_DATA), 2);
    OK(commit_plainly()); /* nothing to write */
    ck_assert_int_eq(fake_count(FAKE_FLUSH_DATA), 2);
}
END_TEST

/* Systems that tell nothing, and those where no advice drops a copy. */
START_TEST(a_commit_by_comparison)
{
    static struct image now;
    struct mmapx_run run;

    for (int drops = 0; drops < 2; drops++) {
        set_up();
        fake_drops_nothing = drops == 0;
        fake_fail(FAKE_OWN_PAGES_OPEN, ENOTSUP, 1);
        FAILS(ENOTSUP, mmapx_changed_run(&m, 0, &run));
        fake_fail(FAKE_OWN_PAGES_OPEN, ENOTSUP, 1);
        OK(commit_plainly());
        load(&now, file);
        ck_assert(is_same(&now, &new_file));
        ck_assert_int_eq(pwrite(file, "later", 5, (off_t)page_size()), 5);
        ck_assert_mem_eq((char *)m.addr + page_size() - 10, "later", 5);
    }
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("journal");

    ADD_TEST(s, the_power_fails);
    ADD_TEST(s, the_power_fails_again);
    ADD_TEST(s, the_power_fails_in_the_next_commit);
    ADD_TEST(s, the_power_fails_after_a_kill);
    ADD_TEST(s, a_length_that_is_not_on_the_disk);
    ADD_TEST(s, no_write_succeeds_any_more);
    ADD_TEST(s, every_call_fails);
    ADD_TEST(s, the_file_takes_no_byte);
    ADD_TEST(s, the_journal_cannot_be_read);
    ADD_TEST(s, a_commit_after_a_commit_that_failed);
    ADD_TEST(s, strange_journals);
    ADD_TEST(s, the_format);
    ADD_TEST(s, bad_arguments);
    ADD_TEST(s, the_journal_finds_no_room);
    ADD_TEST(s, a_commit_that_fails);
    ADD_TEST(s, a_commit_whose_data_is_lost);
    ADD_TEST(s, a_commit_by_comparison);
    return s;
}
