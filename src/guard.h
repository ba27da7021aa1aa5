/* SPDX-License-Identifier: MIT */
/* Frames, each a guarded call or copy that a thread is in. */
#ifndef MMAPX_GUARD_H
#define MMAPX_GUARD_H

#include <setjmp.h>
#include <signal.h>
#include <stdint.h>

#include "internal.h"

struct mmapx_i_frame {
    struct mmapx_i_frame *outer;
    uintptr_t begin;
    uintptr_t end;
    sigjmp_buf env;
};

/* The thread's list.  Read by the handler, hence volatile, and hence a model of
 * thread-local storage that is not allocated by the first access. */
extern __thread struct mmapx_i_frame *volatile mmapx_i_innermost
    MMAPX_TLS_MODEL;

/*
 * Put a frame for the mapping's pages on the list, and take it off.  The
 * compiler must neither drop a store to the list, which only the handler
 * reads, nor move the guarded accesses across it.
 */
static inline void
mmapx_i_enter(struct mmapx_i_frame *f, const struct mmapx *m)
{
    const unsigned char *base = mmapx_i_base(m);

    f->begin = (uintptr_t)base;
    f->end = f->begin + mmapx_i_extent(m);
    f->outer = mmapx_i_innermost;
    mmapx_i_innermost = f;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void
mmapx_i_leave(struct mmapx_i_frame *f)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    mmapx_i_innermost = f->outer;
}

/* Install the handler, unless that has been done. */
int mmapx_i_ensure_handler(void);

/* pthread_sigmask(3) for SIGBUS alone; old may be NULL. */
void mmapx_i_block_sigbus(int how, sigset_t *old);

#endif /* MMAPX_GUARD_H */
