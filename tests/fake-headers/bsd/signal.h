/* SPDX-License-Identifier: MIT */
/* A set is a struct.  OpenBSD has its own. */
#ifndef FAKE_BSD_SIGNAL_H
#define FAKE_BSD_SIGNAL_H

typedef struct {
    unsigned fake_bits[4];
} sigset_t;
#define FAKE_SIGSET 1
#define SIGEMT 7

#include_next <signal.h>

#endif
