/* SPDX-License-Identifier: MIT */
/*
 * Faults inside a mapping as error codes.
 *
 * One handler for SIGBUS, for the whole process, is installed on first use.
 * Each thread has a list of the guarded calls that it is in; the handler
 * jumps to the innermost one whose mapping holds the address, and hands every
 * other signal to the handler that was there before.
 */
#include "guard.h"

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

__thread struct mmapx_i_frame *volatile mmapx_i_innermost MMAPX_TLS_MODEL;

/* What SIGBUS did before. */
static struct sigaction previous;

/* --- The handler ---------------------------------------------------------- */

void
mmapx_i_block_sigbus(int how, sigset_t *old)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGBUS);
    pthread_sigmask(how, &set, old);
}

static void
set_default(void)
{
    struct sigaction act = { .sa_handler = SIG_DFL };

    sigemptyset(&act.sa_mask);
    sigaction(SIGBUS, &act, NULL);
}

/* Call the previous handler the way the kernel would have. */
static void
call_previous(int sig, siginfo_t *info, void *context)
{
    struct sigaction act = previous;
    sigset_t old;

    if ((act.sa_flags & (int)SA_RESETHAND) != 0)
        previous = (struct sigaction){ .sa_handler = SIG_DFL };
    if ((act.sa_flags & SA_NODEFER) == 0)
        sigaddset(&act.sa_mask, sig);
    pthread_sigmask(SIG_BLOCK, &act.sa_mask, &old);
    if ((act.sa_flags & SA_SIGINFO) != 0)
        act.sa_sigaction(sig, info, context);
    else
        act.sa_handler(sig);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* A signal that is none of ours. */
static void
pass_on(int sig, siginfo_t *info, void *context)
{
    bool has_handler = (previous.sa_flags & SA_SIGINFO) != 0
                       || (previous.sa_handler != SIG_DFL
                           && previous.sa_handler != SIG_IGN);

    if (has_handler) {
        call_previous(sig, info, context);
    } else if (mmapx_os_is_fault(info->si_code)) {
        /* The instruction runs again and dies where it stands.  The kernel
         * lets nobody ignore a fault. */
        set_default();
    } else if (previous.sa_handler == SIG_DFL) {
        set_default();
        raise(sig);
    }
}

static void
on_sigbus(int sig, siginfo_t *info, void *context)
{
    uintptr_t addr = (uintptr_t)info->si_addr;
    struct mmapx_i_frame *f = mmapx_os_is_fault(info->si_code)
                                  ? mmapx_i_innermost
                                  : NULL;
    int saved = errno;

    while (f != NULL && (addr < f->begin || addr >= f->end))
        f = f->outer;
    if (f != NULL) {
        mmapx_i_innermost = f->outer;
        mmapx_i_block_sigbus(SIG_UNBLOCK, NULL);
        errno = saved;
        siglongjmp(f->env, 1);
    }
    pass_on(sig, info, context);
    errno = saved;
}

/* --- Installing it -------------------------------------------------------- */

enum { INSTALLED = -1 };

static int
install(void)
{
    struct sigaction act = { .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK };
    struct sigaction replaced;

    act.sa_sigaction = on_sigbus;
    sigemptyset(&act.sa_mask);
    /* The handler may run before sigaction() returns what it replaced. */
    if (sigaction(SIGBUS, NULL, &previous) < 0
        || sigaction(SIGBUS, &act, &replaced) < 0)
        return -errno;
    previous = replaced;
    return 0;
}

/*
 * Install the handler once.  Whoever is at it puts its process's id into the
 * state: a child that was forked meanwhile sees that the thread at work is
 * not in this process, and begins anew.
 */
int
mmapx_i_ensure_handler(void)
{
    static pid_t state;
    pid_t seen = __atomic_load_n(&state, __ATOMIC_ACQUIRE);
    int r;

    while (seen != INSTALLED) {
        pid_t self = getpid();

        if (seen == self) {
            sched_yield();
            seen = __atomic_load_n(&state, __ATOMIC_ACQUIRE);
        } else if (__atomic_compare_exchange_n(&state, &seen, self, false,
                                               __ATOMIC_ACQUIRE,
                                               __ATOMIC_ACQUIRE)) {
            r = install();
            seen = r == 0 ? INSTALLED : 0;
            __atomic_store_n(&state, seen, __ATOMIC_RELEASE);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

/* --- Guarded calls -------------------------------------------------------- */

static int
call(const struct mmapx *m, int (*fn)(void *arg), void *arg, int *value)
{
    struct mmapx_i_frame f;

    if (sigsetjmp(f.env, 0) != 0)
        return -EIO;
    mmapx_i_enter(&f, m);
    *value = fn(arg);
    mmapx_i_leave(&f);
    return 0;
}

/* fn(arg) into *value, or -EIO if it faulted in the mapping. */
int
mmapx_i_guard(const struct mmapx *m, int (*fn)(void *arg), void *arg,
              int *value)
{
    sigset_t mask;
    size_t len = 0;
    int r = mmapx_i_range(m, 0, &len);

    if (r < 0)
        return r;
    if (fn == NULL)
        return -EINVAL;
    r = mmapx_i_ensure_handler();
    if (r < 0)
        return r;
    /* The kernel kills a thread that faults with the signal blocked. */
    mmapx_i_block_sigbus(SIG_UNBLOCK, &mask);
    r = call(m, fn, arg, value);
    if (sigismember(&mask, SIGBUS) == 1)
        mmapx_i_block_sigbus(SIG_BLOCK, NULL);
    return r;
}

int
mmapx_guard(const struct mmapx *m, int (*fn)(void *arg), void *arg)
{
    int value = 0;
    int r = mmapx_i_guard(m, fn, arg, &value);

    return r < 0 ? mmapx_i_result(r) : value;
}
