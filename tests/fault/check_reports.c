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

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/syscall.h>

/* In a namespace of its own a child may have its parent's id. */
static bool has_its_parents_id;

pid_t
getpid(void)
{
    return has_its_parents_id ? 1 : (pid_t)syscall(SYS_getpid);
}
#endif

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
run_beside_nth(int (*first_call)(void), enum fake_call call, int nth,
               int (*other)(void))
{
    second_call = other;
    fake_fail(call, ENOSPC, nth);
    if (call == FAKE_MSYNC)
        fake_in_msync = start_second;
    else if (call == FAKE_FLUSH_DATA || call == FAKE_BEGIN_WRITE)
        fake_in_flush = start_second;
    else
        fake_in_write = start_second;
    FAILS(ENOSPC, first_call());
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    fake_reset();
    return code;
}

static int
run_beside(int (*first_call)(void), enum fake_call call, int (*other)(void))
{
    return run_beside_nth(first_call, call, 1, other);
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

/* A commit of many pages, which begins to write before it has copied all. */
START_TEST(a_commit_that_begins_to_write)
{
    size_t len = 64 * page_size();

    need_the_kernel();
    set_up(MAP_SHARED);
    OK(mmapx_unmap(&first));
    ck_assert_int_eq(ftruncate(file, (off_t)len), 0);
    OK(mmapx_map(&first, file, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    memset(first.addr, 'x', len);
    ck_assert_int_eq(run_beside(commit_first, FAKE_BEGIN_WRITE, sync_second),
                     ENOSPC);
    OK(commit_first());
}
END_TEST

/* --- Writes that wait for the disk ---------------------------------------- */

#ifdef O_DSYNC
static int synced; /* a descriptor for them */

static int
commit_synced(void)
{
    return mmapx_commit(&first, synced, 0, MMAPX_TO_END);
}

static int
commit_atomically_synced(void)
{
    return mmapx_commit_atomic(&first, synced, journal, 0, MMAPX_TO_END);
}

static int
commit_by_synced_journal(void)
{
    return mmapx_commit_atomic(&first, file, synced, 0, MMAPX_TO_END);
}

static int
grow_synced(void)
{
    fake_fail(FAKE_ALLOCATE, ENOTSUP, 1);
    return mmapx_resize(&first, synced, 9 * page_size(),
                        MMAPX_RESIZE_FILE | MMAPX_RESIZE_MAYMOVE);
}

/* The second one is a shared mapping of what is written by synced. */
static void
set_up_synced(int sharing, const int *fd)
{
    char path[64];

    set_up(sharing);
    OK(mmapx_unmap(&second));
    OK(mmapx_map_region(&second, *fd, 0, page_size(), PROT_READ, MAP_SHARED));
    snprintf(path, sizeof path, "/dev/fd/%d", *fd);
    synced = open(path, O_RDWR | O_DSYNC);
    if (synced < 0)
        SKIP("a descriptor cannot be opened once more");
}

static int writes_before;
static bool has_begun;

static void
count_writes(int fd, const void *bytes, size_t len, int64_t at)
{
    (void)bytes, (void)len, (void)at;
    has_begun |= fd == synced;
    writes_before += !has_begun;
}

/* The first write by the descriptor is told of a loss, and the sync that runs
 * beside it is not. */
START_TEST(writes)
{
    static const struct {
        int (*write)(void);
        enum fake_call call;
        const int *fd;
    } cases[] = {
        { commit_synced, FAKE_WRITE_AT, &file },
        { commit_atomically_synced, FAKE_WRITE_AT, &file },
        { commit_by_synced_journal, FAKE_WRITE_AT, &journal },
        { grow_synced, FAKE_WRITE_ZEROS, &file },
    };

    need_the_kernel();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_up_synced(MAP_PRIVATE, cases[i].fd);
        writes_before = 0;
        has_begun = false;
        fake_on_write = count_writes;
        OK(cases[i].write());
        set_up_synced(MAP_PRIVATE, cases[i].fd);
        ck_assert_int_eq(run_beside_nth(cases[i].write, cases[i].call,
                                        writes_before + 1, sync_second),
                         ENOSPC);
        FAILS(ENOSPC, sync_second());
    }
}
END_TEST

/* Without knowing which file it is, nothing is written. */
START_TEST(zeros_to_an_unknown_file)
{
    int looked;

    set_up_synced(MAP_SHARED, &file);
    OK(grow_synced());
    looked = fake_count(FAKE_STAT);
    set_up_synced(MAP_SHARED, &file);
    fake_fail(FAKE_STAT, EIO, looked - fake_count(FAKE_STAT));
    FAILS(EIO, grow_synced());
    ck_assert_int_eq(fake_count(FAKE_WRITE_ZEROS), 0);
}
END_TEST
#endif

/* --- Places --------------------------------------------------------------- */

enum { PLACES = 64 };
static struct mmapx_i_call *places[3 * PLACES];
static bool is_free;

static void
free_one(void)
{
    if (!is_free)
        mmapx_i_report_end(places[7]);
    is_free = true;
}

static void
check_many(size_t n, bool waits)
{
    for (size_t i = 0; i < n; i++)
        places[i] = mmapx_i_report_begin(i + 1);
    is_free = false;
    fake_in_pause = free_one;
    /* Those of the thread itself are not waited for. */
    OK(sync_first());
    ck_assert_int_eq(is_free, waits);
    for (size_t i = 0; i < n; i++)
        if (!is_free || i != 7)
            mmapx_i_report_end(places[i]);
    fake_in_pause = NULL;
    OK(sync_first());
}

/* Without memory for more places, one more call waits for one. */
START_TEST(many_calls)
{
    set_up(MAP_SHARED);
    OK(sync_first());
    fake_fail_from(FAKE_MMAP, ENOMEM, 1);
    check_many(PLACES, true);
    fake_reset();
    check_many(3 * PLACES, false);
}
END_TEST

/* They add places at once, and none is lost; and to wait for a call that is just
 * ending has an end. */
static void *
hold_places(void *arg)
{
    struct mmapx_i_call *held[PLACES];

    (void)arg;
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < PLACES; i++)
            held[i] = mmapx_i_report_begin(1);
        for (size_t i = 0; i < PLACES; i++)
            mmapx_i_report_end(held[i]);
        mmapx_i_report_await(1);
    }
    return NULL;
}

START_TEST(many_calls_at_once)
{
    pthread_t threads[8];

    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, hold_places, NULL),
                         0);
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}
END_TEST

/* --- Processes ------------------------------------------------------------ */

/* A child does not wait for the threads of its parent, and has their places. */
static bool child_was_right;

static void
fork_in_msync(void)
{
    pid_t child = fork();
    int status = 1;

    if (child == 0) {
        alarm(20);
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

static void
check_child(void)
{
    void *failed;

    fake_in_msync = fork_in_msync;
    ck_assert_int_eq(pthread_create(&thread, NULL, run_first, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, &failed), 0);
    ck_assert_ptr_null(failed);
    ck_assert(child_was_right);
}

START_TEST(a_child)
{
    set_up(MAP_SHARED);
    check_child();
}
END_TEST

#ifdef __linux__
/* The place of a thread that the child does not have. */
static void *
begin_call(void *arg)
{
    *(struct mmapx_i_call **)arg = mmapx_i_report_begin(0);
    return NULL;
}

START_TEST(a_child_with_the_id_of_its_parent)
{
    struct mmapx_i_call *call;

    set_up(MAP_SHARED);
    if (mmapx_i_process() == (uintptr_t)getpid())
        SKIP("the kernel does not empty memory in a child");
    has_its_parents_id = true;
    ck_assert_int_eq(pthread_create(&thread, NULL, begin_call, &call), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    fork_in_msync();
    has_its_parents_id = false;
    ck_assert(child_was_right);
    mmapx_i_report_end(call);
    OK(sync_first());
}
END_TEST
#endif

/* Where no page is empty in a child, its id tells it apart. */
static void
check_ids(void)
{
    OK(sync_first());
    ck_assert_uint_eq(mmapx_i_process(), (uintptr_t)getpid());
    check_child();
}

START_TEST(no_advice_for_it)
{
    set_up(MAP_SHARED);
    fake_has_no_advice = true;
    check_ids();
}
END_TEST

START_TEST(an_old_kernel)
{
    set_up(MAP_SHARED);
    fake_fail_from(FAKE_MADVISE, EINVAL, 1);
    check_ids();
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
    ADD_TEST(s, a_commit_that_begins_to_write);
#ifdef O_DSYNC
    ADD_TEST(s, writes);
    ADD_TEST(s, zeros_to_an_unknown_file);
#endif
    ADD_TEST(s, many_calls);
    ADD_TEST(s, many_calls_at_once);
    ADD_TEST(s, a_child);
#ifdef __linux__
    ADD_TEST(s, a_child_with_the_id_of_its_parent);
#endif
    ADD_TEST(s, no_advice_for_it);
    ADD_TEST(s, an_old_kernel);
    return s;
}
