/* SPDX-License-Identifier: MIT */
/* What a thread has after a caught fault: what it had before. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "faults.h"

#include <fenv.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#if defined __x86_64__
#include <xmmintrin.h>
#endif

static struct mmapx m;

/* --- The floating-point environment --------------------------------------- */

#if defined FE_UPWARD && defined FE_DOWNWARD && defined FE_INEXACT
#define HAS_ROUNDING 1
#endif

#ifdef HAS_ROUNDING
static int
round_down_and_fault(void *arg)
{
    fesetround(FE_DOWNWARD);
    feraiseexcept(FE_DIVBYZERO);
    return load_byte(arg);
}

static void
assert_environment(void)
{
    ck_assert_int_eq(fegetround(), FE_UPWARD);
    ck_assert_int_eq(fetestexcept(FE_ALL_EXCEPT), FE_INEXACT);
}
#endif

START_TEST(the_rounding)
{
#ifdef HAS_ROUNDING
    char buf[10];

    m = short_file(PROT_READ | PROT_WRITE, MAP_SHARED);
    skip_under_valgrind("valgrind has no such environment");
    ck_assert_int_eq(fesetround(FE_UPWARD), 0);
    feclearexcept(FE_ALL_EXCEPT);
    feraiseexcept(FE_INEXACT);
    FAILS(EIO, mmapx_guard(&m, load_byte, hole_in(&m)));
    assert_environment();
    FAILS(EIO, mmapx_guard(&m, round_down_and_fault, hole_in(&m)));
    assert_environment();
    FAILS(EIO, mmapx_read(&m, page_size(), buf, 10));
    assert_environment();
    ck_assert_int_eq(mmapx_read(&m, page_size() - 3, buf, 10), 3);
    assert_environment();
    FAILS(EIO, mmapx_write(&m, page_size(), buf, 10));
    assert_environment();
#else
    SKIP("the machine rounds in one way only");
#endif
}
END_TEST

/* What the standard's header does not know. */
START_TEST(the_registers_of_x86)
{
#if defined __x86_64__
    enum { FTZ_AND_DAZ = 0x8040, SINGLE_PRECISION = 0x007f };
    unsigned mxcsr = _mm_getcsr() | FTZ_AND_DAZ;
    unsigned short control = SINGLE_PRECISION;
    char buf[10];

    m = short_file(PROT_READ, MAP_SHARED);
    skip_under_valgrind("valgrind has no such registers");
    _mm_setcsr(mxcsr);
    __asm__ volatile("fldcw %0" : : "m"(control));
    for (int i = 0; i < 2; i++) {
        if (i == 0)
            FAILS(EIO, mmapx_guard(&m, load_byte, hole_in(&m)));
        else
            FAILS(EIO, mmapx_read(&m, page_size(), buf, 10));
        __asm__ volatile("fnstcw %0" : "=m"(control));
        ck_assert_int_eq(control, SINGLE_PRECISION);
        ck_assert_uint_eq(_mm_getcsr() & ~0x3fu, mxcsr & ~0x3fu);
    }
#else
    SKIP("a matter of x86");
#endif
}
END_TEST

/* --- The mask ------------------------------------------------------------- */

static int
block_usr1_and_fault(void *arg)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return load_byte(arg);
}

START_TEST(the_mask_before_the_guard)
{
    m = short_file(PROT_READ, MAP_SHARED);
    FAILS(EIO, mmapx_guard(&m, block_usr1_and_fault, hole_in(&m)));
    ck_assert(!is_blocked(SIGUSR1));
    ck_assert(!is_blocked(SIGBUS));
}
END_TEST

/* A handler that comes later and calls the one that it replaced. */
static struct sigaction replaced;

static void
chain(int sig, siginfo_t *info, void *context)
{
    replaced.sa_sigaction(sig, info, context);
}

START_TEST(the_mask_of_a_later_handler)
{
    struct sigaction act = { .sa_flags = SA_SIGINFO | SA_ONSTACK };
    char buf[10];

    m = short_file(PROT_READ | PROT_WRITE, MAP_SHARED);
    ck_assert_int_eq(mmapx_read(&m, 0, buf, 10), 10);
    act.sa_sigaction = chain;
    sigfillset(&act.sa_mask);
    ck_assert_int_eq(sigaction(SIGBUS, &act, &replaced), 0);
    for (int i = 0; i < 3; i++) {
        FAILS(EIO, mmapx_guard(&m, load_byte, hole_in(&m)));
        ck_assert(!is_blocked(SIGTERM));
        FAILS(EIO, mmapx_read(&m, page_size(), buf, 10));
        ck_assert(!is_blocked(SIGTERM));
        FAILS(EIO, mmapx_write(&m, page_size(), buf, 10));
        ck_assert(!is_blocked(SIGTERM));
        ck_assert(!is_blocked(SIGBUS));
    }
}
END_TEST

/* Another signal's handler interrupts fn and faults. */
static void
fault_in_handler(int sig)
{
    (void)sig;
    load_byte(hole_in(&m));
}

static int
raise_usr1(void *arg)
{
    (void)arg;
    return raise(SIGUSR1);
}

START_TEST(the_mask_of_an_interrupting_handler)
{
    struct sigaction act = { .sa_flags = 0 };

    if (under_tsan())
        SKIP("the sanitizer runs handlers with every signal blocked");
    m = short_file(PROT_READ, MAP_SHARED);
    act.sa_handler = fault_in_handler;
    sigemptyset(&act.sa_mask);
    sigaddset(&act.sa_mask, SIGUSR2);
    ck_assert_int_eq(sigaction(SIGUSR1, &act, NULL), 0);
    FAILS(EIO, mmapx_guard(&m, raise_usr1, NULL));
    ck_assert(!is_blocked(SIGUSR1));
    ck_assert(!is_blocked(SIGUSR2));
}
END_TEST

/* --- Signals that wait ---------------------------------------------------- */

static void
block(int how)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGBUS);
    pthread_sigmask(how, &set, NULL);
}

static bool
is_waiting(void)
{
    sigset_t waiting;

    ck_assert_int_eq(sigpending(&waiting), 0);
    return sigismember(&waiting, SIGBUS) == 1;
}

/* The SIGBUS that somebody sent stays for who waits for it.  macOS does not say
 * who that was. */
static void
assert_waiting(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGBUS);
    ck_assert(is_waiting());
#ifdef __APPLE__
    int sig;

    ck_assert_int_eq(sigwait(&set, &sig), 0);
#else
    siginfo_t info;

    ck_assert_int_eq(sigwaitinfo(&set, &info), SIGBUS);
    ck_assert_int_eq(info.si_pid, getpid());
#endif
    ck_assert(is_blocked(SIGBUS));
    ck_assert(!is_waiting());
}

static int
send_bus(void *arg)
{
    kill(getpid(), SIGBUS);
    return arg == NULL ? 5 : load_byte(arg);
}

START_TEST(a_signal_that_is_waited_for)
{
    char buf[10];

    if (under_tsan() || under_valgrind())
        SKIP("signals are delivered in their own time here");
    m = short_file(PROT_READ | PROT_WRITE, MAP_SHARED);
    block(SIG_BLOCK);
    kill(getpid(), SIGBUS);
    ck_assert_int_eq(mmapx_guard(&m, return_seven, NULL), 7);
    assert_waiting();
    ck_assert_int_eq(mmapx_guard(&m, send_bus, NULL), 5);
    assert_waiting();
    FAILS(EIO, mmapx_guard(&m, send_bus, hole_in(&m)));
    assert_waiting();
    raise(SIGBUS);
    FAILS(EIO, mmapx_read(&m, page_size(), buf, 10));
    assert_waiting();
    kill(getpid(), SIGBUS);
    ck_assert_int_eq(mmapx_write(&m, 0, buf, 10), 10);
    assert_waiting();
}
END_TEST

/* System calls are interrupted as they were before. */
static int
flags_after(void (*handler)(int), int flags)
{
    struct sigaction act = { .sa_flags = flags };

    act.sa_handler = handler;
    sigemptyset(&act.sa_mask);
    sigaction(SIGBUS, &act, NULL);
    mmapx_guard(&m, return_seven, NULL);
    sigaction(SIGBUS, NULL, &act);
    return act.sa_flags;
}

static _Noreturn void
be_ignored(void)
{
    _exit((flags_after(SIG_IGN, 0) & SA_RESTART) != 0 ? 42 : 0);
}

static _Noreturn void
be_restarted(void)
{
    _exit((flags_after(fault_in_handler, SA_RESTART) & SA_RESTART) != 0 ? 42
                                                                        : 0);
}

static _Noreturn void
be_interrupted(void)
{
    _exit((flags_after(fault_in_handler, 0) & SA_RESTART) == 0 ? 42 : 0);
}

START_TEST(system_calls_that_start_again)
{
    m = short_file(PROT_READ, MAP_SHARED);
    ck_assert_int_eq(child_status(be_ignored), 42);
    ck_assert_int_eq(child_status(be_restarted), 42);
    ck_assert_int_eq(child_status(be_interrupted), 42);
}
END_TEST

/* --- The alternate stack -------------------------------------------------- */

START_TEST(a_stack_that_disarms_itself)
{
#ifdef __linux__
    enum { ROOM = 1 << 16 };
    stack_t stack = { .ss_flags = (int)(1u << 31), /* SS_AUTODISARM */
                      .ss_size = ROOM };
    stack_t now;
    char buf[10];

    if (under_valgrind() || under_emulator())
        SKIP("no such stack is known here");
    m = short_file(PROT_READ, MAP_SHARED);
    stack.ss_sp = malloc(ROOM);
    if (sigaltstack(&stack, NULL) != 0)
        SKIP("a kernel before 4.7");
    for (int i = 0; i < 3; i++) {
        FAILS(EIO, mmapx_guard(&m, load_byte, hole_in(&m)));
        ck_assert_int_eq(sigaltstack(NULL, &now), 0);
        ck_assert_ptr_eq(now.ss_sp, stack.ss_sp);
        ck_assert_uint_eq(now.ss_size, ROOM);
        ck_assert_int_eq(now.ss_flags, stack.ss_flags);
        FAILS(EIO, mmapx_read(&m, page_size(), buf, 10));
        ck_assert_int_eq(sigaltstack(NULL, &now), 0);
        ck_assert_ptr_eq(now.ss_sp, stack.ss_sp);
    }
    now.ss_flags = SS_DISABLE;
    OK(sigaltstack(&now, NULL));
    free(stack.ss_sp);
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

/* --- A mapping that changes under the guard ------------------------------- */

static int
resize_and_fault(void *arg)
{
    const bool *grows = arg;
    size_t len = *grows ? 64 * page_size() : 2 * page_size();

    if (mmapx_resize(&m, -1, len, MMAPX_RESIZE_MAYMOVE) != 0)
        return 8;
    return load_byte((char *)m.addr + m.len - 1);
}

START_TEST(a_mapping_that_fn_resizes)
{
    bool grows = true;

    m = short_file(PROT_READ, MAP_SHARED);
    if (mmapx_resize(&m, -1, 5 * page_size(), MMAPX_RESIZE_MAYMOVE) != 0)
        SKIP("no mremap(2) here");
    FAILS(EIO, mmapx_guard(&m, resize_and_fault, &grows));
    ck_assert_uint_eq(m.len, 64 * page_size());
    grows = false;
    FAILS(EIO, mmapx_guard(&m, resize_and_fault, &grows));
}
END_TEST

/* The room is the mapping's own: who has a copy of the handle is covered when
 * the owner grows into it. */
static int
grow_and_fault(void *arg)
{
    if (mmapx_resize(&m, -1, 8 * page_size(), 0) != 0)
        return 8;
    return load_byte(arg);
}

START_TEST(a_mapping_that_grows_into_its_room)
{
    struct mmapx copy;

    skip_under_valgrind("valgrind copies no mapping by mremap(2)");
    m = short_file(PROT_READ, MAP_SHARED);
    if (mmapx_reserve(&m, 16 * page_size(), MMAPX_RESIZE_MAYMOVE) != 0)
        SKIP("no room can be reserved here");
    copy = m;
    FAILS(EIO, mmapx_guard(&copy, grow_and_fault,
                           (char *)m.addr + 7 * page_size()));
    ck_assert_uint_eq(m.len, 8 * page_size());
}
END_TEST

/* The place that a mapping has left is somebody else's. */
static struct mmapx other;

static int
leave_the_place(void *arg)
{
    void *old = (char *)m.addr + 2 * page_size();

    (void)arg;
    if (mmapx_resize(&m, -1, page_size(), 0) != 0)
        return 8;
    if (mmap(old, page_size(), PROT_READ, MAP_SHARED | MAP_FIXED,
             temp_file(0), 0)
        != old)
        return 9;
    return load_byte(old);
}

static void
fault_where_it_was(void)
{
    signal(SIGBUS, SIG_DFL);
    m = other;
    mmapx_guard(&m, leave_the_place, NULL);
}

START_TEST(a_place_that_is_given_up)
{
    other = short_file(PROT_READ, MAP_SHARED);
    ck_assert_int_eq(child_status(fault_where_it_was), -SIGBUS);
}
END_TEST

/* --- Guards that are left by a jump --------------------------------------- */

static jmp_buf out;

static int
jump_out(void *arg)
{
    (void)arg;
    longjmp(out, 1);
}

static void
fault_after_a_jump(void)
{
    signal(SIGBUS, SIG_DFL);
    if (setjmp(out) == 0)
        mmapx_guard(&m, jump_out, NULL);
    load_byte(hole_in(&m));
}

/* Deeper than the guard was, on a stack that others have used since. */
static int
go_deep(int levels)
{
    volatile char room[512];

    for (size_t i = 0; i < sizeof room; i++)
        room[i] = 0x55;
    if (levels > 0)
        return go_deep(levels - 1) + room[7];
    return load_byte(hole_in(&m));
}

static void
fault_deep_after_a_jump(void)
{
    signal(SIGBUS, SIG_DFL);
    if (setjmp(out) == 0)
        mmapx_guard(&m, jump_out, NULL);
    go_deep(20);
}

static int
jump_out_of_two(void *arg)
{
    (void)arg;
    if (setjmp(out) == 0)
        mmapx_guard(&m, jump_out, NULL);
    return load_byte(hole_in(&m));
}

static void
guard_after_many_jumps(void)
{
    for (volatile int i = 0; i < 1000; i++)
        if (setjmp(out) == 0)
            mmapx_guard(&m, jump_out, NULL);
    if (mmapx_guard(&m, load_byte, hole_in(&m)) == -1 && errno == EIO
        && mmapx_guard(&m, jump_out_of_two, NULL) == -1 && errno == EIO)
        _exit(42);
}

START_TEST(a_guard_that_was_left_by_a_jump)
{
    skip_under_valgrind("valgrind does not extend the stack for a handler");
    m = short_file(PROT_READ, MAP_SHARED);
    ck_assert_int_eq(child_status(fault_after_a_jump), -SIGBUS);
    ck_assert_int_eq(child_status(fault_deep_after_a_jump), -SIGBUS);
    ck_assert_int_eq(child_status(guard_after_many_jumps), 42);
}
END_TEST

/* More guards than a thread has places for. */
static int
nest_deep(void *arg)
{
    int *levels = arg;

    if (--*levels == 0)
        return load_byte(hole_in(&m));
    return mmapx_guard(&other, nest_deep, levels) < 0 ? 99 : 3;
}

START_TEST(many_guards)
{
    skip_under_valgrind("valgrind does not extend the stack for a handler");
    m = short_file(PROT_READ, MAP_SHARED);
    other = short_file(PROT_READ, MAP_SHARED);
    for (int depth = 1; depth < 40; depth++) {
        int levels = depth;

        FAILS(EIO, mmapx_guard(&m, nest_deep, &levels));
        ck_assert_int_eq(levels, 0);
    }
}
END_TEST

/* The innermost of many is left, and what is outside still stands. */
static int
nest_and_jump(void *arg)
{
    int *levels = arg;

    if (--*levels == 0)
        longjmp(out, 1);
    return mmapx_guard(&other, nest_and_jump, levels) < 0 ? 99 : 3;
}

static int
leave_many(void *arg)
{
    volatile int result = 0;

    if (setjmp(out) == 0)
        result = mmapx_guard(&other, nest_and_jump, arg);
    return result == 0 ? load_byte(hole_in(&m)) : 9;
}

START_TEST(many_guards_that_are_left)
{
    skip_under_valgrind("valgrind does not extend the stack for a handler");
    m = short_file(PROT_READ, MAP_SHARED);
    other = short_file(PROT_READ, MAP_SHARED);
    for (int depth = 1; depth < 40; depth++) {
        int levels = depth;

        FAILS(EIO, mmapx_guard(&m, leave_many, &levels));
        ck_assert_int_eq(levels, 0);
    }
}
END_TEST

/* A thread that ends inside a guard: its destructors are not guarded. */
static pthread_key_t key;

static void
fault_at_the_end(void *value)
{
    load_byte(value);
}

static int
end_thread(void *arg)
{
    pthread_setspecific(key, arg);
    pthread_exit(NULL);
}

static void *
run_guarded(void *arg)
{
    mmapx_guard(&m, end_thread, arg);
    return NULL;
}

static void
fault_after_a_thread(void)
{
    pthread_t thread;

    signal(SIGBUS, SIG_DFL);
    if (pthread_key_create(&key, fault_at_the_end) == 0
        && pthread_create(&thread, NULL, run_guarded, hole_in(&m)) == 0)
        pthread_join(thread, NULL);
}

START_TEST(a_thread_that_ended_in_a_guard)
{
    int status;

    m = short_file(PROT_READ, MAP_SHARED);
    status = child_status(fault_after_a_thread);
    /* Where the destructors run on top of fn the guard still stands. */
    ck_assert(status == -SIGBUS || status == 0);
#ifdef __GLIBC__
    ck_assert_int_eq(status, -SIGBUS);
#endif
}
END_TEST

/* One that is cancelled inside a guard: what it cleans up outside is not. */
static int
wait_for_ever(void *arg)
{
    (void)arg;
    while (pause() == -1)
        continue;
    return 0;
}

static void *
run_and_clean_up(void *arg)
{
    pthread_cleanup_push(fault_at_the_end, arg)
    mmapx_guard(&m, wait_for_ever, NULL);
    pthread_cleanup_pop(0);
    return NULL;
}

static void
fault_after_a_cancellation(void)
{
    pthread_t thread;

    signal(SIGBUS, SIG_DFL);
    if (pthread_create(&thread, NULL, run_and_clean_up, hole_in(&m)) == 0
        && pthread_cancel(thread) == 0)
        pthread_join(thread, NULL);
}

START_TEST(a_thread_that_was_cancelled_in_a_guard)
{
    m = short_file(PROT_READ, MAP_SHARED);
#ifdef __GLIBC__
    ck_assert_int_eq(child_status(fault_after_a_cancellation), -SIGBUS);
#else
    /* Where it cleans up on top of fn the guard still stands. */
    child_status(fault_after_a_cancellation);
#endif
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("guard_state");

    ADD_TEST(s, the_rounding);
    ADD_TEST(s, the_registers_of_x86);
    ADD_TEST(s, the_mask_before_the_guard);
    ADD_TEST(s, the_mask_of_a_later_handler);
    ADD_TEST(s, the_mask_of_an_interrupting_handler);
    ADD_TEST(s, a_signal_that_is_waited_for);
    ADD_TEST(s, system_calls_that_start_again);
    ADD_TEST(s, a_stack_that_disarms_itself);
    ADD_TEST(s, a_mapping_that_fn_resizes);
    ADD_TEST(s, a_mapping_that_grows_into_its_room);
    ADD_TEST(s, a_place_that_is_given_up);
    ADD_TEST(s, a_guard_that_was_left_by_a_jump);
    ADD_TEST(s, many_guards);
    ADD_TEST(s, many_guards_that_are_left);
    ADD_TEST(s, a_thread_that_ended_in_a_guard);
    ADD_TEST(s, a_thread_that_was_cancelled_in_a_guard);
    return s;
}
