/* SPDX-License-Identifier: MIT */
/*
 * The library twice in one process: the program's, and a copy as a plugin may
 * bring it.  Each has a handler and guards of its own.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "faults.h"

#include <dlfcn.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

typedef int guard_fn(const struct mmapx *m, int (*fn)(void *arg), void *arg);

static struct {
    guard_fn *guard;
    ssize_t (*read)(const struct mmapx *m, size_t off, void *buf, size_t len);
    int (*rearm)(void);
} copy;

static struct mmapx mine, its;

static void
load(void **function, void *handle, const char *name)
{
    *function = dlsym(handle, name);
    ck_assert_msg(*function != NULL, "%s", name);
}

static void
load_copy(void)
{
    char path[PATH_MAX];
    void *handle;

    if (under_sanitizer())
        SKIP("the sanitizer's run-time does not go into the library");
    close(temp_named(path, 0));
    if (!copy_library(path)) {
        unlink(path);
        SKIP("no shared library was built");
    }
    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    unlink(path);
    ck_assert_msg(handle != NULL, "%s", dlerror());
    load((void **)&copy.guard, handle, "mmapx_guard");
    load((void **)&copy.read, handle, "mmapx_read");
    load((void **)&copy.rearm, handle, "mmapx_guard_rearm");
    mine = short_file(PROT_READ, MAP_SHARED);
    its = short_file(PROT_READ, MAP_SHARED);
    ck_assert(copy.guard != mmapx_guard);
}

/* --- One in the other ----------------------------------------------------- */

static int
fault_in_mine(void *arg)
{
    (void)arg;
    return load_byte(hole_in(&mine));
}

static int
fault_in_its(void *arg)
{
    (void)arg;
    return load_byte(hole_in(&its));
}

static int
its_guard_inside(void *arg)
{
    return copy.guard(&its, arg == NULL ? fault_in_its : fault_in_mine, NULL);
}

static int
my_guard_inside(void *arg)
{
    return mmapx_guard(&mine, arg == NULL ? fault_in_mine : fault_in_its, NULL);
}

static void
check_each_way(void)
{
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(mmapx_guard(&mine, its_guard_inside, NULL), -1);
        ck_assert_int_eq(errno, EIO);
        FAILS(EIO, mmapx_guard(&mine, its_guard_inside, &mine));
        FAILS(EIO, copy.guard(&its, my_guard_inside, NULL));
        FAILS(EIO, copy.guard(&its, my_guard_inside, &its));
    }
}

START_TEST(guards_inside_each_other)
{
    load_copy();
    ck_assert_int_eq(mmapx_guard(&mine, return_seven, NULL), 7);
    ck_assert_int_eq(copy.guard(&its, return_seven, NULL), 7);
    check_each_way();
}
END_TEST

START_TEST(guards_inside_each_other_rearmed)
{
    load_copy();
    ck_assert_int_eq(mmapx_guard(&mine, return_seven, NULL), 7);
    ck_assert_int_eq(copy.guard(&its, return_seven, NULL), 7);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(mmapx_guard_rearm(), 1);
        check_each_way();
        ck_assert_int_eq(copy.rearm(), 1);
        check_each_way();
    }
}
END_TEST

/* --- Frames that the other one has jumped over ---------------------------- */

static int
go_deep(int levels)
{
    volatile char room[512];

    for (size_t i = 0; i < sizeof room; i++)
        room[i] = 0x55;
    if (levels > 0)
        return go_deep(levels - 1) + room[7];
    return fault_in_its(NULL);
}

static void
fault_afterwards(bool deep, bool mine_first)
{
    signal(SIGBUS, SIG_DFL);
    if (mine_first)
        mmapx_guard(&mine, return_seven, NULL);
    copy.guard(&its, return_seven, NULL);
    /* The fault is in mine: its guard is inside and is jumped over. */
    mmapx_guard(&mine, its_guard_inside, &mine);
    if (deep)
        go_deep(20);
    fault_in_its(NULL);
}

static void
fault_at_once(void)
{
    fault_afterwards(false, true);
}

static void
fault_deep(void)
{
    fault_afterwards(true, true);
}

static void
fault_at_once_too(void)
{
    fault_afterwards(false, false);
}

static void
fault_deep_too(void)
{
    fault_afterwards(true, false);
}

static void
fault_round_in_a_circle(void)
{
    signal(SIGBUS, SIG_DFL);
    for (int i = 0; i < 3; i++) {
        mmapx_guard_rearm();
        copy.rearm();
    }
    fault_in_its(NULL);
}

START_TEST(frames_that_are_gone)
{
    load_copy();
    ck_assert_int_eq(child_status(fault_at_once), -SIGBUS);
    ck_assert_int_eq(child_status(fault_deep), -SIGBUS);
    ck_assert_int_eq(child_status(fault_at_once_too), -SIGBUS);
    ck_assert_int_eq(child_status(fault_deep_too), -SIGBUS);
    ck_assert_int_eq(child_status(fault_round_in_a_circle), -SIGBUS);
}
END_TEST

/* --- What one learns while the other has let SIGBUS through --------------- */

static int
copy_inside(void *arg)
{
    char c;

    (void)arg;
    return (int)copy.read(&its, 0, &c, 1);
}

static void
learn(bool all)
{
    sigset_t set;
    char c;

    signal(SIGBUS, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, SIGBUS);
    if (all)
        sigfillset(&set);
    pthread_sigmask(SIG_SETMASK, &set, NULL);
    if (mmapx_guard(&mine, copy_inside, NULL) != 1 || !is_blocked(SIGBUS)
        || is_blocked(SIGALRM) != all)
        _exit(1);
    if (copy.read(&its, page_size(), &c, 1) == -1 && errno == EIO
        && is_blocked(SIGBUS))
        _exit(42);
}

static void
learn_with_one_blocked(void)
{
    learn(false);
}

static void
learn_with_all_blocked(void)
{
    learn(true);
}

START_TEST(what_a_copy_learns)
{
    load_copy();
    ck_assert_int_eq(child_status(learn_with_one_blocked), 42);
    ck_assert_int_eq(child_status(learn_with_all_blocked), 42);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("guard_twice");

    ADD_TEST(s, guards_inside_each_other);
    ADD_TEST(s, guards_inside_each_other_rearmed);
    ADD_TEST(s, frames_that_are_gone);
    ADD_TEST(s, what_a_copy_learns);
    return s;
}
