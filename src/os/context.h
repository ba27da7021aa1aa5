/* SPDX-License-Identifier: MIT */
/* What a signal handler is told about the code that it interrupted. */
#ifndef MMAPX_OS_CONTEXT_H
#define MMAPX_OS_CONTEXT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __sun
#include <ucontext.h> /* elsewhere signal.h has it, and some have no other */
#endif

/* The stack pointer; 0 where it is not known, which is where registers have
 * names of the system's own. */
static inline uintptr_t
mmapx_os_context_sp(const void *handed)
{
    const ucontext_t *context = handed;

#if !defined __linux__
    (void)context;
    return 0;
#elif defined __x86_64__
    return (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
#elif defined __i386__
    return (uintptr_t)context->uc_mcontext.gregs[REG_ESP];
#elif defined __aarch64__
    return (uintptr_t)context->uc_mcontext.sp;
#elif defined __arm__
    return (uintptr_t)context->uc_mcontext.arm_sp;
#elif defined __riscv
    return (uintptr_t)context->uc_mcontext.__gregs[REG_SP];
#elif defined __powerpc64__
    return (uintptr_t)context->uc_mcontext.gp_regs[1];
#elif defined __s390__
    return (uintptr_t)context->uc_mcontext.gregs[15];
#elif defined __mips__
    return (uintptr_t)context->uc_mcontext.gregs[29];
#elif defined __loongarch__
    return (uintptr_t)context->uc_mcontext.__gregs[3];
#else
    (void)context;
    return 0;
#endif
}

/* The alternate stack as the interrupted code had it, which Linux can disarm
 * for the handler.  Elsewhere a context may name the thread's own stack. */
static inline void
mmapx_os_context_stack(const void *context, stack_t *stack)
{
#ifdef __linux__
    if (context != NULL) {
        *stack = ((const ucontext_t *)context)->uc_stack;
        return;
    }
#endif
    (void)context;
    sigaltstack(NULL, stack);
}

/* The signals that the interrupted code had blocked. */
static inline sigset_t
mmapx_os_context_mask(const void *context)
{
#ifdef __OpenBSD__
    return (sigset_t)((const ucontext_t *)context)->sc_mask;
#else
    return ((const ucontext_t *)context)->uc_sigmask;
#endif
}

/* Send a signal that this thread or the process got once more, to whichever of
 * them it was sent. */
void mmapx_os_send_again(const siginfo_t *info);

static inline bool
mmapx_os_is_on_stack(uintptr_t at, const stack_t *stack)
{
    return at - (uintptr_t)stack->ss_sp < stack->ss_size;
}

#endif /* MMAPX_OS_CONTEXT_H */
