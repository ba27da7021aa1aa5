/* SPDX-License-Identifier: MIT */
/* Faults that become errors, and faults that must not. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "faults.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- The guard ------------------------------------------------------------ */

START_TEST(a_fault_is_an_error)
{
    struct mmapx m = short_file(PROT_READ | PROT_WRITE, MAP_SHARED);
    struct mmapx p = short_file(PROT_READ | PROT_WRITE, MAP_PRIVATE);

    ck_assert_int_eq(mmapx_guard(&m, return_seven, NULL), 7);
    ck_assert_int_eq(mmapx_guard(&m, load_byte, m.addr), pattern(0));
    for (int i = 0; i < 3; i++) {
        FAILS(EIO, mmapx_guard(&m, load_byte, hole_in(&m)));
        FAILS(EIO, mmapx_guard(&m, store_byte, hole_in(&m)));
        FAILS(EIO, mmapx_guard(&p, load_byte, hole_in(&p)));
        FAILS(EIO, mmapx_guard(&m, load_byte, (char *)m.addr + m.len - 1));
    }
    ck_assert_int_eq(mmapx_guard(&m, return_seven, NULL), 7);
}
END_TEST

START_TEST(bad_arguments)
{
    struct mmapx m = short_file(PROT_READ, MAP_SHARED);
    struct mmapx unmapped = MMAPX_INIT;
    char buf[1];

    FAILS(EINVAL, mmapx_guard(NULL, return_seven, NULL));
    FAILS(EINVAL, mmapx_guard(&unmapped, return_seven, NULL));
    FAILS(EINVAL, mmapx_guard(&m, NULL, NULL));
    FAILS(EINVAL, mmapx_read(NULL, 0, buf, 1));
    FAILS(EINVAL, mmapx_read(&unmapped, 0, buf, 1));
    FAILS(EINVAL, mmapx_read(&m, 0, NULL, 1));
    FAILS(EINVAL, mmapx_read(&m, m.len + 1, buf, 1));
    FAILS(EINVAL, mmapx_read(&m, SIZE_MAX, buf, 1));
    FAILS(EINVAL, mmapx_write(NULL, 0, buf, 1));
    FAILS(EINVAL, mmapx_write(&unmapped, 0, buf, 1));
    FAILS(EINVAL, mmapx_write(&m, 0, NULL, 1));
    FAILS(EINVAL, mmapx_write(&m, m.len + 1, buf, 1));
}
END_TEST

/* What is nested faults in the mapping it names, wherever it stands. */
struct nest {
    struct mmapx outer;
    struct mmapx inner;
    unsigned char *touched;
    int inner_result;
    int inner_errno;
};

static int
nest(void *arg)
{
    struct nest *n = arg;

    errno = 0;
    n->inner_result = mmapx_guard(&n->inner, load_byte, n->touched);
    n->inner_errno = errno;
    return 5;
}

START_TEST(guards_nest)
{
    struct nest n = { .outer = short_file(PROT_READ, MAP_SHARED),
                      .inner = short_file(PROT_READ, MAP_SHARED) };

    n.touched = hole_in(&n.inner);
    ck_assert_int_eq(mmapx_guard(&n.outer, nest, &n), 5);
    ck_assert_int_eq(n.inner_result, -1);
    ck_assert_int_eq(n.inner_errno, EIO);

    n.inner_result = 99;
    n.touched = hole_in(&n.outer);
    FAILS(EIO, mmapx_guard(&n.outer, nest, &n));
    ck_assert_int_eq(n.inner_result, 99);

    /* Both name the same mapping: the inner one has it. */
    n.inner = n.outer;
    ck_assert_int_eq(mmapx_guard(&n.outer, nest, &n), 5);
    ck_assert_int_eq(n.inner_errno, EIO);
}
END_TEST

static int
read_inside(void *arg)
{
    const struct mmapx *m = arg;
    char buf[10];

    return mmapx_read(m, page_size(), buf, 10) == -1 && errno == EIO
                   && mmapx_read(m, 0, buf, 10) == 10
               ? 3
               : 4;
}

START_TEST(a_copy_inside_a_guard)
{
    struct mmapx m = short_file(PROT_READ, MAP_SHARED);

    ck_assert_int_eq(mmapx_guard(&m, read_inside, &m), 3);
}
END_TEST

/* --- What stays a death --------------------------------------------------- */

static struct mmapx guarded, foreign;

/* A guard that is over must not stand in the way either. */
static void
touch_foreign(void)
{
    signal(SIGBUS, SIG_DFL);
    mmapx_guard(&foreign, return_seven, NULL);
    mmapx_guard(&guarded, load_byte, hole_in(&foreign));
}

/* A view of no bytes has no page, whatever it points to. */
static void
touch_beside_a_view(void)
{
    struct mmapx view;

    signal(SIGBUS, SIG_DFL);
    mmapx_view(&view, hole_in(&foreign), 0);
    mmapx_guard(&view, load_byte, view.addr);
}

static void
touch_bare(void)
{
    signal(SIGBUS, SIG_DFL);
    load_byte(hole_in(&guarded));
}

static void
touch_after_guard(void)
{
    signal(SIGBUS, SIG_DFL);
    mmapx_guard(&guarded, return_seven, NULL);
    mmapx_guard(&guarded, load_byte, hole_in(&guarded));
    load_byte(hole_in(&guarded));
}

static void
touch_ignored(void)
{
    signal(SIGBUS, SIG_IGN);
    touch_after_guard();
}

static void
touch_protected(void)
{
    signal(SIGSEGV, SIG_DFL);
    mprotect(guarded.addr, page_size(), PROT_NONE);
    mmapx_guard(&guarded, load_byte, guarded.addr);
}

static void
kill_inside(void)
{
    signal(SIGBUS, SIG_DFL);
    mmapx_guard(&guarded, return_seven, NULL);
    kill(getpid(), SIGBUS);
}

static _Noreturn void
kill_ignored(void)
{
    signal(SIGBUS, SIG_IGN);
    mmapx_guard(&guarded, return_seven, NULL);
    kill(getpid(), SIGBUS);
    _exit(42);
}

START_TEST(faults_that_are_not_ours)
{
    guarded = short_file(PROT_READ, MAP_SHARED);
    foreign = short_file(PROT_READ, MAP_SHARED);
    /* The control: this is what happens without us. */
    ck_assert_int_eq(child_status(touch_bare), -SIGBUS);
    ck_assert_int_eq(child_status(touch_foreign), -SIGBUS);
    ck_assert_int_eq(child_status(touch_beside_a_view), -SIGBUS);
    ck_assert_int_eq(child_status(touch_after_guard), -SIGBUS);
    ck_assert_int_eq(child_status(touch_ignored), -SIGBUS);
    ck_assert_int_eq(child_status(touch_protected), -SIGSEGV);
    ck_assert_int_eq(child_status(kill_inside), -SIGBUS);
    ck_assert_int_eq(child_status(kill_ignored), 42);
}
END_TEST

/* --- Masks, stacks, children ---------------------------------------------- */

static void
block(int how)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGBUS);
    pthread_sigmask(how, &set, NULL);
}

START_TEST(sigbus_blocked)
{
    struct mmapx m = short_file(PROT_READ | PROT_WRITE, MAP_SHARED);
    char buf[10];

    block(SIG_BLOCK);
    FAILS(EIO, mmapx_guard(&m, load_byte, hole_in(&m)));
    ck_assert(is_blocked(SIGBUS));
    ck_assert_int_eq(mmapx_guard(&m, return_seven, NULL), 7);
    ck_assert(is_blocked(SIGBUS));
    FAILS(EIO, mmapx_read(&m, page_size(), buf, 10));
    ck_assert(is_blocked(SIGBUS));
    ck_assert_int_eq(mmapx_read(&m, page_size() - 5, buf, 10), 5);
    FAILS(EIO, mmapx_write(&m, page_size(), buf, 10));
    ck_assert(is_blocked(SIGBUS));
    block(SIG_UNBLOCK);
    FAILS(EIO, mmapx_read(&m, page_size(), buf, 10));
    /* After that, a guard is as good as ever. */
    block(SIG_BLOCK);
    FAILS(EIO, mmapx_guard(&m, load_byte, hole_in(&m)));
    ck_assert(is_blocked(SIGBUS));
}
END_TEST

/* A copy inside a guard of such a thread finds SIGBUS unblocked, and must not
 * take that for the thread's own doing. */
static int
copy_one(void *arg)
{
    char c;

    return (int)mmapx_read(arg, 0, &c, 1);
}

START_TEST(sigbus_blocked_around_a_guard)
{
    struct mmapx m = short_file(PROT_READ, MAP_SHARED);
    char buf[10];

    block(SIG_BLOCK);
    ck_assert_int_eq(mmapx_guard(&m, copy_one, &m), 1);
    ck_assert(is_blocked(SIGBUS));
    FAILS(EIO, mmapx_read(&m, page_size(), buf, 10));
}
END_TEST

/* What fn does to the mask is its own affair. */
static int
block_usr1(void *arg)
{
    sigset_t set;

    (void)arg;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    return pthread_sigmask(SIG_BLOCK, &set, NULL);
}

START_TEST(the_mask_that_fn_sets)
{
    struct mmapx m = short_file(PROT_READ, MAP_SHARED);

    block(SIG_BLOCK);
    ck_assert_int_eq(mmapx_guard(&m, block_usr1, NULL), 0);
    ck_assert(is_blocked(SIGUSR1));
    ck_assert(is_blocked(SIGBUS));
}
END_TEST

/* Other signals are left alone. */
START_TEST(the_mask_is_kept)
{
    struct mmapx m = short_file(PROT_READ, MAP_SHARED);
    sigset_t set;

    if (under_tsan())
        SKIP("the sanitizer runs handlers with every signal blocked");
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    FAILS(EIO, mmapx_guard(&m, load_byte, hole_in(&m)));
    ck_assert(is_blocked(SIGUSR1));
    ck_assert(!is_blocked(SIGUSR2));
    ck_assert(!is_blocked(SIGBUS));
}
END_TEST

static int
fork_inside(void *arg)
{
    const struct mmapx *m = arg;
    int status;
    pid_t pid = fork();

    if (pid == 0)
        return load_byte(hole_in(m)); /* unwinds to the child's guard */
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

START_TEST(fork_in_the_middle)
{
    struct mmapx m = short_file(PROT_READ, MAP_SHARED);
    pid_t self = getpid();
    int r = mmapx_guard(&m, fork_inside, &m);

    if (getpid() != self)
        _exit(r == -1 && errno == EIO ? 31 : 32);
    ck_assert_int_eq(r, 31);
    FAILS(EIO, mmapx_guard(&m, load_byte, hole_in(&m)));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("guard");

    ADD_TEST(s, a_fault_is_an_error);
    ADD_TEST(s, bad_arguments);
    ADD_TEST(s, guards_nest);
    ADD_TEST(s, a_copy_inside_a_guard);
    ADD_TEST(s, faults_that_are_not_ours);
    ADD_TEST(s, sigbus_blocked);
    ADD_TEST(s, sigbus_blocked_around_a_guard);
    ADD_TEST(s, the_mask_that_fn_sets);
    ADD_TEST(s, the_mask_is_kept);
    ADD_TEST(s, fork_in_the_middle);
    return s;
}
