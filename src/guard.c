/* SPDX-License-Identifier: MIT */
/*
 * Faults inside a mapping as error codes.
 *
 * One handler for SIGBUS, for the whole process, is installed on first use.
 * Each thread has a list of the guarded calls that it is in; the handler
 * jumps to the innermost one whose mapping holds the address, and hands every
 * other signal to the handler that was there before.
 */
#include "internal.h"

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

struct frame {
    struct frame *outer;
    uintptr_t begin;
    uintptr_t end;
    sigjmp_buf env;
};

/* Read by the handler, hence volatile, and hence a model of thread-local
 * storage that is not allocated by the first access. */
static __thread struct frame *volatile innermost MMAPX_TLS_MODEL;

/* SIGBUS was seen to be unblocked in this thread. */
static __thread bool unblocked MMAPX_TLS_MODEL;

/* What SIGBUS did before. */
static struct sigaction previous;

/* --- The handler ---------------------------------------------------------- */

static void
block_sigbus(int how, sigset_t *old)
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
    struct frame *f = mmapx_os_is_fault(info->si_code) ? innermost : NULL;
    int saved = errno;

    while (f != NULL && (addr < f->begin || addr >= f->end))
        f = f->outer;
    if (f != NULL) {
        innermost = f->outer;
        block_sigbus(SIG_UNBLOCK, NULL);
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
static int
ensure_handler(void)
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

/*
 * The compiler must neither drop a store to the list, which only the handler
 * reads, nor move the guarded accesses across it.
 */
static inline void
enter(struct frame *f, const struct mmapx *m)
{
    const unsigned char *base = mmapx_i_base(m);

    f->begin = (uintptr_t)base;
    f->end = f->begin + mmapx_i_extent(m);
    f->outer = innermost;
    innermost = f;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void
leave(struct frame *f)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    innermost = f->outer;
}

static int
call(const struct mmapx *m, int (*fn)(void *arg), void *arg, int *value)
{
    struct frame f;

    if (sigsetjmp(f.env, 0) != 0)
        return -EIO;
    enter(&f, m);
    *value = fn(arg);
    leave(&f);
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
    r = ensure_handler();
    if (r < 0)
        return r;
    /* The kernel kills a thread that faults with the signal blocked. */
    block_sigbus(SIG_UNBLOCK, &mask);
    r = call(m, fn, arg, value);
    if (sigismember(&mask, SIGBUS) == 1)
        block_sigbus(SIG_BLOCK, NULL);
    return r;
}

/* --- Guarded copies ------------------------------------------------------- */

struct copy {
    const struct mmapx *m;
    unsigned char *to;
    const unsigned char *from;
    size_t len;
};

/* Copy all, or fault. */
static bool
copy_whole(const struct copy *c)
{
    struct frame f;

    if (sigsetjmp(f.env, 0) != 0)
        return false;
    enter(&f, c->m);
    memcpy(c->to, c->from, c->len);
    leave(&f);
    return true;
}

/* Copy from a byte on, n of them if there are so many.  Returns how many. */
static size_t
copy_part(const struct copy *c, size_t at, size_t n)
{
    size_t left = c->len - at;

    n = n < left ? n : left;
    memcpy(c->to + at, c->from + at, n);
    return n;
}

/*
 * Copy up to the first page that faults; mapped is the side that can.  memcpy()
 * may start anywhere: where it faulted does not say what it had copied, but
 * within a page it has copied all or nothing.
 */
static size_t
copy_pages(const struct copy *c, const unsigned char *mapped)
{
    size_t page = mmapx_i_page(c->m);
    size_t lead = (size_t)(mapped - mmapx_i_round_down(mapped, page));
    volatile size_t done = 0;
    struct frame f;

    if (sigsetjmp(f.env, 0) != 0)
        return done;
    enter(&f, c->m);
    for (; done < c->len; lead = 0)
        done += copy_part(c, done, page - lead);
    leave(&f);
    return done;
}

/*
 * Copy what can be copied.  Into the mapping it goes in order, so that nothing
 * changes behind a page that faults; out of it at once, if that works.  A guard
 * costs a system call for the mask; a copy looks at it only until it has been
 * found to let SIGBUS through, and not by the doing of a guard.
 */
static ssize_t
copy(const struct copy *c, const unsigned char *mapped)
{
    bool blocked = false;
    size_t done = c->len;
    sigset_t mask;

    if (!unblocked) {
        int r = ensure_handler();

        if (r < 0)
            return r;
        block_sigbus(SIG_UNBLOCK, &mask);
        blocked = sigismember(&mask, SIGBUS) == 1;
        unblocked = !blocked && innermost == NULL;
    }
    if (mapped == c->to || !copy_whole(c))
        done = copy_pages(c, mapped);
    if (blocked)
        block_sigbus(SIG_BLOCK, NULL);
    return done > 0 ? (ssize_t)done : -EIO;
}

/* Cut the length of a copy to the mapping's, as pread(2) does to the file's. */
static int
copy_range(const struct mmapx *m, size_t off, const void *buf, size_t *len)
{
    size_t left = MMAPX_TO_END;
    int r = mmapx_i_range(m, off, &left);

    if (r < 0)
        return r;
    if (*len > left)
        *len = left;
    return *len > 0 && buf == NULL ? -EINVAL : 0;
}

static ssize_t
read_from(const struct mmapx *m, size_t off, void *buf, size_t len)
{
    int r = copy_range(m, off, buf, &len);

    if (r < 0 || len == 0)
        return r;
    if (!mmapx_i_has(m, MMAPX_I_READS | MMAPX_I_MIXED))
        return -EACCES;

    const unsigned char *from = (unsigned char *)m->addr + off;

    return copy(&(struct copy){ m, buf, from, len }, from);
}

/*
 * Whether a mapping of which only a part may be written, or that something
 * else made, lets this range be written: the kernel's own answer.
 */
static bool
may_write(const struct mmapx *m, size_t off, size_t len)
{
    struct mmapx_i_span span;

    if (!mmapx_i_has(m, MMAPX_I_MIXED))
        return mmapx_i_has(m, MMAPX_I_WRITES);
    return mmapx_i_span(m, off, len, MMAPX_I_OUTWARD, &span) < 0
           || mmapx_i_madvise(&span, MMAPX_MADV_POPULATE_WRITE) != -EINVAL;
}

static ssize_t
write_to(const struct mmapx *m, size_t off, const void *buf, size_t len)
{
    int r = copy_range(m, off, buf, &len);

    if (r < 0 || len == 0)
        return r;
    if (!may_write(m, off, len))
        return -EACCES;

    unsigned char *to = (unsigned char *)m->addr + off;

    return copy(&(struct copy){ m, to, buf, len }, to);
}

int
mmapx_guard(const struct mmapx *m, int (*fn)(void *arg), void *arg)
{
    int value = 0;
    int r = mmapx_i_guard(m, fn, arg, &value);

    return r < 0 ? mmapx_i_result(r) : value;
}

ssize_t
mmapx_read(const struct mmapx *m, size_t off, void *buf, size_t len)
{
    ssize_t n = read_from(m, off, buf, len);

    return n < 0 ? mmapx_i_result((int)n) : n;
}

ssize_t
mmapx_write(const struct mmapx *m, size_t off, const void *buf, size_t len)
{
    ssize_t n = write_to(m, off, buf, len);

    return n < 0 ? mmapx_i_result((int)n) : n;
}
