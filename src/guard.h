/* SPDX-License-Identifier: MIT */
/*
 * Guarded code: what guard.c, copy.c and the handler of SIGBUS share.
 *
 * Each thread has a list of the guarded calls that it is in.  A fault belongs
 * to the innermost one whose mapping holds the address.
 */
#ifndef MMAPX_GUARD_H
#define MMAPX_GUARD_H

#include "internal.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/types.h>

#include "os/context.h"
#include "os/cpu.h"

enum mmapx_i_guarded {
    MMAPX_I_COPY,  /* a fault unwinds; the bytes to be copied are guarded, */
    MMAPX_I_GUARD, /* or what the handle says at the time of the fault */
    MMAPX_I_ZEROS, /* the page is replaced and the code goes on */
};

/* Where a frame is known from: its address, and that of the stack, since a
 * sanitizer may keep variables elsewhere. */
struct mmapx_i_entry {
    struct mmapx_i_frame *frame;
    uintptr_t at;
};

/* One guarded call, on the stack of that call. */
struct mmapx_i_frame {
    enum mmapx_i_guarded kind;
    const struct mmapx *m;
    uintptr_t begin; /* of a copy */
    uintptr_t end;
    uintptr_t at;    /* on the stack */
    uintptr_t seal;
    unsigned depth;  /* how many of the thread's list are outside of it */
    struct mmapx_i_entry inner;   /* the next one, where the list has no room */
    struct mmapx_i_entry *behind; /* what this one is behind then, or NULL */
    size_t faults;   /* pages that were replaced */

    /* What the thread is to have after a fault. */
    struct mmapx_os_cpu cpu;
    sigset_t mask;
    stack_t stack;

    /* A signal that was let in for the sake of faults only. */
    bool holds;
    siginfo_t held;

    sigjmp_buf env;
    uintptr_t last; /* the seal once more */
};

/* As many guards as one inside the other are found by themselves. */
enum { MMAPX_I_DEPTH = 16 };

/*
 * A frame may be left by a jump past it, and what lies in its place is then not
 * to be read.  So no frame is known from one that is inside of it: the list is
 * not in the frames, and those that it has no room for are each known from the
 * next one outwards.  The stack pointer tells which have been left.
 */
struct mmapx_i_thread {
    struct mmapx_i_entry list[MMAPX_I_DEPTH];
    unsigned depth;

    /* How many pages the process had replaced when this thread last knew; the
     * page of the last fault that was tried again, and how often. */
    unsigned replaced;
    unsigned char *again;
    unsigned tries;

    /* Where a signal is being passed on: see handler.c. */
    uintptr_t passing_at;
    const void *passing_context;
    uintptr_t passing_rest;
};

/* The handler reads it, so its model of thread-local storage is one that the
 * first access does not allocate. */
extern __thread struct mmapx_i_thread mmapx_i_thread MMAPX_TLS_MODEL;

/* If somebody has written over a frame, a sanitizer may have marked a part of
 * it as the space between variables. */
#if defined __SANITIZE_ADDRESS__ || defined __clang__
#define MMAPX_I_ANY_STACK __attribute__((no_sanitize("address")))
#else
#define MMAPX_I_ANY_STACK
#endif

/* What a frame holds at both ends while nobody has written over it. */
MMAPX_I_ANY_STACK static inline uintptr_t
mmapx_i_seal(const struct mmapx_i_frame *f)
{
    uintptr_t of = f->kind == MMAPX_I_COPY ? f->begin : (uintptr_t)f->m;

    return (uintptr_t)f ^ ((uintptr_t)&mmapx_os_cpu_has << 7) ^ of << 1;
}

MMAPX_I_ANY_STACK static inline bool
mmapx_i_is_whole(const struct mmapx_i_entry *e)
{
    uintptr_t seal = mmapx_i_seal(e->frame);

    return e->frame->seal == seal && e->frame->last == seal
           && e->frame->at == e->at;
}

/* guard.c: where to note a frame that the list may have no room for. */
struct mmapx_i_entry *mmapx_i_behind(struct mmapx_i_thread *t, uintptr_t at);

/* Forget the frames that lie where the stack has been given up since. */
static inline void
mmapx_i_forget_below(struct mmapx_i_thread *t, uintptr_t at)
{
    while (t->depth > 0 && t->list[t->depth - 1].at <= at)
        t->depth--;
}

/*
 * The compiler must neither drop a store to the list, which only the handler
 * reads, nor move the guarded accesses across it.
 */
static inline __attribute__((always_inline)) void
mmapx_i_enter(struct mmapx_i_frame *f)
{
    struct mmapx_i_thread *t = &mmapx_i_thread;
    const void *here = __builtin_frame_address(0);
    uintptr_t at = (uintptr_t)here;

    mmapx_i_forget_below(t, at);
    f->behind = t->depth == MMAPX_I_DEPTH ? mmapx_i_behind(t, at) : NULL;
    f->at = at;
    f->seal = f->last = mmapx_i_seal(f);
    f->inner.frame = NULL;
    f->depth = t->depth;
    if (f->behind == NULL) {
        t->list[t->depth] = (struct mmapx_i_entry){ f, at };
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        t->depth++;
    } else {
        f->behind->at = at;
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        f->behind->frame = f;
    }
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void
mmapx_i_leave(const struct mmapx_i_frame *f)
{
    struct mmapx_i_thread *t = &mmapx_i_thread;

    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    t->depth = f->depth;
    if (f->behind != NULL)
        f->behind->frame = NULL;
}

/* guard.c: whether a mask lets SIGBUS through, and not for a guard only. */
bool mmapx_i_is_unblocked(const sigset_t *mask);

/* guard.c: after a jump to a frame, give the thread back what it had. */
void mmapx_i_recover(struct mmapx_i_frame *f);

/* SIGBUS alone, once the handler is installed. */
extern sigset_t mmapx_i_sigbus;

/*
 * guard.c, for the handler.  A fault: a frame that has it is jumped to, or its
 * page is replaced and the answer is true.  Another signal: whether some frame
 * keeps it until the thread blocks it again.
 */
bool mmapx_i_serve(const siginfo_t *info, const void *context);
bool mmapx_i_hold(const siginfo_t *info);

/* zeros.c: pages that the process has replaced; put zeros in the place of the
 * page that a thread has faulted in. */
extern unsigned mmapx_i_replacements;
bool mmapx_i_replace(struct mmapx_i_frame *f, uintptr_t addr);

/* handler.c: install the handler on first use. */
int mmapx_i_ensure_handler(void);

/*
 * One thread at a time.  The lock is the process's number, so that a child that
 * was forked meanwhile sees that its holder is not there.
 */
void mmapx_i_acquire(uintptr_t *lock);
void mmapx_i_release(uintptr_t *lock);

#endif /* MMAPX_GUARD_H */
