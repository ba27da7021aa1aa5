/* SPDX-License-Identifier: MIT */
/* A context is in ucontext.h. */
#ifndef FAKE_ILLUMOS_SIGNAL_H
#define FAKE_ILLUMOS_SIGNAL_H

typedef struct {
    unsigned fake_bits[4];
} sigset_t;
#define FAKE_SIGSET 1
#define FAKE_CONTEXT 1
#define SIGEMT 7

#include_next <signal.h>

#endif
