/* SPDX-License-Identifier: MIT */
/*
 * What a writer that is killed leaves: everything that a sync has acknowledged,
 * and a file that is as long as before or after a growth.  The writer is killed
 * while it goes on writing, or at each system call; the power cut is in
 * power_cut.sh.
 */
#include "support.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined __linux__
#include <sys/ptrace.h>
#endif
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "records.h"

enum { KILLS = 12, MOST_RECORDS = 2000 };

/* Write record after record, and say so, until killed. */
static _Noreturn void
write_for_ever(int fd, enum way way, int said)
{
    struct mmapx m;

    if (mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED) != 0)
        _exit(1);
    for (uint32_t i = 0; i < MOST_RECORDS; i++)
        if (write_record(&m, fd, way, i) != 0
            || write(said, &i, sizeof i) != sizeof i)
            _exit(1);
    pause();
    _exit(0);
}

/* The number of records acknowledged by the writer's end, which comes when it
 * has acknowledged some. */
static uint32_t
kill_writer(int fd, enum way way, uint32_t some)
{
    uint32_t last = 0;
    int ends[2];
    int status;
    pid_t pid;

    ck_assert_int_eq(pipe(ends), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        close(ends[0]);
        write_for_ever(fd, way, ends[1]);
    }
    close(ends[1]);
    for (uint32_t i = 0; i < some; i++)
        ck_assert_int_eq(read(ends[0], &last, sizeof last), sizeof last);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
    /* What it had still said before it died counts as well. */
    while (read(ends[0], &last, sizeof last) == sizeof last)
        ;
    close(ends[0]);
    return last + 1;
}

/* The slot of the record that the writer was just at may have anything. */
static void
check_records(int fd, enum way way, uint32_t n)
{
    bool grows = way == BY_GROWING || way == BY_GROWING_SPARSE;
    uint32_t from = grows || n < SLOTS ? 0 : n - SLOTS + 1;
    unsigned char record[RECORD];

    for (uint32_t i = from; i < n; i++) {
        ck_assert_int_eq(pread(fd, record, RECORD, (off_t)record_at(way, i)),
                         RECORD);
        ck_assert_msg(is_record(record, i), "record %u of %u is not there", i,
                      n);
    }
}

static void
kill_many(enum way way, uint32_t size)
{
    for (uint32_t i = 0; i < KILLS; i++) {
        int fd = temp_file(size);
        uint32_t n = kill_writer(fd, way, 1 + i * 37 % 90);
        struct stat st;

        check_records(fd, way, n);
        ck_assert_int_eq(fstat(fd, &st), 0);
        if (size > 0)
            ck_assert_int_eq(st.st_size, (off_t)size);
        else
            ck_assert(st.st_size == (off_t)n * RECORD
                      || st.st_size == (off_t)(n + 1) * RECORD);
        close(fd);
    }
}

START_TEST(killed_while_syncing)
{
    kill_many(BY_SYNC, SLOTS * SLOT);
}
END_TEST

START_TEST(killed_while_syncing_the_file)
{
    kill_many(BY_SYNC_FILE, SLOTS * SLOT);
}
END_TEST

START_TEST(killed_while_growing)
{
    kill_many(BY_GROWING, 0);
}
END_TEST

START_TEST(killed_while_growing_sparsely)
{
    kill_many(BY_GROWING_SPARSE, 0);
}
END_TEST

#if defined __linux__
/* --- All or nothing ------------------------------------------------------- */

enum { ATOMIC_PAGES = 12 };

/* Every second page is old or new: which of them, or 0 for anything else. */
static char
version_of(int fd, size_t size)
{
    char *bytes = malloc(size);
    char version;

    ck_assert_ptr_nonnull(bytes);
    ck_assert_int_eq(pread(fd, bytes, size, 0), (ssize_t)size);
    version = bytes[0];
    for (size_t i = 1; i < size && version != 0; i++)
        if (bytes[i] != (i / page_size() % 2 == 0 ? version : 'o'))
            version = 0;
    free(bytes);
    return version;
}

/* Every second page becomes new, by one call. */
static _Noreturn void
make_new(int fd, int journal)
{
    struct mmapx m;

    if (mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE) != 0)
        _exit(1);
    for (size_t i = 0; i < ATOMIC_PAGES; i += 2)
        memset((char *)m.addr + i * page_size(), 'n', page_size());
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(77);
    raise(SIGSTOP);
    _exit(mmapx_commit_atomic(&m, fd, journal, 0, MMAPX_TO_END) != 0);
}

/* Kill it before or after a system call, which are counted from 1 on; or the
 * status of one that has come to its end. */
static bool
kill_at(pid_t child, int stop, int *status)
{
    ck_assert_int_eq(waitpid(child, status, 0), child);
    for (int i = 0; i < stop && WIFSTOPPED(*status); i++) {
        ck_assert_int_eq(ptrace(PTRACE_SYSCALL, child, NULL, NULL), 0);
        ck_assert_int_eq(waitpid(child, status, 0), child);
    }
    if (!WIFSTOPPED(*status))
        return false;
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, status, 0), child);
    return true;
}

/* What is there when it was killed at a stop, and after recovery. */
static char
kill_one(int stop, char *after, bool *goes_on)
{
    size_t size = ATOMIC_PAGES * page_size();
    int fd = temp_file(size), journal = temp_file(0);
    char *old = malloc(size);
    char before;
    int status;
    pid_t child;

    ck_assert_ptr_nonnull(old);
    memset(old, 'o', size);
    ck_assert_int_eq(pwrite(fd, old, size, 0), (ssize_t)size);
    child = fork();
    if (child == 0)
        make_new(fd, journal);
    *goes_on = kill_at(child, stop, &status);
    if (!*goes_on && WEXITSTATUS(status) == 77)
        SKIP("no child may be traced");
    ck_assert(*goes_on || status == 0);
    before = version_of(fd, size);
    ck_assert_int_ge(mmapx_recover(fd, journal), 0);
    *after = version_of(fd, size);
    ck_assert_int_eq(lseek(journal, 0, SEEK_END), 0);
    close(fd);
    close(journal);
    free(old);
    return before;
}

/* At each system call, before it and after it. */
START_TEST(killed_in_an_atomic_commit)
{
    bool goes_on = true;
    int between = 0;
    char last = 'o';

    need_the_kernel();
    for (int stop = 1; goes_on; stop++) {
        char after, before = kill_one(stop, &after, &goes_on);

        ck_assert_msg(after == 'o' || after == 'n',
                      "stop %d: between old and new", stop);
        /* What is new stays so. */
        ck_assert(last == 'o' || after == 'n');
        last = after;
        between += before == 0;
    }
    ck_assert_int_eq(last, 'n');
    /* Without the journal it would have been. */
    ck_assert_int_gt(between, 0);
}
END_TEST
#endif

Suite *
suite(void)
{
    Suite *s = suite_create("crash");

    ADD_TEST(s, killed_while_syncing);
    ADD_TEST(s, killed_while_syncing_the_file);
    ADD_TEST(s, killed_while_growing);
    ADD_TEST(s, killed_while_growing_sparsely);
#if defined __linux__
    ADD_TEST(s, killed_in_an_atomic_commit);
#endif
    return s;
}
