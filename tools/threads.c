/* SPDX-License-Identifier: MIT */
/* Threads: how many there is room for, and their start. */
#include "tool.h"
#include "threads.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#define MIB ((rlim_t)1 << 20)

/* Nothing here is recursive. */
enum { STACK = 1 << 20 };

size_t
threads_processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n > 0 ? (size_t)n : 1;
}

/* How many of so many threads fit into what a limit leaves beside the first
 * one. */
static size_t
within(const struct rlimit *limit, rlim_t first, rlim_t other, size_t wanted)
{
    rlim_t room = 0;

    if (limit->rlim_cur == RLIM_INFINITY)
        return wanted;
    if (limit->rlim_cur > first)
        room = (limit->rlim_cur - first) / other;
    return room < wanted ? (size_t)room : wanted;
}

/* glibc's malloc() reserves 128 MiB of addresses for a thread before it gives a
 * half back, and what it has taken is missing elsewhere. */
size_t
threads_fitting(size_t wanted)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_AS, &limit) == 0)
        wanted = within(&limit, 64 * MIB, 160 * MIB, wanted);
    if (getrlimit(RLIMIT_DATA, &limit) == 0)
        wanted = within(&limit, 16 * MIB, 4 * MIB, wanted);
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
