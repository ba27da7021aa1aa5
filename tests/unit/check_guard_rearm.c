/* SPDX-License-Identifier: MIT */
/* The library's handler, when others come and go. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "faults.h"

#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct mmapx guarded, foreign;

/* --- Noticing ------------------------------------------------------------- */

START_TEST(what_it_returns)
{
    guarded = short_file(PROT_READ, MAP_SHARED);
    ck_assert_int_eq(mmapx_guard_rearm(), 0); /* only installed */
    ck_assert_int_eq(mmapx_guard_rearm(), 0);
    for (int i = 0; i < 20; i++) {
        signal(SIGBUS, i % 3 == 0 ? SIG_DFL : i % 3 == 1 ? SIG_IGN : _exit);
        ck_assert_int_eq(mmapx_guard_rearm(), 1);
        ck_assert_int_eq(mmapx_guard_rearm(), 0);
        FAILS(EIO, mmapx_guard(&guarded, load_byte, hole_in(&guarded)));
    }
}
END_TEST

/* A handler that is taken away in order needs no rearming. */
START_TEST(a_handler_that_is_taken_away)
{
    struct sigaction ours;
    struct sigaction act = { .sa_handler = SIG_DFL };

    guarded = short_file(PROT_READ, MAP_SHARED);
    ck_assert_int_eq(mmapx_guard_rearm(), 0);
    ck_assert_int_eq(sigaction(SIGBUS, &act, &ours), 0);
    ck_assert_int_eq(sigaction(SIGBUS, &ours, NULL), 0);
    ck_assert_int_eq(mmapx_guard_rearm(), 0);
    FAILS(EIO, mmapx_guard(&guarded, load_byte, hole_in(&guarded)));
}
END_TEST

/* --- Passing on ----------------------------------------------------------- */

static volatile sig_atomic_t calls_of_first, calls_of_second, calls_of_third;
static struct sigaction before_second, before_third;

static void
call_action(const struct sigaction *act, int sig, siginfo_t *info,
            void *context)
{
    if ((act->sa_flags & SA_SIGINFO) != 0)
        act->sa_sigaction(sig, info, context);
    else if (act->sa_handler != SIG_DFL && act->sa_handler != SIG_IGN)
        act->sa_handler(sig);
    else
        _exit(77);
}

static void
repair(int sig)
{
    struct mmapx m;

    (void)sig;
    calls_of_first++;
    if (mmapx_map_at(&m, hole_in(&foreign), -1, 0, page_size(), PROT_READ,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)
        != 0)
        _exit(9);
}

static void
chain_second(int sig, siginfo_t *info, void *context)
{
    if (calls_of_second++ > 100)
        _exit(66); /* round in a circle */
    call_action(&before_second, sig, info, context);
}

static void
chain_third(int sig, siginfo_t *info, void *context)
{
    if (calls_of_third++ > 100)
        _exit(66);
    call_action(&before_third, sig, info, context);
}

static void
install(void (*handler)(int, siginfo_t *, void *), struct sigaction *before)
{
    struct sigaction act = { .sa_flags = SA_SIGINFO | SA_NODEFER };

    act.sa_sigaction = handler;
    sigemptyset(&act.sa_mask);
    ck_assert_int_eq(sigaction(SIGBUS, &act, before), 0);
}

static void
map_both(void)
{
    guarded = short_file(PROT_READ, MAP_SHARED);
    foreign = short_file(PROT_READ, MAP_SHARED);
}

static int
touch_foreign(void *arg)
{
    (void)arg;
    return load_byte(hole_in(&foreign));
}

/* Each has it once, the oldest at last. */
START_TEST(a_fault_that_comes_back)
{
    map_both();
    signal(SIGBUS, repair);
    ck_assert_int_eq(mmapx_guard_rearm(), 0);
    install(chain_second, &before_second);
    ck_assert_int_eq(mmapx_guard_rearm(), 1);
    install(chain_third, &before_third);
    ck_assert_int_eq(mmapx_guard_rearm(), 1);
    for (int i = 1; i <= 3; i++) {
        ck_assert_int_eq(mmapx_guard(&guarded, touch_foreign, NULL), 0);
        ck_assert_int_eq(calls_of_first, i);
        ck_assert_int_eq(calls_of_second, i);
        ck_assert_int_eq(calls_of_third, i);
        FAILS(EIO, mmapx_guard(&guarded, load_byte, hole_in(&guarded)));
        foreign = short_file(PROT_READ, MAP_SHARED);
    }
    kill(getpid(), SIGBUS);
    ck_assert_int_eq(calls_of_first, 4);
}
END_TEST

/* The same handler once more, and in between others, without end. */
START_TEST(a_handler_that_comes_again)
{
    map_both();
    signal(SIGBUS, repair);
    ck_assert_int_eq(mmapx_guard_rearm(), 0);
    for (int i = 0; i < 50; i++) {
        struct sigaction mine;

        install(chain_second, i == 0 ? &before_second : &mine);
        ck_assert_int_eq(mmapx_guard_rearm(), 1);
        install(chain_third, i == 0 ? &before_third : &mine);
        ck_assert_int_eq(mmapx_guard_rearm(), 1);
    }
    ck_assert_int_eq(mmapx_guard(&guarded, touch_foreign, NULL), 0);
    ck_assert_int_eq(calls_of_first, 1);
    ck_assert_int_eq(calls_of_second, 1);
    ck_assert_int_eq(calls_of_third, 1);
}
END_TEST

/* More of them than there are places: the newest and the oldest stay. */
#define CHAIN(n)                                                               \
    static struct sigaction before_##n;                                        \
    static void chain_##n(int sig, siginfo_t *info, void *context)             \
    {                                                                          \
        calls_of_second++;                                                     \
        call_action(&before_##n, sig, info, context);                          \
    }
CHAIN(0) CHAIN(1) CHAIN(2) CHAIN(3) CHAIN(4) CHAIN(5) CHAIN(6) CHAIN(7) CHAIN(8)
CHAIN(9)

START_TEST(many_handlers)
{
    static void (*const chain[])(int, siginfo_t *, void *) = {
        chain_0, chain_1, chain_2, chain_3, chain_4,
        chain_5, chain_6, chain_7, chain_8, chain_9,
    };
    static struct sigaction *const before[] = {
        &before_0, &before_1, &before_2, &before_3, &before_4,
        &before_5, &before_6, &before_7, &before_8, &before_9,
    };

    map_both();
    signal(SIGBUS, repair);
    ck_assert_int_eq(mmapx_guard_rearm(), 0);
    for (size_t i = 0; i < 10; i++) {
        install(chain[i], before[i]);
        ck_assert_int_eq(mmapx_guard_rearm(), 1);
        calls_of_first = calls_of_second = 0;
        foreign = short_file(PROT_READ, MAP_SHARED);
        ck_assert_int_eq(mmapx_guard(&guarded, touch_foreign, NULL), 0);
        ck_assert_int_eq(calls_of_first, 1);
        ck_assert_int_ge(calls_of_second, i < 5 ? (int)i + 1 : 5);
        ck_assert_int_le(calls_of_second, (int)i + 1);
    }
}
END_TEST

/* --- Ends ----------------------------------------------------------------- */

static void
chain_and_die(void)
{
    signal(SIGBUS, SIG_DFL);
    mmapx_guard_rearm();
    install(chain_second, &before_second);
    mmapx_guard_rearm();
    load_byte(hole_in(&foreign));
}

static void
be_killed(void)
{
    signal(SIGBUS, SIG_DFL);
    mmapx_guard_rearm();
    install(chain_second, &before_second);
    mmapx_guard_rearm();
    kill(getpid(), SIGBUS);
}

/* As the reporters of crashes do it: put back what was there and return. */
static void
put_back(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)info, (void)context;
    if (calls_of_second++ > 100)
        _exit(66);
    sigaction(SIGBUS, &before_second, NULL);
}

static void
put_back_and_raise(int sig, siginfo_t *info, void *context)
{
    put_back(sig, info, context);
    raise(sig);
}

static void
report_and_die(void)
{
    signal(SIGBUS, SIG_DFL);
    mmapx_guard_rearm();
    install(put_back, &before_second);
    mmapx_guard_rearm();
    load_byte(hole_in(&foreign));
}

static void
report_and_raise(void)
{
    signal(SIGBUS, SIG_DFL);
    mmapx_guard_rearm();
    install(put_back_and_raise, &before_second);
    mmapx_guard_rearm();
    load_byte(hole_in(&foreign));
}

static void
default_again(void)
{
    signal(SIGBUS, repair);
    mmapx_guard_rearm();
    signal(SIGBUS, SIG_DFL);
    mmapx_guard_rearm();
    load_byte(hole_in(&foreign));
}

static _Noreturn void
ignored_again(void)
{
    signal(SIGBUS, repair);
    mmapx_guard_rearm();
    signal(SIGBUS, SIG_IGN);
    mmapx_guard_rearm();
    kill(getpid(), SIGBUS);
    _exit(calls_of_first == 0 ? 42 : 43);
}

START_TEST(the_default_at_the_end)
{
    map_both();
    ck_assert_int_eq(child_status(chain_and_die), -SIGBUS);
    ck_assert_int_eq(child_status(be_killed), -SIGBUS);
    ck_assert_int_eq(child_status(report_and_die), -SIGBUS);
    ck_assert_int_eq(child_status(report_and_raise), -SIGBUS);
    ck_assert_int_eq(child_status(default_again), -SIGBUS);
    ck_assert_int_eq(child_status(ignored_again), 42);
}
END_TEST

/* --- Handlers that jump --------------------------------------------------- */

static sigjmp_buf out;

static _Noreturn void
jump(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)info, (void)context;
    calls_of_third++;
    siglongjmp(out, 1);
}

/* Each fault is a new one, wherever the last one has ended. */
START_TEST(a_handler_that_jumps)
{
    static char room[1 << 16];
    stack_t stack = { .ss_sp = room, .ss_size = sizeof room };

    map_both();
    signal(SIGBUS, repair);
    ck_assert_int_eq(sigaltstack(&stack, NULL), 0);
    ck_assert_int_eq(mmapx_guard_rearm(), 0);
    for (volatile int i = 1; i <= 4; i++) {
        install(jump, &before_third);
        ck_assert_int_eq(mmapx_guard_rearm(), 1);
        if (sigsetjmp(out, 1) == 0)
            mmapx_guard(&guarded, touch_foreign, NULL);
        ck_assert_int_eq(calls_of_third, i);
        ck_assert_int_eq(calls_of_first, 0);
        FAILS(EIO, mmapx_guard(&guarded, load_byte, hole_in(&guarded)));
    }
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("guard_rearm");

    ADD_TEST(s, what_it_returns);
    ADD_TEST(s, a_handler_that_is_taken_away);
    ADD_TEST(s, a_fault_that_comes_back);
    ADD_TEST(s, a_handler_that_comes_again);
    ADD_TEST(s, many_handlers);
    ADD_TEST(s, the_default_at_the_end);
    ADD_TEST(s, a_handler_that_jumps);
    return s;
}
