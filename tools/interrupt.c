/* SPDX-License-Identifier: MIT */
/* Signals that are to end the work, but not in the middle of a step. */
#include "tool.h"
#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

volatile sig_atomic_t tool_interrupted;
volatile sig_atomic_t tool_hung_up;
volatile sig_atomic_t tool_signalled;

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

enum { SIGNALS = sizeof signals / sizeof signals[0] };

/* --- Readers that have stopped reading ------------------------------------ */

enum { PATIENCE = 100 }; /* in ms */

static volatile sig_atomic_t written = -1;
static int nowhere = -1;

void
tool_writes_to(int fd)
{
    written = fd;
}

/* A stream that a signal has interrupted writes on, and would wait for its
 * reader again.  So what no reader takes goes nowhere. */
static void
leave_readers(int patience)
{
    const int fds[] = { STDOUT_FILENO, STDERR_FILENO, (int)written };

    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        struct pollfd out = { .fd = fds[i], .events = POLLOUT };

        if (fds[i] < 0 || poll(&out, 1, patience) != 0)
            continue;
        dup2(nowhere, fds[i]);
        patience = 0;
    }
}

/* A pipe may also be filled by what is said at the end. */
static void
catch_alarm(int number)
{
    int saved = errno;

    (void)number;
    leave_readers(0);
    alarm(1);
    errno = saved;
}

/* Until a signal has come, SIGALRM ends the program as ever. */
static void
begin_to_leave(void)
{
    struct sigaction action = { .sa_flags = 0 };

    action.sa_handler = catch_alarm;
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, NULL);
    leave_readers(PATIENCE);
    alarm(1);
}

static void
prepare_to_leave(void)
{
    nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0)
        nowhere = open("/", O_RDONLY | O_CLOEXEC); /* writing fails */
}

/* --- Signals -------------------------------------------------------------- */

static void
catch_signal(int number)
{
    int saved = errno;

    tool_interrupted = tool_signalled = number;
    begin_to_leave();
    errno = saved;
}

/* No SA_RESTART: what waits is to return.  A second signal kills. */
void
tool_catch_signals(void)
{
    struct sigaction action = { .sa_flags = (int)SA_RESETHAND };
    struct sigaction before;

    prepare_to_leave();
    action.sa_handler = catch_signal;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < SIGNALS; i++)
        /* Leave a signal alone that nohup(1) has set to be ignored. */
        if (sigaction(signals[i], NULL, &before) == 0
            && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
}

/* Whether the program is used on a terminal that is still there.  A signal
 * handler may call tcgetpgrp(3), which is not said of isatty(3). */
static bool
on_terminal(void)
{
    return tcgetpgrp(STDIN_FILENO) >= 0 || tcgetpgrp(STDOUT_FILENO) >= 0
           || tcgetpgrp(STDERR_FILENO) >= 0;
}

static bool was_on_terminal;

static void
catch_hangup(int number)
{
    int saved = errno;

    if (was_on_terminal && !on_terminal())
        catch_signal(number);
    else
        tool_hung_up = 1;
    errno = saved;
}

/* With SA_RESTART: the work goes on, and so does whatever is being read.  Where
 * the terminal is gone, SIGALRM comes next and ends the reading. */
void
tool_catch_hangup(void)
{
    struct sigaction action = { .sa_flags = SA_RESTART };
    struct sigaction before;

    action.sa_handler = catch_hangup;
    was_on_terminal = on_terminal();
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
}

/* Blocked except in the wait itself, so that none comes just before it. */
static void
wait_for(int fds, fd_set *set, const struct timespec *t)
{
    sigset_t caught, before;

    sigemptyset(&caught);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaddset(&caught, signals[i]);
    sigprocmask(SIG_BLOCK, &caught, &before);
    if (tool_interrupted == 0 && tool_hung_up == 0)
        pselect(fds, set, NULL, NULL, t, &before);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

void
tool_wait(double seconds)
{
    struct timespec t = { (time_t)seconds,
                          (long)((seconds - (double)(time_t)seconds) * 1e9) };

    wait_for(0, NULL, seconds < 0 ? NULL : &t);
}

void
tool_wait_readable(int fd)
{
    fd_set set;

    if (fd >= FD_SETSIZE)
        return; /* then the reading itself waits */
    FD_ZERO(&set);
    FD_SET((unsigned)fd, &set);
    wait_for(fd + 1, &set, NULL);
}

void
tool_end_by_signal(void)
{
    int number = (int)tool_interrupted;

    leave_readers(PATIENCE);
    tool_flush();
    signal(number, SIG_DFL);
    raise(number);
}
