/* SPDX-License-Identifier: MIT */
/*
 * Two threads wait for the disk through one descriptor, and the kernel tells
 * one of them that something was lost.  The other one succeeds first: the seam
 * stops the first until the second waits for it, or has ended.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "fake_os.h"
#include "internal.h"
#include "support.h"

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct mmapx first, second;
static int file, journal;

/* What the second thread does, and how that ended. */
static int (*second_call)(void);
static int code;
static bool goes_on;
static pthread_t thread;

static void
set_up(int sharing)
{
    fake_reset();
    file = temp_file(2 * page_size());
    journal = temp_file(0);
    OK(mmapx_map(&first, file, PROT_READ | PROT_WRITE, sharing));
    OK(mmapx_map(&second, file, PROT_READ | PROT_WRITE, sharing));
    memset(first.addr, 'x', page_size());
    memset((char *)second.addr + page_size(), 'y', page_size());
    code = 0;
    goes_on = false;
}

static int
sync_first(void)
{
    return mmapx_sync(&first, 0, MMAPX_TO_END, MS_SYNC);
}

static int
sync_second(void)
{
    return mmapx_sync(&second, 0, MMAPX_TO_END, MS_SYNC);
}

static int
sync_one_handle(void)
{
    return mmapx_sync(&first, page_size(), MMAPX_TO_END, MS_SYNC);
}

static int
sync_file(void)
{
    return mmapx_sync_file(&second, file, 0, MMAPX_TO_END);
}

static int
begin_sync(void)
{
    return mmapx_sync(&second, 0, MMAPX_TO_END, MS_ASYNC);
}

static int
commit_first(void)
{
    return mmapx_commit(&first, file, 0, MMAPX_TO_END);
}

static int
commit_second(void)
{
    return mmapx_commit(&second, file, 0, MMAPX_TO_END);
}

static int
commit_atomically(void)
{
    return mmapx_commit_atomic(&second, file, journal, 0, MMAPX_TO_END);
}

static void
go_on(void)
{
    __atomic_store_n(&goes_on, true, __ATOMIC_RELEASE);
}

static void *
run_second(void *arg)
{
    (void)arg;
    errno = 0;
    code = second_call() < 0 ? errno : 0;
    go_on();
    return NULL;
}

static void
start_second(void)
{
    fake_in_pause = go_on;
    ck_assert_int_eq(pthread_create(&thread, NULL, run_second, NULL), 0);
    while (!__atomic_load_n(&goes_on, __ATOMIC_ACQUIRE))
        ;
}

/* The first is told of a loss after the second has succeeded below.  Returns
 * what the second has said. */
static int
run_beside(int (*first_call)(void), enum fake_call call, int (*other)(void))
{
    second_call = other;
    fake_fail(call, ENOSPC, 1);
    if (call == FAKE_MSYNC)
        fake_in_msync = start_second;
    else
        fake_in_flush = start_second;
    FAILS(ENOSPC, first_call());
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    fake_reset();
    return code;
}

START_TEST(two_syncs)
{
    int (*others[])(void) = { sync_second, sync_one_handle, sync_file };

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        set_up(MAP_SHARED);
        ck_assert_int_eq(run_beside(sync_first, FAKE_MSYNC, others[i]),
                         ENOSPC);
        FAILS(ENOSPC, others[i]());
    }
}
END_TEST

/* The handle's word becomes the errno while the other looks at it, which is no
 * number of a loss, also where it is as large as the last one's. */
START_TEST(an_errno_like_a_number)
{
    set_up(MAP_SHARED);
    for (int i = 1; i < ENOSPC; i++)
        mmapx_i_lose(mmapx_i_identity(&first) + 1, -EIO);
    OK(mmapx_sync_reset(&first));
    ck_assert_int_eq(run_beside(sync_first, FAKE_MSYNC, sync_one_handle),
                     ENOSPC);
}
END_TEST

/* It does not wait for the disk, and for nobody. */
START_TEST(what_waits_for_nothing)
{
    set_up(MAP_SHARED);
    ck_assert_int_eq(run_beside(sync_first, FAKE_MSYNC, begin_sync), 0);
    FAILS(ENOSPC, begin_sync());
}
END_TEST

START_TEST(a_view)
{
    set_up(MAP_SHARED);
    OK(mmapx_view(&second, first.addr, first.len));
    ck_assert_int_eq(run_beside(sync_first, FAKE_MSYNC, sync_second), ENOSPC);
}
END_TEST

START_TEST(another_file)
{
    set_up(MAP_SHARED);
    OK(mmapx_unmap(&second));
    OK(mmapx_map(&second, journal, PROT_READ, MAP_SHARED));
    ck_assert_int_eq(run_beside(sync_first, FAKE_MSYNC, sync_second), 0);
    OK(sync_second());
}
END_TEST

static char
byte_of(const struct mmapx *m, size_t page)
{
    return ((char *)m->addr)[page * page_size()];
}

/* A commit that may have lost something has dropped nothing, and another one
 * writes it. */
static void
check_commit(int (*first_call)(void), enum fake_call call, int (*commit)(void))
{
    set_up(MAP_PRIVATE);
    if (call == FAKE_MSYNC) {
        OK(mmapx_unmap(&first));
        OK(mmapx_map(&first, file, PROT_READ | PROT_WRITE, MAP_SHARED));
    }
    ck_assert_int_eq(run_beside(first_call, call, commit), ENOSPC);
    ck_assert_int_eq(byte_of(&second, 1), 'y');
    OK(commit());
    ck_assert_int_eq(byte_of(&second, 1), 'y');
    ck_assert_int_eq(lseek(journal, 0, SEEK_END), 0);
}

START_TEST(commits)
{
    int (*others[])(void) = { commit_second, commit_atomically };

    need_the_kernel();
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        check_commit(sync_first, FAKE_MSYNC, others[i]);
        check_commit(commit_first, FAKE_FLUSH_DATA, others[i]);
    }
}
END_TEST

/* --- Places --------------------------------------------------------------- */

enum { PLACES = 64 };
static size_t places[PLACES];
static bool is_free;

static void
free_one(void)
{
    if (!is_free)
        mmapx_i_report_end(places[7]);
    is_free = true;
}

START_TEST(more_calls_than_places)
{
    set_up(MAP_SHARED);
    for (size_t i = 0; i < PLACES; i++)
        places[i] = mmapx_i_report_begin(i + 1);
    is_free = false;
    fake_in_pause = free_one;
    /* Those of the thread itself are not waited for. */
    OK(sync_first());
    ck_assert(is_free);
    for (size_t i = 0; i < PLACES; i++)
        if (i != 7)
            mmapx_i_report_end(places[i]);
    fake_reset();
    OK(sync_first());
}
END_TEST

/* A child does not wait for the threads of its parent, and has their places. */
static bool child_was_right;

static void
fork_in_msync(void)
{
    pid_t child = fork();
    int status = 1;

    if (child == 0) {
        for (size_t i = 0; i < PLACES; i++)
            places[i] = mmapx_i_report_begin(1);
        for (size_t i = 0; i < PLACES; i++)
            mmapx_i_report_end(places[i]);
        _exit(sync_second() == 0 ? 0 : 1);
    }
    child_was_right = child > 0 && waitpid(child, &status, 0) == child
                      && status == 0;
}

static void *
run_first(void *arg)
{
    (void)arg;
    return sync_first() == 0 ? NULL : &first;
}

START_TEST(a_child)
{
    void *failed;

    set_up(MAP_SHARED);
    fake_in_msync = fork_in_msync;
    ck_assert_int_eq(pthread_create(&thread, NULL, run_first, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, &failed), 0);
    ck_assert_ptr_null(failed);
    ck_assert(child_was_right);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("reports");

    ADD_TEST(s, two_syncs);
    ADD_TEST(s, an_errno_like_a_number);
    ADD_TEST(s, what_waits_for_nothing);
    ADD_TEST(s, a_view);
    ADD_TEST(s, another_file);
    ADD_TEST(s, commits);
    ADD_TEST(s, more_calls_than_places);
    ADD_TEST(s, a_child);
    return s;
}
