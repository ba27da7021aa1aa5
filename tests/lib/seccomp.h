/* SPDX-License-Identifier: MIT */
/* Denying system calls to this process.  Linux only. */
#ifndef MMAPX_TESTS_SECCOMP_H
#define MMAPX_TESTS_SECCOMP_H

#include <stdbool.h>
#include <stdint.h>

/* A system call that is denied; of one with an argument number only those where
 * its lower half has that value, or unless it has. */
struct denied {
    long number; /* -1: this machine does not have it */
    int argument;
    uint32_t value;
    bool unless;
};

enum { ANY = -1 };

/* Filter in this process from now on; nothing takes that back.  action is one
 * of SECCOMP_RET_*.  False where there are no filters. */
bool set_filter(const struct denied *d, uint32_t action);

/* The same, and the call fails with an errno.  True also where this machine
 * does not have the call. */
bool deny(const struct denied *d, int code);

#endif /* MMAPX_TESTS_SECCOMP_H */
