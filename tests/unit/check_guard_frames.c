/* SPDX-License-Identifier: MIT */
/* Which guard a fault belongs to: on two stacks, in guards and copies one
 * inside the other, and by handlers that know little. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "faults.h"

#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <ucontext.h>
#endif

enum { RW = PROT_READ | PROT_WRITE, STACK = 1 << 18 };

static struct mmapx m; /* of a file that is short */

static int
touch_the_hole(void *arg)
{
    (void)arg;
    return load_byte(hole_in(&m));
}

static void
map_short_file(void)
{
    m = short_file(PROT_READ, MAP_SHARED);
}

/* --- Two stacks ----------------------------------------------------------- */

/* Have an alternate stack, and run a handler for SIGUSR1 there. */
static void
handle_on_alternate_stack(void (*handler)(int))
{
    struct sigaction act = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
    stack_t stack = { .ss_size = STACK };

    stack.ss_sp = malloc(STACK);
    ck_assert_ptr_nonnull(stack.ss_sp);
    ck_assert_int_eq(sigaltstack(&stack, NULL), 0);
    sigemptyset(&act.sa_mask);
    ck_assert_int_eq(sigaction(SIGUSR1, &act, NULL), 0);
}

static void
touch_in_handler(int sig)
{
    (void)sig;
    touch_the_hole(NULL);
}

static int
raise_usr1(void *arg)
{
    (void)arg;
    return raise(SIGUSR1);
}

/* A handler that faults on the alternate stack is left for the guard on the
 * other one. */
START_TEST(a_fault_on_the_alternate_stack)
{
    stack_t now;

    if (under_sanitizer())
        SKIP("the sanitizer has alternate stacks of its own");
    map_short_file();
    handle_on_alternate_stack(touch_in_handler);
    for (int i = 0; i < 3; i++) {
        FAILS(EIO, mmapx_guard(&m, raise_usr1, NULL));
        ck_assert(!is_blocked(SIGUSR1));
        ck_assert_int_eq(sigaltstack(NULL, &now), 0);
        ck_assert_int_eq(now.ss_flags & (SS_ONSTACK | SS_DISABLE), 0);
    }
}
END_TEST

static sigjmp_buf outside;

static int
jump_out(void *arg)
{
    (void)arg;
    siglongjmp(outside, 1);
}

static void
leave_a_guard(int sig)
{
    (void)sig;
    mmapx_guard(&m, jump_out, NULL);
}

static void
fault_after_a_jump(void)
{
    signal(SIGBUS, SIG_DFL); /* clang's sanitizer has a handler */
    handle_on_alternate_stack(leave_a_guard);
    if (sigsetjmp(outside, 1) == 0)
        raise(SIGUSR1);
    touch_the_hole(NULL);
}

/* What was on the alternate stack is over: a guard there that was left by a
 * jump is never jumped into. */
START_TEST(a_guard_that_was_left_on_the_alternate_stack)
{
    if (under_sanitizer())
        SKIP("the sanitizer has alternate stacks of its own");
    map_short_file();
    ck_assert_int_eq(child_status(fault_after_a_jump), -SIGBUS);
}
END_TEST

/* --- User-level threads --------------------------------------------------- */

#ifdef __GLIBC__ /* musl has no swapcontext(3) */
static ucontext_t caller, coroutine;
static int (*body)(void *arg);
static int body_result;

static void
run_body(void)
{
    body_result = body(NULL);
}

/* Run the body to its end on a stack of its own. */
static int
change_stacks(void *arg)
{
    static char stack[STACK];

    (void)arg;
    ck_assert_int_eq(getcontext(&coroutine), 0);
    coroutine.uc_stack.ss_sp = stack;
    coroutine.uc_stack.ss_size = sizeof stack;
    coroutine.uc_link = &caller;
    makecontext(&coroutine, run_body, 0);
    ck_assert_int_eq(swapcontext(&caller, &coroutine), 0);
    return body_result;
}

static void
need_other_stacks(void)
{
    if (under_sanitizer())
        SKIP("the sanitizer does not know of other stacks");
    skip_under_valgrind("valgrind takes a change of stacks for a growing one");
}

static int
guard_on_its_own_stack(void *arg)
{
    (void)arg;
    FAILS(EIO, mmapx_guard(&m, touch_the_hole, NULL));
    return 7;
}

/* It is no guard of the coroutine's, and what becomes of a fault there is
 * promised in two ways only. */
static _Noreturn void
fault_on_the_other_stack(void)
{
    signal(SIGBUS, SIG_DFL);
    body = touch_the_hole;
    errno = 0;
    _exit(mmapx_guard(&m, change_stacks, NULL) == -1 ? errno : 0);
}

static void
fault_after_all(void)
{
    signal(SIGBUS, SIG_DFL);
    body = return_seven;
    if (mmapx_guard(&m, change_stacks, NULL) == 7)
        touch_the_hole(NULL);
}
#endif

START_TEST(a_guard_on_the_stack_of_a_coroutine)
{
#ifdef __GLIBC__
    need_other_stacks();
    map_short_file();
    body = guard_on_its_own_stack;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(change_stacks(NULL), 7);
        ck_assert_int_eq(mmapx_guard(&m, change_stacks, NULL), 7);
        FAILS(EIO, mmapx_guard(&m, touch_the_hole, NULL));
    }
#else
    SKIP("this C library has no swapcontext(3)");
#endif
}
END_TEST

/* A fault that is not caught, or the guard's end: nothing else comes of it. */
START_TEST(a_guard_that_changes_stacks)
{
#ifdef __GLIBC__
    int status;

    need_other_stacks();
    map_short_file();
    status = child_status(fault_on_the_other_stack);
    ck_assert(status == EIO || status == -SIGBUS);
    ck_assert_int_eq(child_status(fault_after_all), -SIGBUS);
#else
    SKIP("this C library has no swapcontext(3)");
#endif
}
END_TEST

/* --- One inside the other ------------------------------------------------- */

/* Two short files, and a file between them in the address space that is not. */
static struct mmapx low, between, high;

static void
map_three_files(void)
{
    size_t page = page_size();
    int fd = temp_file(page), whole = temp_file(4 * page);
    struct mmapx area;
    char *at;

    need_fault_addresses();
    OK(mmapx_map_anon(&area, 12 * page, PROT_NONE, MAP_PRIVATE));
    at = area.addr;
    OK(mmapx_map_at(&low, at, fd, 0, 4 * page, RW, MAP_SHARED | MAP_FIXED));
    OK(mmapx_map_at(&between, at + 4 * page, whole, 0, 4 * page, RW,
                    MAP_SHARED | MAP_FIXED));
    OK(mmapx_map_at(&high, at + 8 * page, fd, 0, 4 * page, RW,
                    MAP_SHARED | MAP_FIXED));
}

static int
copy_into_the_hole(void *arg)
{
    return mmapx_read(&between, 0, hole_in(arg), 10) == 10;
}

/* A copy answers for the mapping's side alone: where the other one faults, that
 * is a matter of the guard around it. */
START_TEST(a_fault_on_the_other_side_of_a_copy)
{
    struct mmapx *both[] = { &low, &high };

    map_three_files();
    for (int i = 0; i < 4; i++)
        FAILS(EIO, mmapx_guard(both[i % 2], copy_into_the_hole, both[i % 2]));
}
END_TEST

static int
unmap_and_touch(void *arg)
{
    (void)arg;
    OK(mmapx_unmap(&low));
    return load_byte(hole_in(&high));
}

static int
guard_inside(void *arg)
{
    return mmapx_guard(&low, unmap_and_touch, arg);
}

/* A guard covers what its handle says, which is nothing once it is unmapped. */
START_TEST(a_guard_whose_mapping_is_gone)
{
    map_three_files();
    FAILS(EIO, mmapx_guard(&high, guard_inside, NULL));
}
END_TEST

static int
copy_far_inside(void *arg)
{
    size_t page = page_size();
    int *left = arg;
    char *buf;
    ssize_t n;

    if (--*left > 0)
        return mmapx_guard(&m, copy_far_inside, arg);
    buf = malloc(2 * page);
    n = mmapx_read(&m, 0, buf, 2 * page);
    ck_assert_int_eq(mmapx_read(&m, page, buf, 1), -1);
    ck_assert_int_eq(errno, EIO);
    free(buf);
    return n == (ssize_t)page;
}

/* However many guards it is in. */
START_TEST(a_copy_inside_many_guards)
{
    int depths[] = { 1, 15, 16, 17, 18, 40 };

    skip_under_valgrind("it does not lengthen the stack for a signal");
    map_short_file();
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++) {
        int left = depths[i];

        ck_assert_int_eq(mmapx_guard(&m, copy_far_inside, &left), 1);
    }
}
END_TEST

/* Leave a guard by a jump, so that its frame stays noted. */
static __attribute__((noinline)) void
jump_out_of_a_guard(void)
{
    if (sigsetjmp(outside, 0) == 0)
        mmapx_guard(&low, jump_out, NULL);
}

static int
touch_the_hole_of(void *arg)
{
    return load_byte(hole_in(arg));
}

static int
touch_low_after_a_jump(void *arg)
{
    (void)arg;
    jump_out_of_a_guard();
    return load_byte(hole_in(&low));
}

/* Where one was left, another one; the fault belongs to those around it. */
static int
fault_of_an_outer_guard(void *arg)
{
    (void)arg;
    jump_out_of_a_guard();
    return mmapx_guard(&low, touch_the_hole_of, &high);
}

/* One inside of which another one was left. */
static int
fault_of_the_last_guard(void *arg)
{
    (void)arg;
    FAILS(EIO, mmapx_guard(&low, touch_low_after_a_jump, NULL));
    FAILS(EIO, mmapx_guard(&low, touch_the_hole_of, &low));
    return 7;
}

/* Far enough inside that the guard that was left is written over. */
static __attribute__((noinline)) int
fault_deep_below(void)
{
    volatile char block[16384];

    for (size_t i = 0; i < sizeof block; i++)
        block[i] = 1;
    return mmapx_guard(&low, touch_the_hole_of, &high) + block[1] - 1;
}

static int
fault_below_what_was_left(void *arg)
{
    (void)arg;
    jump_out_of_a_guard();
    return fault_deep_below();
}

struct nest {
    int left;
    int (*innermost)(void *arg);
    int result; /* of the innermost guard */
    int error;
};

static int
go_inside(void *arg)
{
    struct nest *nest = arg;

    if (--nest->left == 0) {
        nest->result = mmapx_guard(&high, nest->innermost, NULL);
        nest->error = errno;
        return 3;
    }
    return mmapx_guard(&high, go_inside, nest);
}

START_TEST(a_jump_inside_many_guards)
{
    skip_under_valgrind("it does not lengthen the stack for a signal");
    map_three_files();
    for (int depth = 1; depth < 40; depth += depth < 12 || depth > 19 ? 6 : 1) {
        struct nest outer = { .left = depth,
                              .innermost = fault_of_an_outer_guard };
        struct nest below = { .left = depth,
                              .innermost = fault_below_what_was_left };
        struct nest last = { .left = depth,
                             .innermost = fault_of_the_last_guard };

        ck_assert_int_eq(go_inside(&outer), 3);
        ck_assert_int_eq(outer.result, -1);
        ck_assert_int_eq(outer.error, EIO);
        ck_assert_int_eq(go_inside(&below), 3);
        ck_assert_int_eq(below.result, -1);
        ck_assert_int_eq(below.error, EIO);
        ck_assert_int_eq(go_inside(&last), 3);
        ck_assert_int_eq(last.result, 7);
    }
}
END_TEST

/* --- Handlers that know little -------------------------------------------- */

static struct sigaction ours;

static void
chain_without_context(int sig, siginfo_t *info, void *context)
{
    (void)context;
    ours.sa_sigaction(sig, info, NULL);
}

/* A handler that passes a fault on and has thrown the context away. */
START_TEST(a_fault_without_a_context)
{
    struct sigaction act = { .sa_flags = SA_SIGINFO | SA_NODEFER };
    char byte;

    if (under_sanitizer())
        SKIP("the sanitizer wants to know of each handler");
    map_short_file();
    ck_assert_int_eq(mmapx_guard(&m, return_seven, NULL), 7);
    ck_assert_int_eq(sigaction(SIGBUS, NULL, &ours), 0);
    act.sa_sigaction = chain_without_context;
    sigemptyset(&act.sa_mask);
    ck_assert_int_eq(sigaction(SIGBUS, &act, NULL), 0);
    for (int i = 0; i < 3; i++) {
        FAILS(EIO, mmapx_guard(&m, touch_the_hole, NULL));
        FAILS(EIO, mmapx_read(&m, page_size(), &byte, 1));
        ck_assert(!is_blocked(SIGBUS));
    }
}
END_TEST

static void
pass_back(int sig, siginfo_t *info, void *context)
{
    struct sigaction now;

    sigaction(sig, NULL, &now);
    now.sa_sigaction(sig, info, context);
}

static void
raise_where_it_is_passed_back(void)
{
    struct sigaction act = { .sa_flags = SA_SIGINFO };

    act.sa_sigaction = pass_back;
    sigemptyset(&act.sa_mask);
    sigaction(SIGBUS, &act, NULL);
    mmapx_guard(&m, return_seven, NULL);
    raise(SIGBUS);
}

/* A handler that was there first hands each signal to the one that is installed
 * now: the signal ends with the default action, and does not go round for
 * good. */
START_TEST(the_first_handler_passes_back)
{
    if (under_sanitizer())
        SKIP("the sanitizer wants to know of each handler");
    map_short_file();
    ck_assert_int_eq(child_status(raise_where_it_is_passed_back), -SIGBUS);
}
END_TEST

/* --- Signals that are not faults ------------------------------------------ */

static int
raise_twice(void *arg)
{
    (void)arg;
    return raise(SIGBUS) + raise(SIGBUS);
}

static void
block(int sig)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, sig);
    ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
}

static bool
takes_pending_bus(void)
{
    sigset_t set;
    int sig = 0;

    ck_assert_int_eq(sigpending(&set), 0);
    if (sigismember(&set, SIGBUS) != 1)
        return false;
    sigemptyset(&set);
    sigaddset(&set, SIGBUS);
    return sigwait(&set, &sig) == 0 && sig == SIGBUS;
}

/* A thread that blocks SIGBUS gets what others send when it asks for it, and
 * once, as ever; on which stack the handler ran is the same. */
START_TEST(signals_that_wait)
{
    if (under_sanitizer())
        SKIP("the sanitizer wants to know of each signal");
    skip_under_valgrind("no signal waits there");
    map_short_file();
    block(SIGBUS);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(mmapx_guard(&m, raise_twice, NULL), 0);
        ck_assert(is_blocked(SIGBUS));
        ck_assert(takes_pending_bus());
        ck_assert(!takes_pending_bus());
        handle_on_alternate_stack(SIG_IGN);
    }
}
END_TEST

static int buses;
static char *sealed; /* a page that may not be stored to */

static void
count_bus(int sig)
{
    (void)sig;
    buses++;
}

static void
raise_and_unseal(int sig)
{
    (void)sig;
    raise(SIGBUS);
    mprotect(sealed, page_size(), RW);
}

/* A copy keeps no signal: the handler that was there before has it at once. */
START_TEST(a_signal_in_the_middle_of_a_copy)
{
    struct sigaction bus = { .sa_handler = count_bus };
    struct sigaction segv = { .sa_handler = raise_and_unseal };

    if (under_sanitizer())
        SKIP("the sanitizer wants to know of each signal");
    need_fault_addresses();
    map_short_file();
    sigemptyset(&bus.sa_mask);
    sigemptyset(&segv.sa_mask);
    ck_assert_int_eq(sigaction(SIGBUS, &bus, NULL), 0);
    ck_assert_int_eq(sigaction(SIGSEGV, &segv, NULL), 0);
    sealed = mmap(NULL, page_size(), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                  0);
    ck_assert_ptr_ne(sealed, MAP_FAILED);
    ck_assert_int_eq(mmapx_read(&m, 0, sealed, 10), 10);
    ck_assert_int_eq(buses, 1);
    check_pattern(sealed, 0, 10);
}
END_TEST

#ifdef SIGSTKFLT
/* What a guard of another copy of the library does to the mask. */
START_TEST(a_mask_that_a_guard_has_made)
{
    char byte;

    map_short_file();
    block(SIGSTKFLT);
    ck_assert_int_eq(mmapx_read(&m, 0, &byte, 1), 1);
    /* The guard is over: SIGBUS is blocked again. */
    block(SIGBUS);
    FAILS(EIO, mmapx_read(&m, page_size(), &byte, 1));
    FAILS(EIO, mmapx_guard(&m, touch_the_hole, NULL));
    ck_assert_int_eq(mmapx_guard(&m, return_seven, NULL), 7);
    ck_assert(is_blocked(SIGBUS));
    ck_assert(is_blocked(SIGSTKFLT));
}
END_TEST

/* Threads that block all but faults, and what else they let through. */
START_TEST(a_mask_of_all_but_faults)
{
    char byte;
    sigset_t set;

    map_short_file();
    for (int i = 0; i < 3; i++) {
        sigfillset(&set);
        sigdelset(&set, SIGBUS);
        if (i > 0)
            sigdelset(&set, SIGSEGV);
        if (i > 1)
            sigdelset(&set, SIGTERM);
        ck_assert_int_eq(sigprocmask(SIG_SETMASK, &set, NULL), 0);
        FAILS(EIO, mmapx_read(&m, page_size(), &byte, 1));
        ck_assert_int_eq(mmapx_read(&m, 0, &byte, 1), 1);
        ck_assert(!is_blocked(SIGBUS));
        ck_assert(is_blocked(SIGSTKFLT));
        ck_assert_int_eq(is_blocked(SIGTERM), i < 2);
    }
}
END_TEST
#endif

Suite *
suite(void)
{
    Suite *s = suite_create("guard_frames");

    ADD_TEST(s, a_fault_on_the_alternate_stack);
    ADD_TEST(s, a_guard_that_was_left_on_the_alternate_stack);
    ADD_TEST(s, a_guard_on_the_stack_of_a_coroutine);
    ADD_TEST(s, a_guard_that_changes_stacks);
    ADD_TEST(s, a_fault_on_the_other_side_of_a_copy);
    ADD_TEST(s, a_guard_whose_mapping_is_gone);
    ADD_TEST(s, a_copy_inside_many_guards);
    ADD_TEST(s, a_jump_inside_many_guards);
    ADD_TEST(s, a_fault_without_a_context);
    ADD_TEST(s, the_first_handler_passes_back);
    ADD_TEST(s, signals_that_wait);
    ADD_TEST(s, a_signal_in_the_middle_of_a_copy);
#ifdef SIGSTKFLT
    ADD_TEST(s, a_mask_that_a_guard_has_made);
    ADD_TEST(s, a_mask_of_all_but_faults);
#endif
    return s;
}
