/* SPDX-License-Identifier: MIT */
/* A context is what the kernel restores, with no stack in it, and there is no
 * ucontext.h. */
#ifndef FAKE_OPENBSD_SIGNAL_H
#define FAKE_OPENBSD_SIGNAL_H

struct sigcontext {
    long fake_registers[26];
    int sc_mask;
};
typedef struct sigcontext ucontext_t;
#define FAKE_CONTEXT 1
typedef unsigned sigset_t;
#define FAKE_SIGSET 1
#define SIGEMT 7

/* What bsd/signal.h adds is for the others. */
#include "../posix/signal.h"

#endif
