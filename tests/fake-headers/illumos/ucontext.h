/* SPDX-License-Identifier: MIT */
#ifndef FAKE_ILLUMOS_UCONTEXT_H
#define FAKE_ILLUMOS_UCONTEXT_H

#include <signal.h>

typedef struct ucontext ucontext_t;
struct ucontext {
    unsigned long uc_flags;
    ucontext_t *uc_link;
    sigset_t uc_sigmask;
    stack_t uc_stack;
    struct {
        long fake_registers[28];
    } uc_mcontext;
};

#endif
