/* SPDX-License-Identifier: MIT */
/* Threads: how many there is room for, and their start. */
#include "tool.h"
#include "threads.h"

#include <signal.h>
#include <sys/resource.h>

#define MIB ((rlim_t)1 << 20)

/* Nothing here is recursive. */
enum { STACK = 1 << 20 };

/* What the first thread needs of a limit, and each other one.  glibc's malloc()
 * reserves 128 MiB of addresses for a thread before it gives a half back, and
 * what it has taken is missing elsewhere. */
static const struct {
    int limit;
    rlim_t first;
    rlim_t other;
} needs[] = {
    { RLIMIT_AS, 64 * MIB, 160 * MIB },
    { RLIMIT_DATA, 16 * MIB, 4 * MIB },
};

size_t
threads_fitting(size_t wanted)
{
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        rlim_t first = needs[i].first;
        rlim_t room = 0;
        struct rlimit limit;

        if (getrlimit(needs[i].limit, &limit) < 0
            || limit.rlim_cur == RLIM_INFINITY)
            continue;
        if (limit.rlim_cur > first)
            room = (limit.rlim_cur - first) / needs[i].other;
        if (room < wanted)
            wanted = (size_t)room;
    }
    return wanted;
}

bool
threads_start(pthread_t *thread, void *(*run)(void *arg), void *arg)
{
    static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
    sigset_t all, before;
    pthread_attr_t attr;
    bool started;

    if (pthread_attr_init(&attr) != 0)
        return false;
    pthread_attr_setstacksize(&attr, STACK);
    sigfillset(&all);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        sigdelset(&all, faults[i]);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    started = pthread_create(thread, &attr, run, arg) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return started;
}
