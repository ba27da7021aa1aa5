/* SPDX-License-Identifier: MIT */
/* Guards in threads, and in a library that is loaded when they run already. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "faults.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- Threads -------------------------------------------------------------- */

/* Readers of one file that another thread cuts and restores all the time: each
 * read is data or EIO. */
enum { READERS = 8, TRUNCATIONS = 100000 };

static struct {
    struct mmapx m;
    int fd;
    bool stop;
    bool wrong;
    size_t faults;
} arena;

static int
sum(void *arg)
{
    const unsigned char *p = arg;
    int total = 0;

    for (size_t i = 0; i < arena.m.len; i += 512)
        total += ((const volatile unsigned char *)p)[i];
    return total;
}

static void *
reader(void *arg)
{
    size_t n = (size_t)arg;
    unsigned char buf[512];

    while (!__atomic_load_n(&arena.stop, __ATOMIC_RELAXED)) {
        size_t off = (n++ * 4099) % (arena.m.len - sizeof buf);
        ssize_t r = n % 8 == 0 ? mmapx_guard(&arena.m, sum, arena.m.addr)
                               : mmapx_read(&arena.m, off, buf, sizeof buf);

        if (r < 0 && errno == EIO)
            __atomic_fetch_add(&arena.faults, 1, __ATOMIC_RELAXED);
        else if (r < 0)
            __atomic_store_n(&arena.wrong, true, __ATOMIC_RELAXED);
    }
    return NULL;
}

static size_t
truncations(void)
{
    return under_valgrind() ? TRUNCATIONS / 1000
           : under_sanitizer() ? TRUNCATIONS / 20
                               : TRUNCATIONS;
}

/* Wait until some reader has met the file as it is. */
static void
wait_for_fault(void)
{
    size_t before = __atomic_load_n(&arena.faults, __ATOMIC_RELAXED);

    while (__atomic_load_n(&arena.faults, __ATOMIC_RELAXED) == before)
        sched_yield();
}

static void
cut_and_restore(size_t times, bool waits)
{
    off_t size = (off_t)(4 * page_size());

    for (size_t i = 0; i < times; i++) {
        if (ftruncate(arena.fd, i % 3 == 0 ? 0 : size / 4) != 0)
            abort();
        if (waits && i % 100 == 0)
            wait_for_fault();
        if (ftruncate(arena.fd, size) != 0)
            abort();
    }
}

START_TEST(threads_and_truncation)
{
    pthread_t threads[READERS];
    /* Where memory is the disk: on others it may take minutes. */
    char path[] = "/dev/shm/mmapx-test-XXXXXX";

    need_native();
    arena.fd = mkstemp(path);
    if (arena.fd >= 0)
        unlink(path);
    else
        arena.fd = temp_file(0);
    ck_assert_int_eq(ftruncate(arena.fd, (off_t)(4 * page_size())), 0);
    OK(mmapx_map(&arena.m, arena.fd, PROT_READ, MAP_SHARED));
    for (size_t i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, reader, (void *)i),
                         0);
    cut_and_restore(truncations(), true);
    __atomic_store_n(&arena.stop, true, __ATOMIC_RELAXED);
    for (size_t i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    ck_assert(!arena.wrong);
    ck_assert_uint_ge(arena.faults, truncations() / 100);
}
END_TEST

static void *
bare_reader(void *arg)
{
    (void)arg;
    for (;;)
        sum(arena.m.addr);
    return NULL;
}

/* The control: what the same scene does to a program that maps by itself. */
static _Noreturn void
read_bare(void)
{
    pthread_t thread;

    signal(SIGBUS, SIG_DFL);
    if (pthread_create(&thread, NULL, bare_reader, NULL) != 0)
        _exit(8);
    for (;;)
        cut_and_restore(1000, false);
}

START_TEST(the_same_without_a_guard)
{
    arena.fd = temp_file(4 * page_size());
    OK(mmapx_map(&arena.m, arena.fd, PROT_READ, MAP_SHARED));
    ck_assert_int_eq(child_status(read_bare), -SIGBUS);
}
END_TEST

/* --- Loaded at run time --------------------------------------------------- */

static struct mmapx guarded;

/* The library of the build, by what dlopen(3) finds in it. */
static struct {
    void *handle;
    int (*guard)(const struct mmapx *m, int (*fn)(void *arg), void *arg);
    pthread_mutex_t start;
    bool right;
} loaded = { .start = PTHREAD_MUTEX_INITIALIZER };

/* This thread is older than the library and its thread-local storage. */
static void *
use_loaded(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&loaded.start);
    errno = 0;
    loaded.right = loaded.guard(&guarded, load_byte, hole_in(&guarded)) == -1
                   && errno == EIO;
    return NULL;
}

static void
touch_after_close(void)
{
    signal(SIGBUS, SIG_DFL);
    loaded.guard(&guarded, load_byte, hole_in(&guarded));
    dlclose(loaded.handle);
    load_byte(hole_in(&guarded));
}

START_TEST(a_library_that_is_loaded)
{
    char path[PATH_MAX];
    pthread_t thread;

    if (under_sanitizer())
        SKIP("the sanitizer's run-time does not go into the library");
    close(temp_named(path, 0));
    guarded = short_file(PROT_READ, MAP_SHARED);
    if (!copy_library(path)) {
        unlink(path);
        SKIP("no shared library was built");
    }
    pthread_mutex_lock(&loaded.start);
    ck_assert_int_eq(pthread_create(&thread, NULL, use_loaded, NULL), 0);
    loaded.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    unlink(path);
    ck_assert_msg(loaded.handle != NULL, "%s", dlerror());
    *(void **)&loaded.guard = dlsym(loaded.handle, "mmapx_guard");
    ck_assert_ptr_nonnull(*(void **)&loaded.guard);
    pthread_mutex_unlock(&loaded.start);
    pthread_join(thread, NULL);
    ck_assert(loaded.right);
    /* The handler outlives the library's user. */
    ck_assert_int_eq(child_status(touch_after_close), -SIGBUS);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("guard_threads");

    ADD_TEST(s, threads_and_truncation);
    ADD_TEST(s, the_same_without_a_guard);
    ADD_TEST(s, a_library_that_is_loaded);
    return s;
}
