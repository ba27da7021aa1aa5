/* SPDX-License-Identifier: MIT */
/* The handler, while somebody is installing it. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "filters.h"

#include <sched.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>

static int fd;         /* of a file of three pages */
static struct mmapx m; /* all of it, shared, for reading and writing */

static void
set_up(void)
{
    fd = temp_file(3 * page_size());
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
}

static int
nothing(void *arg)
{
    (void)arg;
    return 0;
}

static int
guard(void)
{
    return mmapx_guard(&m, nothing, NULL);
}

/* A filter stops two system calls by a signal: that of the thread at work
 * inside sigaction(2), and that of the one that waits in sched_yield(2). */
static enum { START, INSTALLING, WAITING } stage;
static bool forks; /* the thread at work does, half-way */
static int child_status = -1;

static void *
guard_in_thread(void *arg)
{
    (void)arg;
    return (void *)(intptr_t)guard();
}

static void
on_sigsys(int sig, siginfo_t *info, void *context)
{
    pid_t pid;

    (void)sig, (void)context;
    if (info->si_syscall == SYS_sched_yield) {
        __atomic_store_n(&stage, WAITING, __ATOMIC_SEQ_CST);
        return;
    }
    if (__atomic_load_n(&stage, __ATOMIC_SEQ_CST) != START)
        return;
    __atomic_store_n(&stage, INSTALLING, __ATOMIC_SEQ_CST);
    if (forks) {
        pid = fork();
        if (pid == 0)
            _exit(guard() == 0 ? 0 : 1);
        while (waitpid(pid, &child_status, 0) < 0 && errno == EINTR)
            ;
        return;
    }
    while (__atomic_load_n(&stage, __ATOMIC_SEQ_CST) != WAITING)
        ;
}

static bool
trap_the_handler(void)
{
    struct sigaction act = { .sa_flags = SA_SIGINFO | SA_NODEFER };
    /* With nothing to store the old action in, and nothing new: the look. */
    struct denied looks = { SYS_rt_sigaction, 1, 0, false };
    struct denied yields = { SYS_sched_yield, ANY, 0, false };

    act.sa_sigaction = on_sigsys;
    sigemptyset(&act.sa_mask);
    return sigaction(SIGSYS, &act, NULL) == 0
           && set_filter(&looks, SECCOMP_RET_TRAP)
           && set_filter(&yields, SECCOMP_RET_TRAP);
}

static bool
two_at_once(void *arg)
{
    pthread_t first;
    void *value;

    (void)arg;
    if (!trap_the_handler()
        || pthread_create(&first, NULL, guard_in_thread, NULL) != 0)
        return false;
    while (__atomic_load_n(&stage, __ATOMIC_SEQ_CST) == START)
        ;
    return guard() == 0 && pthread_join(first, &value) == 0 && value == NULL
           && __atomic_load_n(&stage, __ATOMIC_SEQ_CST) == WAITING;
}

static bool
fork_half_way(void *arg)
{
    (void)arg;
    forks = true;
    return trap_the_handler() && guard() == 0 && child_status == 0;
}

START_TEST(two_threads_install_the_handler)
{
    need_filters();
    if (under_tsan())
        SKIP("ThreadSanitizer delays signals");
    set_up();
    ck_assert(in_child(two_at_once, NULL));
}
END_TEST

START_TEST(a_fork_while_the_handler_is_installed)
{
    need_filters();
    if (under_tsan())
        SKIP("ThreadSanitizer delays signals");
    set_up();
    ck_assert(in_child(fork_half_way, NULL));
}
END_TEST

/* --- A fork behind the back of the thread at work ------------------------- */

#if defined __x86_64__
/*
 * A filter stops each sigaction(2), and its handler makes the call in its place:
 * by an argument that the filter lets through.  When the new handler is there
 * and nobody has come to say so, a child is forked.
 */
static struct {
    unsigned long words[4];
} action; /* as the kernel has it */

static unsigned char *hole;

static int
touch_hole(void *arg)
{
    (void)arg;
    return *(volatile unsigned char *)hole;
}

/* As a child: the handler is there, and what it replaced is the default. */
static _Noreturn void
be_the_child(void)
{
    alarm(100);
    if (mmapx_guard(&m, touch_hole, NULL) == -1 && errno == EIO
        && mmapx_guard_rearm() == 0)
        touch_hole(NULL);
    _exit(1);
}

/* A handler that another thread installs between the look and the exchange. */
static bool races;

static _Noreturn void
be_late(int sig)
{
    (void)sig;
    _exit(42);
}

static void
on_sigaction(int sig, siginfo_t *info, void *context)
{
    greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
    const void *act = (const void *)regs[REG_RSI];
    void *old = (void *)regs[REG_RDX];
    pid_t pid;

    (void)sig, (void)info;
    regs[REG_RAX] = 0;
    if (act == NULL) {
        memcpy(old, &action, sizeof action);
        return;
    }
    if (races) {
        struct sigaction mine = { .sa_flags = SA_RESTART };

        /* The C library's own restorer is not needed: it exits. */
        races = false;
        memset(&action, 0, sizeof action);
        mine.sa_handler = be_late;
        memcpy(&action, &mine.sa_handler, sizeof mine.sa_handler);
        syscall(SYS_rt_sigaction, SIGBUS, &action, NULL, 8);
    }
    memcpy(&action, act, sizeof action);
    regs[REG_RAX] = syscall(SYS_rt_sigaction, SIGBUS, &action, old, 8);
    if (forks) {
        forks = false;
        pid = fork();
        if (pid == 0)
            be_the_child();
        while (waitpid(pid, &child_status, 0) < 0 && errno == EINTR)
            ;
    }
}

static bool
trap_each_action(void *arg)
{
    struct sigaction act = { .sa_flags = SA_SIGINFO | SA_NODEFER };
    struct denied all = { SYS_rt_sigaction, 1, (uint32_t)(uintptr_t)&action,
                          true };

    (void)arg;
    act.sa_sigaction = on_sigaction;
    sigemptyset(&act.sa_mask);
    return ftruncate(fd, (off_t)page_size()) == 0
           && signal(SIGBUS, SIG_DFL) != SIG_ERR
           && sigaction(SIGSYS, &act, NULL) == 0
           && set_filter(&all, SECCOMP_RET_TRAP) && guard() == 0;
}

static bool
fork_behind(void *arg)
{
    forks = true;
    return trap_each_action(arg) && !forks && WIFSIGNALED(child_status)
           && WTERMSIG(child_status) == SIGBUS;
}

static bool
race_with_another(void *arg)
{
    races = true;
    if (trap_each_action(arg) && !races)
        touch_hole(NULL);
    return false;
}

/* Whether it ends by be_late(). */
static bool
in_child_that_is_late(void)
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(race_with_another(NULL) ? 0 : 1);
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status)
           && WEXITSTATUS(status) == 42;
}
#endif

START_TEST(a_fork_when_the_handler_is_there)
{
#if defined __x86_64__
    need_filters();
    if (under_sanitizer())
        SKIP("the sanitizer wants to know of each handler");
    set_up();
    hole = (unsigned char *)m.addr + page_size();
    ck_assert(in_child(fork_behind, NULL));
#else
    SKIP("written for x86-64");
#endif
}
END_TEST

START_TEST(a_handler_that_comes_in_between)
{
#if defined __x86_64__
    need_filters();
    if (under_sanitizer())
        SKIP("the sanitizer wants to know of each handler");
    set_up();
    hole = (unsigned char *)m.addr + page_size();
    ck_assert(in_child_that_is_late());
#else
    SKIP("written for x86-64");
#endif
}
END_TEST

/* Filters that forbid a handler. */
static bool
cannot_look(void *arg)
{
    char c;

    (void)arg;
    return deny(&(struct denied){ SYS_rt_sigaction, 0, SIGBUS, false }, EPERM)
           && guard() == -1 && errno == EPERM
           && mmapx_read(&m, 0, &c, 1) == -1 && errno == EPERM
           && mmapx_guard_rearm() == -1 && errno == EPERM;
}

static bool
cannot_install(void *arg)
{
    (void)arg;
    return deny(&(struct denied){ SYS_rt_sigaction, 1, 0, true }, EPERM)
           && guard() == -1 && errno == EPERM;
}

static bool
cannot_look_again(void *arg)
{
    (void)arg;
    return guard() == 0
           && deny(&(struct denied){ SYS_rt_sigaction, 0, SIGBUS, false },
                   EPERM)
           && guard() == 0 && mmapx_guard_rearm() == -1 && errno == EPERM;
}

/* The copy is inside a guard, which cannot be had. */
static bool
cannot_guard_a_copy(void *arg)
{
    sigset_t set;

    sigfillset(&set);
    pthread_sigmask(SIG_SETMASK, &set, NULL);
    return cannot_look(arg);
}

static int calls;

static void
count_call(int sig)
{
    (void)sig;
    calls++;
}

static void
install_counter(void)
{
    struct sigaction act = { .sa_handler = count_call };

    sigemptyset(&act.sa_mask);
    ck_assert_int_eq(sigaction(SIGBUS, &act, NULL), 0);
}

/* What has replaced the handler stays, and what was there before it is called
 * although nobody tells whether ours is still installed. */
static bool
cannot_rearm(void *arg)
{
    (void)arg;
    ck_assert_int_eq(guard(), 0);
    install_counter();
    return deny(&(struct denied){ SYS_rt_sigaction, 1, 0, true }, EPERM)
           && mmapx_guard_rearm() == -1 && errno == EPERM
           && raise(SIGBUS) == 0 && calls == 1;
}

static bool
cannot_ask_while_passing_on(void *arg)
{
    (void)arg;
    install_counter();
    ck_assert_int_eq(guard(), 0);
    return deny(&(struct denied){ SYS_rt_sigaction, ANY, 0, false }, EPERM)
           && raise(SIGBUS) == 0 && calls == 1;
}

START_TEST(no_handler_may_be_looked_at)
{
    need_filters();
    if (under_sanitizer())
        SKIP("the sanitizer wants to know of each handler");
    set_up();
    ck_assert(in_child(cannot_rearm, NULL));
    ck_assert(in_child(cannot_ask_while_passing_on, NULL));
}
END_TEST

START_TEST(no_handler_may_be_installed)
{
    need_filters();
    set_up();
    ck_assert(in_child(cannot_look, NULL));
    ck_assert(in_child(cannot_install, NULL));
    ck_assert(in_child(cannot_look_again, NULL));
    ck_assert(in_child(cannot_guard_a_copy, NULL));
}
END_TEST
#endif /* __linux__ */

#ifndef __linux__
START_TEST(two_threads_install_the_handler)
{
    SKIP("a matter of Linux");
}
END_TEST
#endif

Suite *
suite(void)
{
    Suite *s = suite_create("guard_install");

    ADD_TEST(s, two_threads_install_the_handler);
#ifdef __linux__
    ADD_TEST(s, a_fork_while_the_handler_is_installed);
    ADD_TEST(s, a_fork_when_the_handler_is_there);
    ADD_TEST(s, a_handler_that_comes_in_between);
    ADD_TEST(s, no_handler_may_be_installed);
    ADD_TEST(s, no_handler_may_be_looked_at);
#endif
    return s;
}
