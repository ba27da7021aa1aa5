/* SPDX-License-Identifier: MIT */
/*
 * All that the thread rule allows, at the same time: on one mapping the calls
 * that take it const and mmapx_sync(), on others everything, and forks in the
 * middle.  ThreadSanitizer and helgrind watch; what is asserted here is that
 * nothing fails or gives other bytes.
 */
#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 300, FORKS = 30, PAGES = 16 };

static struct mmapx shared;   /* by all threads */
static struct mmapx trembling; /* of a file that one thread truncates */
static int shared_fd;
static int trembling_fd;
static bool lock_allowed;

/* Check's assertions are for one thread: these say it when all is over. */
static int wrong;

static void
want(bool right, const char *what)
{
    if (right)
        return;
    fprintf(stderr, "# %s: %s\n", what, errno_name(errno));
    __atomic_store_n(&wrong, 1, __ATOMIC_RELAXED);
}

#define WANT(call) want(call, #call)

static bool
is_pattern(const unsigned char *bytes, size_t offset, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != pattern(offset + i))
            return false;
    return true;
}

/* --- On one mapping ------------------------------------------------------- */

static void *
ask(void *arg)
{
    unsigned char vec[PAGES + 1];
    struct mmapx_run run;
    size_t pages;

    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        WANT(mmapx_residency(&shared, 1, MMAPX_TO_END, vec, sizeof vec) == 0);
        WANT(mmapx_resident_count(&shared, 0, 5000, &pages) == 0);
        WANT(mmapx_resident_run(&shared, 77, &run) == 0);
        WANT(mmapx_page_count(&shared, 0, MMAPX_TO_END) == PAGES);
        WANT(mmapx_can_fault(&shared, shared_fd) == 1);
        WANT(mmapx_page_size(&shared) == page_size());
        WANT(mmapx_advice_supported(MMAPX_MADV_NORMAL) == 1);
    }
    return NULL;
}

static void *
advise(void *arg)
{
    size_t limit;

    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        WANT(mmapx_advise(&shared, 9, 9000, MMAPX_MADV_WILLNEED) == 0);
        WANT(mmapx_advise(&shared, 0, 1, MMAPX_MADV_RANDOM) == 0);
        WANT(mmapx_advise(&shared, 0, 1, MMAPX_MADV_NORMAL) == 0);
        WANT(mmapx_advise(&shared, 0, MMAPX_TO_END, MMAPX_MADV_DONTNEED) == 0
             || errno == EINVAL); /* locked, at this moment */
        WANT(mmapx_populate(&shared, 5, 9000, MMAPX_POPULATE_READ) == 0);
        WANT(mmapx_lock_limit(&limit, NULL) == 0);
    }
    return NULL;
}

static void *
lock(void *arg)
{
    (void)arg;
    for (int i = 0; lock_allowed && i < ROUNDS; i++) {
        WANT(mmapx_lock(&shared, (size_t)i, 1, 0) == 0);
        WANT(mmapx_unlock(&shared, (size_t)i, 1) == 0);
    }
    return NULL;
}

static void *
sync_it(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        WANT(mmapx_sync(&shared, (size_t)i, 10, MS_ASYNC) == 0);
        if (i % 16 == 0)
            WANT(mmapx_sync(&shared, 0, MMAPX_TO_END, MS_SYNC) == 0);
    }
    return NULL;
}

/* Each to a page of its own, so that the bytes are no race. */
static void *
copy(void *arg)
{
    size_t at = *(const size_t *)arg * page_size();
    unsigned char buf[3000];

    for (int i = 0; i < ROUNDS; i++) {
        WANT(mmapx_read(&shared, at, buf, sizeof buf) == sizeof buf);
        WANT(is_pattern(buf, at, sizeof buf));
        WANT(mmapx_write(&shared, at, buf, sizeof buf) == sizeof buf);
    }
    return NULL;
}

/* --- On others ------------------------------------------------------------ */

static int
sum(void *arg)
{
    const struct mmapx *m = arg;
    int n = 0;

    for (size_t i = 0; i < m->len; i++)
        n += ((volatile unsigned char *)m->addr)[i] != 0;
    return n;
}

static void *
map_and_resize(void *arg)
{
    size_t page = page_size();
    int fd = *(const int *)arg;
    struct mmapx m;

    for (int i = 0; i < ROUNDS; i++) {
        WANT(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED) == 0);
        /* ThreadSanitizer does not see that mremap(2) makes memory new. */
        WANT(under_tsan()
             || mmapx_resize(&m, fd, (size_t)(i % 3 + 1) * page,
                             MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE)
                    == 0);
        WANT(mmapx_protect(&m, 0, MMAPX_TO_END, PROT_READ) == 0);
        WANT(mmapx_guard(&m, sum, &m) >= 0);
        WANT(mmapx_sync_reset(&m) == 0);
        WANT(mmapx_unmap(&m) == 0);
        WANT(mmapx_map_anon(&m, 3 * page, PROT_READ, MAP_PRIVATE) == 0);
        WANT(mmapx_unmap(&m) == 0);
    }
    return NULL;
}

static void *
truncate_and_grow(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        want(ftruncate(trembling_fd, 0) == 0, "ftruncate");
        want(ftruncate(trembling_fd, (off_t)(PAGES * page_size())) == 0,
             "ftruncate");
    }
    return NULL;
}

static void *
read_what_trembles(void *arg)
{
    unsigned char buf[2000];

    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        ssize_t n = mmapx_read(&trembling, (size_t)i * 100, buf, sizeof buf);

        want(n > 0 || errno == EIO, "mmapx_read");
        want(mmapx_guard(&trembling, sum, &trembling) >= 0 || errno == EIO,
             "mmapx_guard");
    }
    return NULL;
}

/* A child of a process of many threads has all that it needs. */
static void *
fork_often(void *arg)
{
    unsigned char buf[100];

    (void)arg;
    for (int i = 0; i < FORKS; i++) {
        int status = -1;
        pid_t pid = fork();

        if (pid == 0)
            _exit(mmapx_read(&shared, 0, buf, sizeof buf) == sizeof buf
                          && mmapx_sync(&shared, 0, 1, MS_ASYNC) == 0
                          && mmapx_unmap(&shared) == 0
                      ? 0
                      : 1);
        want(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0,
             "a child");
    }
    return NULL;
}

START_TEST(everything_at_once)
{
    static const size_t places[] = { 3, 5 };
    int fds[] = { temp_file(10), temp_file(10) };
    const struct {
        void *(*run)(void *arg);
        const void *arg;
    } works[] = {
        { ask, NULL },
        { ask, NULL },
        { advise, NULL },
        { lock, NULL },
        { sync_it, NULL },
        { sync_it, NULL },
        { copy, &places[0] },
        { copy, &places[1] },
        { map_and_resize, &fds[0] },
        { map_and_resize, &fds[1] },
        { truncate_and_grow, NULL },
        { read_what_trembles, NULL },
        { read_what_trembles, NULL },
        { fork_often, NULL },
    };
    pthread_t threads[sizeof works / sizeof works[0]];

    need_native(); /* whose faults have an address */
    shared_fd = temp_file(PAGES * page_size());
    trembling_fd = temp_file(PAGES * page_size());
    OK(mmapx_map(&shared, shared_fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    OK(mmapx_map(&trembling, trembling_fd, PROT_READ, MAP_SHARED));
    lock_allowed = mmapx_lock(&shared, 0, 1, 0) == 0
                   && mmapx_unlock(&shared, 0, 1) == 0;
    for (size_t i = 0; i < sizeof works / sizeof works[0]; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, works[i].run,
                                        (void *)(uintptr_t)works[i].arg),
                         0);
    for (size_t i = 0; i < sizeof works / sizeof works[0]; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(wrong, 0);
    check_pattern(shared.addr, 0, shared.len);
}
END_TEST

/* --- Evicting ------------------------------------------------------------- */

static int evicted_fd;
static int evicting = 1;

/* Where a file is mapped, and in the next moment memory of the thread's own,
 * which must keep what it holds. */
static void *
replace(void *arg)
{
    size_t len = PAGES * page_size();
    unsigned char *place
        = mmap(NULL, len, PROT_READ, MAP_SHARED, evicted_fd, 0);

    (void)arg;
    want(place != MAP_FAILED, "mmap");
    while (place != MAP_FAILED
           && __atomic_load_n(&evicting, __ATOMIC_RELAXED) != 0) {
        want(mmap(place, len, PROT_READ, MAP_SHARED | MAP_FIXED, evicted_fd, 0)
                 == place,
             "mmap of the file");
        want(mmap(place, len, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
                 == place,
             "mmap of memory");
        memset(place, 'z', len);
        for (int look = 0; look < 20; look++)
            for (size_t at = 0; at < len; at += page_size())
                want(place[at] == 'z', "memory of another thread's is lost");
    }
    return NULL;
}

START_TEST(evicting_beside_a_thread_that_maps)
{
    pthread_t thread;

    need_native(); /* whose list of mappings an emulator may show is its own */
    evicted_fd = temp_file(PAGES * page_size());
    ck_assert_int_eq(pthread_create(&thread, NULL, replace, NULL), 0);
    for (int i = 0; i < 10 * ROUNDS; i++)
        WANT(mmapx_cache_evict(evicted_fd, 0, -1) == 0);
    __atomic_store_n(&evicting, 0, __ATOMIC_RELAXED);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(wrong, 0);
}
END_TEST

/* --- Cancelling ----------------------------------------------------------- */

static int calls_fd;
static struct mmapx calls_map;
static bool survived;

static void
call_map_path(void)
{
    struct mmapx m;

    if (mmapx_map_path(&m, "/proc/self/exe", PROT_READ, MAP_SHARED) == 0)
        mmapx_unmap(&m);
}

static void
call_map_memfd(void)
{
    struct mmapx m;
    int fd, old;

    if (mmapx_map_memfd(&m, &fd, "cancelled", 5000, 0) != 0)
        return;
    mmapx_unmap(&m);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
    close(fd);
    pthread_setcancelstate(old, &old);
}

static void
call_lock(void)
{
    size_t limit, locked;

    mmapx_lock_limit(&limit, &locked);
    if (mmapx_lock(&calls_map, 0, 1, 0) == 0)
        mmapx_unlock(&calls_map, 0, 1);
}

static void
call_sync(void)
{
    WANT(mmapx_sync(&calls_map, 0, MMAPX_TO_END, MS_SYNC) == 0);
    WANT(mmapx_sync_file(&calls_map, calls_fd, 0, MMAPX_TO_END) == 0);
}

static void
call_cache(void)
{
    struct mmapx_cache c;

    WANT(mmapx_cache_stat(calls_fd, 0, -1, &c) == 0);
    WANT(mmapx_cache_evict(calls_fd, 0, -1) == 0);
    WANT(mmapx_cache_load(calls_fd, 0, -1) == 0);
}

static void
call_populate(void)
{
    WANT(mmapx_populate(&calls_map, 0, MMAPX_TO_END, MMAPX_POPULATE_READ) == 0);
}

static void
call_resize(void)
{
    size_t len = calls_map.len;

    WANT(mmapx_resize(&calls_map, calls_fd, len + (1 << 20),
                      MMAPX_RESIZE_FILE | MMAPX_RESIZE_MAYMOVE)
         == 0);
}

/* A thread that has been cancelled ends in the first call that lets it. */
static void *
be_cancelled(void *arg)
{
    void (**call)(void) = arg;

    pthread_cancel(pthread_self());
    (*call)();
    survived = true;
    pthread_testcancel();
    return NULL;
}

START_TEST(no_call_lets_a_thread_be_cancelled)
{
    void (*calls[])(void) = { call_map_path, call_map_memfd, call_lock,
                              call_sync, call_cache, call_populate,
                              call_resize };

    if (under_sanitizer())
        SKIP("the sanitizer's own calls let a thread be cancelled");
    calls_fd = temp_file(17 << 20); /* populated in more than one way */
    OK(mmapx_map(&calls_map, calls_fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        pthread_t thread;
        void *end;
        int next = dup(calls_fd);

        close(next);
        survived = false;
        ck_assert_int_eq(
            pthread_create(&thread, NULL, be_cancelled, &calls[i]), 0);
        ck_assert_int_eq(pthread_join(thread, &end), 0);
        ck_assert_msg(survived, "call %zu", i);
        ck_assert_ptr_eq(end, PTHREAD_CANCELED);
        ck_assert_int_eq(dup(calls_fd), next);
        close(next);
    }
    ck_assert_int_eq(wrong, 0);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("threads");

    ADD_TEST(s, everything_at_once);
    ADD_TEST(s, evicting_beside_a_thread_that_maps);
    ADD_TEST(s, no_call_lets_a_thread_be_cancelled);
    return s;
}
