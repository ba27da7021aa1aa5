/* SPDX-License-Identifier: MIT */
/*
 * The handler of SIGBUS: one for the whole process, installed on first use.
 * What is not for a guard goes to the handlers that were there before.
 */
#include "guard.h"

#include <sched.h>
#include <string.h>

/* --- Who is to be asked --------------------------------------------------- */

/*
 * Handlers that ours has replaced, and the order in which a signal is passed on
 * to them: the numbers of their slots, from 1 on, the first one in the lowest
 * bits.  The order is one word so that the handler reads all of it at once.
 * Behind the last one comes the default.
 *
 * There is more than one only after mmapx_guard_rearm(): the later ones may
 * know ours and pass signals back.  Beside the order stands under which of two
 * names ours is installed.  Each rearming changes the name, so that a handler
 * which puts back what it once replaced is noticed.
 */
enum { SLOTS = 7, SLOT_BITS = 4, SLOT_MASK = 15 };
#define OTHER_NAME ((uintptr_t)1 << 28)
#define ORDER      (OTHER_NAME - 1)

static struct sigaction slots[SLOTS + 1];
static uintptr_t order;
static unsigned spent; /* slots whose handler was for one signal only */

static void on_sigbus(int sig, siginfo_t *info, void *context);
static void on_sigbus_too(int sig, siginfo_t *info, void *context);

static bool
is_handler(const struct sigaction *act)
{
    return (act->sa_flags & SA_SIGINFO) != 0
           || (act->sa_handler != SIG_DFL && act->sa_handler != SIG_IGN);
}

static bool
is_ours(const struct sigaction *act)
{
    return (act->sa_flags & SA_SIGINFO) != 0
           && (act->sa_sigaction == on_sigbus
               || act->sa_sigaction == on_sigbus_too);
}

static bool
are_the_same(const struct sigaction *a, const struct sigaction *b)
{
    if ((a->sa_flags & SA_SIGINFO) != (b->sa_flags & SA_SIGINFO))
        return false;
    return (a->sa_flags & SA_SIGINFO) != 0
               ? a->sa_sigaction == b->sa_sigaction
               : a->sa_handler == b->sa_handler;
}

/* The name that an action has ours under. */
static uintptr_t
name_of(const struct sigaction *act)
{
    return act->sa_sigaction == on_sigbus_too ? OTHER_NAME : 0;
}

/*
 * If ours is installed under its former name, the last one that had replaced it
 * has put it back and is gone.
 */
static uintptr_t
current_order(void)
{
    uintptr_t seen = __atomic_load_n(&order, __ATOMIC_ACQUIRE);
    struct sigaction now;

    if (sigaction(SIGBUS, NULL, &now) == 0 && is_ours(&now)
        && name_of(&now) != (seen & OTHER_NAME)) {
        uintptr_t left = name_of(&now) | (seen & ORDER) >> SLOT_BITS;

        if (__atomic_compare_exchange_n(&order, &seen, left, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            seen = left;
    }
    return seen;
}

/* The slots that an order names. */
static unsigned
slots_of(uintptr_t from)
{
    unsigned used = 0;

    for (; from != 0; from >>= SLOT_BITS)
        used |= 1u << (from & SLOT_MASK);
    return used;
}

/* An order without what holds the same handler, and no longer than that one
 * more fits: the oldest but one gives way. */
static uintptr_t
make_room(uintptr_t from, const struct sigaction *act)
{
    uintptr_t to = 0;
    unsigned n = 0;

    for (; from != 0; from >>= SLOT_BITS) {
        if (are_the_same(&slots[from & SLOT_MASK], act))
            continue;
        if (n == SLOTS - 2)
            n--;
        to &= ((uintptr_t)1 << n * SLOT_BITS) - 1;
        to |= (from & SLOT_MASK) << n * SLOT_BITS;
        n++;
    }
    return to;
}

/*
 * An order that begins with a handler.  What is no handler ends each order.
 * The slot is one that nobody reads: neither the new order nor the present one
 * has it.
 */
static uintptr_t
with_first(uintptr_t from, const struct sigaction *act)
{
    uintptr_t present = __atomic_load_n(&order, __ATOMIC_RELAXED) & ORDER;
    uintptr_t to = is_handler(act) ? make_room(from, act) : 0;
    unsigned used = slots_of(to) | slots_of(present);
    unsigned slot = 1;

    while (slot < SLOTS && (used >> slot & 1) != 0)
        slot++;
    slots[slot] = *act;
    __atomic_and_fetch(&spent, ~(1u << slot), __ATOMIC_RELAXED);
    return to << SLOT_BITS | slot;
}

/* --- Passing on ----------------------------------------------------------- */

static void
set_default(void)
{
    struct sigaction act = { .sa_handler = SIG_DFL };

    sigemptyset(&act.sa_mask);
    sigaction(SIGBUS, &act, NULL);
}

/* Call an earlier handler the way the kernel would have. */
static void
call_handler(struct sigaction act, int sig, siginfo_t *info, void *context)
{
    sigset_t old;

    if ((act.sa_flags & SA_NODEFER) == 0)
        sigaddset(&act.sa_mask, sig);
    pthread_sigmask(SIG_BLOCK, &act.sa_mask, &old);
    if ((act.sa_flags & SA_SIGINFO) != 0)
        act.sa_sigaction(sig, info, context);
    else
        act.sa_handler(sig);
    /* Before a signal comes that it has sent. */
    current_order();
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* What becomes of a signal that nobody handles. */
static void
apply_default(int sig, const siginfo_t *info, bool is_ignored)
{
    if (mmapx_os_is_fault(info->si_code)) {
        /* The instruction runs again and dies where it stands.  The kernel
         * lets nobody ignore a fault. */
        set_default();
    } else if (!is_ignored) {
        set_default();
        raise(sig);
    }
}

/*
 * Pass a signal on.  One that an earlier handler passes back arrives deeper on
 * the same stack with the same context, and goes to the next handler.
 */
static __attribute__((noinline)) void
pass_on(int sig, siginfo_t *info, void *context)
{
    struct mmapx_i_thread *t = &mmapx_i_thread;
    const void *frame = __builtin_frame_address(0);
    uintptr_t here = (uintptr_t)frame;
    bool comes_back = here < t->passing_at && context == t->passing_context;
    uintptr_t rest
        = comes_back ? t->passing_rest : current_order() & ORDER;
    unsigned slot = rest & SLOT_MASK;
    const struct sigaction *act = &slots[slot];
    uintptr_t outer_at = t->passing_at;
    const void *outer_context = t->passing_context;
    uintptr_t outer_rest = t->passing_rest;

    if (slot == 0 || !is_handler(act)
        || ((act->sa_flags & (int)SA_RESETHAND) != 0
            && (__atomic_fetch_or(&spent, 1u << slot, __ATOMIC_RELAXED) >> slot
                & 1)
                   != 0)) {
        apply_default(sig, info, slot != 0 && act->sa_handler == SIG_IGN);
        return;
    }
    t->passing_at = here;
    t->passing_context = context;
    t->passing_rest = rest >> SLOT_BITS;
    call_handler(*act, sig, info, context);
    t->passing_at = outer_at;
    t->passing_context = outer_context;
    t->passing_rest = outer_rest;
}

static inline __attribute__((always_inline)) void
handle(int sig, siginfo_t *info, void *context)
{
    int saved = errno;
    bool done = mmapx_os_is_fault(info->si_code)
                    ? mmapx_i_serve(info, context)
                    : mmapx_i_hold(info);

    if (!done)
        pass_on(sig, info, context);
    errno = saved;
}

static void
on_sigbus(int sig, siginfo_t *info, void *context)
{
    handle(sig, info, context);
}

/* The other name. */
static void
on_sigbus_too(int sig, siginfo_t *info, void *context)
{
    handle(sig, info, context);
}

/* --- Installing ----------------------------------------------------------- */

void
mmapx_i_acquire(uintptr_t *lock)
{
    uintptr_t self = mmapx_i_process();
    uintptr_t seen = __atomic_load_n(lock, __ATOMIC_RELAXED);

    for (;;) {
        if (seen == self) {
            sched_yield();
            seen = __atomic_load_n(lock, __ATOMIC_RELAXED);
        } else if (__atomic_compare_exchange_n(lock, &seen, self, false,
                                               __ATOMIC_ACQUIRE,
                                               __ATOMIC_RELAXED)) {
            return;
        }
    }
}

void
mmapx_i_release(uintptr_t *lock)
{
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

/*
 * Ours, to be installed in the place of another.  A signal that interrupted no
 * system call before should not do so now: only a handler may have asked for
 * that.
 */
static struct sigaction
our_action(uintptr_t name, const struct sigaction *other)
{
    struct sigaction act = { .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK };

    if (!is_handler(other))
        act.sa_flags |= SA_RESTART;
    else
        act.sa_flags |= other->sa_flags & SA_RESTART;
    act.sa_sigaction = name == 0 ? on_sigbus : on_sigbus_too;
    sigemptyset(&act.sa_mask);
    return act;
}

/*
 * Replace what is there, which is not ours.  The handler may run before
 * sigaction() returns what it replaced, and a child may be forked in between.
 * So the handlers that signals are passed on to are written down first.
 */
static int
replace_action(const struct sigaction *now, uintptr_t name)
{
    uintptr_t before = __atomic_load_n(&order, __ATOMIC_RELAXED) & ORDER;
    struct sigaction act = our_action(name, now);
    struct sigaction replaced;

    __atomic_store_n(&order, name | with_first(before, now), __ATOMIC_RELEASE);
    if (sigaction(SIGBUS, &act, &replaced) < 0) {
        int err = errno;

        __atomic_store_n(&order, (name ^ OTHER_NAME) | before,
                         __ATOMIC_RELEASE);
        return -err;
    }
    if (!is_ours(&replaced) && !are_the_same(now, &replaced))
        __atomic_store_n(&order, name | with_first(before, &replaced),
                         __ATOMIC_RELEASE);
    return 0;
}

sigset_t mmapx_i_sigbus;

static uintptr_t installing;
static bool installed;

/* In a forked child ours may be there although nobody has come to say so. */
static int
install(void)
{
    struct sigaction now;
    int r = 0;

    mmapx_i_acquire(&installing);
    if (!installed) {
        mmapx_os_cpu_probe();
        sigemptyset(&mmapx_i_sigbus);
        sigaddset(&mmapx_i_sigbus, SIGBUS);
        if (sigaction(SIGBUS, NULL, &now) < 0)
            r = -errno;
        else if (!is_ours(&now))
            r = replace_action(&now, 0);
        if (r == 0)
            __atomic_store_n(&installed, true, __ATOMIC_RELEASE);
    }
    mmapx_i_release(&installing);
    return r;
}

int
mmapx_i_ensure_handler(void)
{
    return __atomic_load_n(&installed, __ATOMIC_ACQUIRE) ? 0 : install();
}

/* Whether ours had to be put back. */
static int
rearm(void)
{
    struct sigaction now;
    int r = 0;

    if (!__atomic_load_n(&installed, __ATOMIC_ACQUIRE))
        return install();
    mmapx_i_acquire(&installing);
    if (sigaction(SIGBUS, NULL, &now) < 0) {
        r = -errno;
    } else if (!is_ours(&now)) {
        r = replace_action(&now, (current_order() & OTHER_NAME) ^ OTHER_NAME);
        r = r < 0 ? r : 1;
    } else {
        current_order();
    }
    mmapx_i_release(&installing);
    return r;
}

int
mmapx_guard_rearm(void)
{
    return mmapx_i_result(rearm());
}
