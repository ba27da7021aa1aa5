/* SPDX-License-Identifier: MIT */
/*
 * What a writer that is killed leaves: everything that a sync has acknowledged,
 * and a file that is as long as before or after a growth.  The writer is killed
 * while it goes on writing; the power cut is in power_cut.sh.
 */
#include "support.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

Suite *
suite(void)
{
    Suite *s = suite_create("crash");

    ADD_TEST(s, killed_while_syncing);
    ADD_TEST(s, killed_while_syncing_the_file);
    ADD_TEST(s, killed_while_growing);
    ADD_TEST(s, killed_while_growing_sparsely);
    return s;
}
