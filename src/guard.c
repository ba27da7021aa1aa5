/* SPDX-License-Identifier: MIT */
/* Faults inside a mapping as error codes. */

/* The checked longjmp() takes an alternate stack that the kernel has disarmed
 * (SS_AUTODISARM) for a jump into a frame that is gone, and aborts. */
#undef _FORTIFY_SOURCE

#include "guard.h"

__thread struct mmapx_i_thread mmapx_i_thread MMAPX_TLS_MODEL;

/* --- Finding the guard of a fault ----------------------------------------- */

/* Where the code that faulted stood. */
struct position {
    uintptr_t sp; /* 0: not known */
    stack_t stack; /* the alternate one */
};

static struct position
position_of(const void *context)
{
    struct position p = { 0, { .ss_flags = SS_DISABLE } };
    const void *here = __builtin_frame_address(0);

    if (context != NULL)
        p.sp = mmapx_os_context_sp(context);
    mmapx_os_context_stack(context, &p.stack);
    /* A handler on the stack that it interrupted is just below. */
    if (p.sp == 0 && (p.stack.ss_flags & SS_ONSTACK) == 0)
        p.sp = (uintptr_t)here;
    return p;
}

/*
 * Whether the call that a frame is of can still be returned to.  One that was
 * left by a jump lies where the stack has ended since, or something else is in
 * its place.  A handler on its alternate stack says nothing about the other
 * one; the other way round, what was on the alternate stack is over.
 */
static bool
is_live(const struct mmapx_i_entry *e, const struct position *p)
{
    bool apart = mmapx_os_is_on_stack(p->sp, &p->stack);

    if (p->sp != 0) {
        if (apart != mmapx_os_is_on_stack(e->at, &p->stack)) {
            if (!apart)
                return false;
        } else if (e->at <= p->sp) {
            return false;
        }
    }
    return mmapx_i_is_whole(e);
}

/* From the last frame in the list on, as far as frames were not left: the one
 * behind which the next belongs.  NULL: in the list, in which there is room. */
struct mmapx_i_entry *
mmapx_i_behind(struct mmapx_i_thread *t, uintptr_t at)
{
    struct mmapx_i_entry *e = &t->list[MMAPX_I_DEPTH - 1];

    if (!mmapx_i_is_whole(e)) {
        t->depth--;
        return NULL;
    }
    do
        e = &e->frame->inner;
    while (e->frame != NULL && e->at > at && mmapx_i_is_whole(e));
    return e;
}

/* The search for frames that are live, from the innermost outwards. */
struct search {
    struct position position;
    const struct mmapx_i_frame *end; /* the deeper ones from this one on were
                                      * looked at */
    unsigned left;                   /* of the list */
};

static struct search
search_from(const struct position *p)
{
    return (struct search){ *p, NULL, mmapx_i_thread.depth };
}

/* The last live frame of those that the list has no room for.  Each is known
 * from the one before it, so they are gone through each time. */
static struct mmapx_i_frame *
last_deeper(struct search *s)
{
    const struct mmapx_i_entry *e = &mmapx_i_thread.list[MMAPX_I_DEPTH - 1];
    struct mmapx_i_frame *last = NULL;

    if (s->left < MMAPX_I_DEPTH || !is_live(e, &s->position))
        return NULL;
    for (e = &e->frame->inner; e->frame != s->end && e->frame != NULL
                               && is_live(e, &s->position);
         e = &e->frame->inner)
        last = e->frame;
    s->end = last;
    return last;
}

/* The next frame outwards that is live. */
static struct mmapx_i_frame *
next_frame(struct search *s)
{
    const struct mmapx_i_thread *t = &mmapx_i_thread;
    struct mmapx_i_frame *f = last_deeper(s);

    while (f == NULL && s->left > 0) {
        s->left--;
        if (is_live(&t->list[s->left], &s->position))
            f = t->list[s->left].frame;
    }
    return f;
}

/* What the handle says now: fn may have resized the mapping. */
static bool
covers(const struct mmapx_i_frame *f, uintptr_t addr)
{
    if (f->kind == MMAPX_I_COPY)
        return addr >= f->begin && addr < f->end;
    if (mmapx_i_kind(f->m) == MMAPX_I_UNMAPPED || mmapx_i_is_empty_view(f->m))
        return false;

    const unsigned char *base = mmapx_i_base(f->m);

    return addr - (uintptr_t)base < mmapx_i_whole(f->m);
}

static _Noreturn void
unwind(struct mmapx_i_frame *f, const void *context, const stack_t *stack)
{
    sigset_t all, now;

    /* Nothing may use the alternate stack before it has been given up. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &now);
    mmapx_i_leave(f);
    f->stack = *stack;
    if (f->kind == MMAPX_I_COPY) {
        f->mask = context != NULL ? mmapx_os_context_mask(context) : now;
        mmapx_os_cpu_complete(&f->cpu, context);
    }
    siglongjmp(f->env, 1);
}

bool
mmapx_i_serve(const siginfo_t *info, const void *context)
{
    uintptr_t addr = (uintptr_t)info->si_addr;
    struct position p = position_of(context);
    struct search s = search_from(&p);
    struct mmapx_i_frame *f;

    while ((f = next_frame(&s)) != NULL) {
        if (!covers(f, addr))
            continue;
        if (f->kind != MMAPX_I_ZEROS)
            unwind(f, context, &p.stack);
        if (mmapx_i_replace(f, addr))
            return true;
    }
    return false;
}

/* --- The thread's state --------------------------------------------------- */

/*
 * A guard that lets SIGBUS through where the thread had it blocked marks that
 * for another copy of the library in the process, which sees the mask alone: by
 * blocking a signal that nobody sends.
 */
#if defined SIGSTKFLT
enum { MARK = SIGSTKFLT };
#elif defined SIGEMT
enum { MARK = SIGEMT };
#else
enum { MARK = SIGBUS };
#endif

/* A thread that blocks most signals and lets faults through bears no mark. */
bool
mmapx_i_is_unblocked(const sigset_t *mask)
{
    if (sigismember(mask, SIGBUS) == 1 || mmapx_i_thread.depth > 0)
        return false;
    return sigismember(mask, MARK) != 1
           || (sigismember(mask, SIGTERM) == 1
               && sigismember(mask, SIGSEGV) != 1);
}

bool
mmapx_i_hold(const siginfo_t *info)
{
    struct position p = position_of(NULL);
    struct search s = search_from(&p);
    struct mmapx_i_frame *f;

    while ((f = next_frame(&s)) != NULL)
        if (f->kind != MMAPX_I_COPY && sigismember(&f->mask, SIGBUS) == 1) {
            if (!f->holds)
                f->held = *info;
            f->holds = true;
            return true;
        }
    return false;
}

static void
let_go(const struct mmapx_i_frame *f)
{
    if (f->holds)
        mmapx_os_send_again(&f->held);
}

void
mmapx_i_recover(struct mmapx_i_frame *f)
{
    stack_t now = { .ss_flags = 0 };

    mmapx_os_cpu_restore(&f->cpu);
    sigaltstack(NULL, &now);
    if ((f->stack.ss_flags & SS_DISABLE) == 0
        && (now.ss_flags & SS_DISABLE) != 0) {
        f->stack.ss_flags &= ~SS_ONSTACK;
        sigaltstack(&f->stack, NULL);
    }
    pthread_sigmask(SIG_SETMASK, &f->mask, NULL);
    if (f->kind != MMAPX_I_COPY)
        let_go(f);
}

/* --- Guarded calls -------------------------------------------------------- */

/* The kernel kills a thread that faults with the signal blocked. */
static void
unblock(const struct mmapx_i_frame *f)
{
    sigset_t open = f->mask;

    if (sigismember(&f->mask, SIGBUS) != 1)
        return;
    sigdelset(&open, SIGBUS);
    if (MARK != SIGBUS)
        sigaddset(&open, MARK);
    pthread_sigmask(SIG_SETMASK, &open, NULL);
}

/* What fn has done to the mask is its own affair. */
static void
block_again(const struct mmapx_i_frame *f)
{
    sigset_t now;

    if (sigismember(&f->mask, SIGBUS) != 1)
        return;
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    sigaddset(&now, SIGBUS);
    if (MARK != SIGBUS && sigismember(&f->mask, MARK) != 1)
        sigdelset(&now, MARK);
    pthread_sigmask(SIG_SETMASK, &now, NULL);
    let_go(f);
}

static int
call(struct mmapx_i_frame *f, int (*fn)(void *arg), void *arg, int *value)
{
    if (sigsetjmp(f->env, 0) != 0) {
        mmapx_i_recover(f);
        return -EIO;
    }
    mmapx_i_enter(f);
    unblock(f);
    *value = fn(arg);
    mmapx_i_leave(f);
    block_again(f);
    return 0;
}

static int
guard(struct mmapx_i_frame *f, const struct mmapx *m, int (*fn)(void *arg),
      void *arg, int *value)
{
    size_t len = 0;
    int r = mmapx_i_range(m, 0, &len);

    if (r < 0)
        return r;
    if (fn == NULL)
        return -EINVAL;
    r = mmapx_i_ensure_handler();
    if (r < 0)
        return r;
    f->m = m;
    f->faults = 0;
    f->holds = false;
    mmapx_i_thread.replaced
        = __atomic_load_n(&mmapx_i_replacements, __ATOMIC_RELAXED);
    mmapx_os_cpu_save(&f->cpu);
    return call(f, fn, arg, value);
}

/*
 * The one system call of a guard comes first, and in the public function
 * itself: in the kernel the processor forgets to where functions return, and
 * each one that is under way then returns slowly.
 */
static inline __attribute__((always_inline)) int
ask_and_guard(enum mmapx_i_guarded kind, const struct mmapx *m,
              int (*fn)(void *arg), void *arg, int *value, size_t *faults)
{
    struct mmapx_i_frame f;
    int r;

    f.kind = kind;
    sigemptyset(&f.mask);
    pthread_sigmask(SIG_BLOCK, NULL, &f.mask);
    r = guard(&f, m, fn, arg, value);
    if (r == 0)
        *faults = f.faults;
    return r;
}

/* fn(arg) into *value, or -EIO if it faulted in the mapping. */
int
mmapx_i_guard(const struct mmapx *m, int (*fn)(void *arg), void *arg,
              int *value)
{
    size_t faults;

    return ask_and_guard(MMAPX_I_GUARD, m, fn, arg, value, &faults);
}

int
mmapx_guard(const struct mmapx *m, int (*fn)(void *arg), void *arg)
{
    size_t faults;
    int value = 0;
    int r = ask_and_guard(MMAPX_I_GUARD, m, fn, arg, &value, &faults);

    return r < 0 ? mmapx_i_result(r) : value;
}

int
mmapx_guard_zeros(const struct mmapx *m, int (*fn)(void *arg), void *arg,
                  size_t *faults)
{
    int value = 0;
    int r = faults == NULL
                ? -EINVAL
                : ask_and_guard(MMAPX_I_ZEROS, m, fn, arg, &value, faults);

    return r < 0 ? mmapx_i_result(r) : value;
}
