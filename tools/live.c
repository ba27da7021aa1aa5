/* SPDX-License-Identifier: MIT */
/*
 * A terminal that the program has to itself for a while.
 *
 * Whatever ends or stops the program gives the terminal back first: that is
 * done in the handlers of signals, by calls that may be made there.  Only
 * SIGKILL and SIGSTOP come unseen.  What a handler was before is put back and
 * the signal raised again, so that the program ends as it would have.
 */
#include "tool.h"
#include "interrupt.h"
#include "live.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* The other screen, no cursor, no wrapping; and back. */
static const char enter[] = "\033[?1049h\033[?25l\033[?7l\033[H\033[2J";
static const char leave[] = "\033[0m\033[?7h\033[?25h\033[?1049l";

static struct {
    int in; /* where keys come from, or -1 */
    struct termios before;
    bool has_before;
    volatile sig_atomic_t shown;
    volatile sig_atomic_t raw;
    volatile sig_atomic_t changed;
    volatile sig_atomic_t hidden;
    sigset_t unheld; /* the mask outside live_hold() and live_release() */
    char keys[32]; /* that were read and not yet handed on */
    size_t first;
    size_t n;
} live = { .in = -1 };

/* --- Taking and giving back ----------------------------------------------- */

/* Both may be called by the handler of a signal. */

static bool
in_foreground(void)
{
    return tcgetpgrp(STDOUT_FILENO) == getpgrp();
}

static void
put(const char *text, size_t n)
{
    int saved = errno;

    while (n > 0) {
        ssize_t some = write(STDOUT_FILENO, text, n);

        if (some <= 0 && errno != EINTR)
            break;
        text += some > 0 ? some : 0;
        n -= some > 0 ? (size_t)some : 0;
    }
    errno = saved;
}

/* In the background the modes are the shell's, and to set them would stop the
 * program: it shows itself all the same, unless it was put there by hand. */
static void
take(void)
{
    struct termios raw = live.before;
    bool foreground = in_foreground();

    live.changed = 1;
    live.hidden = !foreground && live.raw != 0;
    if (live.hidden != 0)
        return;
    if (foreground && live.has_before) {
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        tcsetattr(live.in, TCSANOW, &raw);
        live.raw = 1;
    }
    live.shown = 1;
    put(enter, sizeof enter - 1);
}

static void
give_back(void)
{
    if (live.shown == 0)
        return;
    live.shown = 0;
    put(leave, sizeof leave - 1);
    if (live.raw != 0 && in_foreground())
        tcsetattr(live.in, TCSANOW, &live.before);
}

/* --- Signals -------------------------------------------------------------- */

static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
static const int stops[] = { SIGTSTP, SIGTTIN, SIGTTOU };
static const int changes[] = { SIGWINCH, SIGCONT };
static const int crashes[] = {
    SIGQUIT, SIGILL,  SIGTRAP, SIGABRT, SIGBUS,    SIGFPE,  SIGSEGV, SIGSYS,
    SIGXCPU, SIGXFSZ, SIGPIPE, SIGALRM, SIGVTALRM, SIGPROF, SIGUSR1, SIGUSR2,
};

enum {
    ENDS = sizeof ends / sizeof ends[0],
    STOPS = sizeof stops / sizeof stops[0],
    CHANGES = sizeof changes / sizeof changes[0],
    CRASHES = sizeof crashes / sizeof crashes[0],
};

/* What the handlers of crashes were before. */
static struct sigaction crash_before[CRASHES];

/* A second one does not wait for the end of the look. */
static void
end_by(int number)
{
    if (tool_interrupted == 0) {
        tool_interrupted = number;
        return;
    }
    give_back();
    signal(number, SIG_DFL);
    raise(number);
}

static void
crash_by(int number)
{
    give_back();
    for (size_t i = 0; i < CRASHES; i++)
        if (crashes[i] == number)
            sigaction(number, &crash_before[i], NULL);
    raise(number);
}

static void
change_by(int number)
{
    int saved = errno;

    live.changed = 1;
    if (number == SIGCONT)
        take();
    errno = saved;
}

static void
stop_by(int number)
{
    int saved = errno;
    struct sigaction own, plain = { .sa_flags = 0 };
    sigset_t set;

    give_back();
    plain.sa_handler = SIG_DFL;
    sigemptyset(&plain.sa_mask);
    sigaction(number, &plain, &own);
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(number); /* here the program stands still */
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigaction(number, &own, NULL);
    take();
    errno = saved;
}

/* The signals that stop the program, and those by which it goes on or learns of
 * another size. */
static void
add_stops_and_changes(sigset_t *set)
{
    for (size_t i = 0; i < STOPS; i++)
        sigaddset(set, stops[i]);
    for (size_t i = 0; i < CHANGES; i++)
        sigaddset(set, changes[i]);
}

/* What is ignored stays so, as for nohup(1).  Only what ends the program
 * interrupts calls: a write that fails would end it too.  A stop waits until
 * the terminal has been taken or given back as a whole. */
static void
catch(const int *numbers, size_t n, void (*handler)(int),
      struct sigaction *before)
{
    struct sigaction action = { .sa_flags = SA_ONSTACK };
    struct sigaction old;

    if (handler != end_by)
        action.sa_flags |= SA_RESTART;
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    if (handler == stop_by || handler == change_by)
        add_stops_and_changes(&action.sa_mask);
    for (size_t i = 0; i < n; i++) {
        if (sigaction(numbers[i], NULL, &old) < 0
            || (old.sa_handler == SIG_IGN && handler != change_by))
            continue;
        if (before != NULL)
            before[i] = old;
        sigaction(numbers[i], &action, NULL);
    }
}

/* A stack of its own, since a crash may be the end of the other one. */
static void
catch_all(void)
{
    enum { STACK = 65536 };
    static char stack[STACK];
    stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };

    sigaltstack(&alternate, NULL);
    catch(crashes, CRASHES, crash_by, crash_before);
    catch(ends, ENDS, end_by, NULL);
    catch(stops, STOPS, stop_by, NULL);
    catch(changes, CHANGES, change_by, NULL);
}

/* -------------------------------------------------------------------------- */

void
live_hold(void)
{
    sigset_t set;

    sigemptyset(&set);
    add_stops_and_changes(&set);
    sigprocmask(SIG_BLOCK, &set, &live.unheld);
}

void
live_release(void)
{
    sigprocmask(SIG_SETMASK, &live.unheld, NULL);
}

void
live_begin(bool keys_from_stdin)
{
    if (keys_from_stdin && isatty(STDIN_FILENO) == 1)
        live.in = STDIN_FILENO;
    else
        live.in = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
    live.has_before = live.in >= 0 && tcgetattr(live.in, &live.before) == 0;
    atexit(live_end);
    live_hold();
    catch_all();
    take();
    live_release();
}

void
live_end(void)
{
    live_hold();
    give_back();
    live_release();
}

bool
live_changed(void)
{
    bool changed = live.changed != 0;

    live.changed = 0;
    return changed;
}

bool
live_hidden(void)
{
    return live.hidden != 0 || live.shown == 0;
}

/* --- Keys ----------------------------------------------------------------- */

/* The next key that was read.  An arrow and the like is several characters
 * behind an escape, which end with a letter or "~". */
static int
next_key(void)
{
    while (live.first < live.n) {
        char c = live.keys[live.first++];

        if (c != '\033')
            return (unsigned char)c;
        if (live.first < live.n
            && (live.keys[live.first] == '[' || live.keys[live.first] == 'O'))
            live.first++;
        while (live.first < live.n
               && (live.keys[live.first] < '@' || live.keys[live.first] > '~'))
            live.first++;
        live.first++;
    }
    live.first = live.n = 0;
    return 0;
}

static void
read_keys(void)
{
    ssize_t n = read(live.in, live.keys, sizeof live.keys);

    /* The terminal is gone; a signal will say so. */
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
        live.in = -1;
    live.first = 0;
    live.n = n > 0 ? (size_t)n : 0;
}

/* Signals are blocked except for the wait itself, so that none comes just
 * before it. */
static bool
wait_for_keys(const struct timespec *t)
{
    sigset_t caught, before;
    fd_set set;
    int n = 0;
    bool reads = live.in >= 0 && live.in < FD_SETSIZE && live.raw != 0
                 && live.hidden == 0;

    sigemptyset(&caught);
    for (size_t i = 0; i < ENDS; i++)
        sigaddset(&caught, ends[i]);
    for (size_t i = 0; i < CHANGES; i++)
        sigaddset(&caught, changes[i]);
    FD_ZERO(&set);
    if (reads)
        FD_SET((unsigned)live.in, &set);
    sigprocmask(SIG_BLOCK, &caught, &before);
    if (tool_interrupted == 0 && live.changed == 0)
        n = pselect(reads ? live.in + 1 : 0, &set, NULL, NULL, t, &before);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return n > 0 && in_foreground();
}

int
live_key(double seconds)
{
    struct timespec t = { (time_t)seconds,
                          (long)((seconds - (double)(time_t)seconds) * 1e9) };
    int key = next_key();

    if (key != 0)
        return key;
    if (wait_for_keys(seconds < 0 ? NULL : &t))
        read_keys();
    return next_key();
}
