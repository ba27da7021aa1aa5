/* SPDX-License-Identifier: MIT */
/* Faults and the handlers that were there before the guard. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "faults.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

static struct mmapx guarded, foreign;

static volatile sig_atomic_t seen;
static void *volatile seen_addr;
static volatile sig_atomic_t seen_blocked;

static void
repair(void)
{
    struct mmapx m;

    /* Let the instruction go on. */
    if (mmapx_map_at(&m, hole_in(&foreign), -1, 0, page_size(),
                     PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)
        != 0)
        _exit(9);
}

static void
info_handler(int sig, siginfo_t *info, void *context)
{
    (void)context;
    seen = seen + (sig == SIGBUS);
    seen_addr = info->si_addr;
    seen_blocked = is_blocked(SIGBUS) + 2 * is_blocked(SIGUSR1);
    repair();
}

static void
plain_handler(int sig)
{
    seen = seen + (sig == SIGBUS);
    repair();
}

static int
touch_own_then_foreign(void *arg)
{
    (void)arg;
    return load_byte(hole_in(&foreign));
}

START_TEST(an_earlier_handler_gets_its_faults)
{
    struct sigaction act = { .sa_flags = SA_SIGINFO };

    guarded = short_file(PROT_READ, MAP_SHARED);
    foreign = short_file(PROT_READ, MAP_SHARED);
    sigemptyset(&act.sa_mask);
    sigaddset(&act.sa_mask, SIGUSR1);
    act.sa_sigaction = info_handler;
    ck_assert_int_eq(sigaction(SIGBUS, &act, NULL), 0);

    FAILS(EIO, mmapx_guard(&guarded, load_byte, hole_in(&guarded)));
    ck_assert_int_eq(seen, 0);
    ck_assert_int_eq(mmapx_guard(&guarded, touch_own_then_foreign, NULL), 0);
    ck_assert_int_eq(seen, 1);
    ck_assert_ptr_eq(seen_addr, hole_in(&foreign));
    ck_assert_int_eq(seen_blocked, 3);
    ck_assert(!is_blocked(SIGBUS));
    if (!under_tsan()) /* which runs handlers with every signal blocked */
        ck_assert(!is_blocked(SIGUSR1));
    FAILS(EIO, mmapx_guard(&guarded, load_byte, hole_in(&guarded)));
    kill(getpid(), SIGBUS);
    ck_assert_int_eq(seen, 2);
}
END_TEST

/* What a process sends itself can have any code and any address. */
#ifdef __linux__
static int code_to_send;

static int
send_to_this_thread(void *addr)
{
    siginfo_t info;

    memset(&info, 0, sizeof info);
    info.si_signo = SIGBUS;
    info.si_code = code_to_send;
    info.si_addr = addr;
    return (int)syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid),
                        SIGBUS, &info);
}

static void
handle_what_is_sent(void)
{
    struct sigaction act = { .sa_flags = SA_SIGINFO };

    need_the_kernel();
    guarded = short_file(PROT_READ, MAP_SHARED);
    foreign = short_file(PROT_READ, MAP_SHARED);
    sigemptyset(&act.sa_mask);
    act.sa_sigaction = info_handler;
    ck_assert_int_eq(sigaction(SIGBUS, &act, NULL), 0);
}
#endif

/* An error that the kernel has found in passing is nobody's access, whatever
 * the address that comes with it. */
START_TEST(an_error_found_in_passing)
{
#if defined __linux__ && defined BUS_MCEERR_AO
    handle_what_is_sent();
    code_to_send = BUS_MCEERR_AO;
    ck_assert_int_eq(mmapx_guard(&guarded, send_to_this_thread, guarded.addr),
                     0);
    ck_assert_int_eq(seen, 1);
    ck_assert_ptr_eq(seen_addr, guarded.addr);
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

/* A signal that a process sends has a code above 0 on FreeBSD and macOS: from
 * 0x10001, SI_USER, to 0x10007.  It is no fault. */
START_TEST(a_signal_with_the_codes_of_other_systems)
{
#ifdef __linux__
    int sent = 0;

    handle_what_is_sent();
    for (code_to_send = 0x10001; code_to_send <= 0x10007; code_to_send++) {
        ck_assert_int_eq(
            mmapx_guard(&guarded, send_to_this_thread, hole_in(&guarded)), 0);
        ck_assert_int_eq(seen, ++sent);
        ck_assert_ptr_eq(seen_addr, hole_in(&guarded));
    }
#else
    SKIP("other systems let nobody choose the code of a signal");
#endif
}
END_TEST

START_TEST(an_earlier_plain_handler)
{
    guarded = short_file(PROT_READ, MAP_SHARED);
    foreign = short_file(PROT_READ, MAP_SHARED);
    signal(SIGBUS, plain_handler);
    ck_assert_int_eq(mmapx_guard(&guarded, touch_own_then_foreign, NULL), 0);
    ck_assert_int_eq(seen, 1);
    FAILS(EIO, mmapx_guard(&guarded, load_byte, hole_in(&guarded)));
}
END_TEST

/* A handler that lets its signal in again may be guarded itself. */
static volatile ssize_t copied;

static void
handler_that_copies(int sig, siginfo_t *info, void *context)
{
    char c;

    (void)sig;
    (void)info;
    (void)context;
    copied = mmapx_read(&guarded, page_size(), &c, 1);
    repair();
}

START_TEST(a_fault_inside_an_earlier_handler)
{
    struct sigaction act = { .sa_flags = SA_SIGINFO | SA_NODEFER };
    char c;

    if (under_tsan())
        SKIP("the sanitizer runs handlers with every signal blocked");
    guarded = short_file(PROT_READ, MAP_SHARED);
    foreign = short_file(PROT_READ, MAP_SHARED);
    sigemptyset(&act.sa_mask);
    act.sa_sigaction = handler_that_copies;
    ck_assert_int_eq(sigaction(SIGBUS, &act, NULL), 0);
    ck_assert_int_eq(mmapx_read(&guarded, 0, &c, 1), 1);
    ck_assert_int_eq(mmapx_guard(&guarded, touch_own_then_foreign, NULL), 0);
    ck_assert_int_eq(copied, -1);
}
END_TEST

/* A handler for one signal only must not be called without end. */
static void
note_and_return(int sig)
{
    (void)sig;
    if (write(2, "", 0) != 0 || seen++ > 0)
        _exit(9);
}

static void
touch_with_one_shot(void)
{
    struct sigaction act = { .sa_flags = (int)SA_RESETHAND };

    sigemptyset(&act.sa_mask);
    act.sa_handler = note_and_return;
    sigaction(SIGBUS, &act, NULL);
    mmapx_guard(&guarded, touch_own_then_foreign, NULL);
}

/* It has had its one signal, and the guard still stands. */
static void
repair_in_one_shot(void)
{
    struct sigaction act = { .sa_flags = (int)SA_RESETHAND };

    sigemptyset(&act.sa_mask);
    act.sa_handler = plain_handler;
    sigaction(SIGBUS, &act, NULL);
    if (mmapx_guard(&guarded, touch_own_then_foreign, NULL) == 0
        && mmapx_guard(&guarded, load_byte, hole_in(&guarded)) == -1)
        _exit(42);
}

START_TEST(an_earlier_handler_for_one_shot)
{
    guarded = short_file(PROT_READ, MAP_SHARED);
    foreign = short_file(PROT_READ, MAP_SHARED);
    ck_assert_int_eq(child_status(touch_with_one_shot), -SIGBUS);
    ck_assert_int_eq(child_status(repair_in_one_shot), 42);
}
END_TEST

static void *volatile handlers_stack;

static void
note_stack(int sig)
{
    char here;

    (void)sig;
    handlers_stack = &here;
    repair();
}

START_TEST(on_an_alternate_stack)
{
    struct mmapx m = short_file(PROT_READ, MAP_SHARED);
    static char room[1 << 16];
    stack_t stack = { .ss_sp = room, .ss_size = sizeof room };
    stack_t now;
    char *at;

    signal(SIGBUS, note_stack);
    guarded = foreign = short_file(PROT_READ, MAP_SHARED);
    ck_assert_int_eq(sigaltstack(&stack, NULL), 0);
    for (int i = 0; i < 3; i++) {
        FAILS(EIO, mmapx_guard(&m, load_byte, hole_in(&m)));
        ck_assert_int_eq(sigaltstack(NULL, &now), 0);
        ck_assert_int_eq(now.ss_flags & SS_ONSTACK, 0);
    }
    ck_assert_int_eq(mmapx_guard(&m, touch_own_then_foreign, NULL), 0);
    at = handlers_stack;
    if (!under_sanitizer()) /* which may keep locals elsewhere */
        ck_assert(at >= room && at < room + sizeof room);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("guard_handlers");

    ADD_TEST(s, an_earlier_handler_gets_its_faults);
    ADD_TEST(s, an_error_found_in_passing);
    ADD_TEST(s, a_signal_with_the_codes_of_other_systems);
    ADD_TEST(s, an_earlier_plain_handler);
    ADD_TEST(s, a_fault_inside_an_earlier_handler);
    ADD_TEST(s, an_earlier_handler_for_one_shot);
    ADD_TEST(s, on_an_alternate_stack);
    return s;
}
