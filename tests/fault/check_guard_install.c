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
#include <sys/syscall.h>
#include <sys/wait.h>

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
#endif
    return s;
}
