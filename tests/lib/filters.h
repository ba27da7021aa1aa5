/* SPDX-License-Identifier: MIT */
/* Filters of system calls, as containers have them.  Linux only. */
#ifndef MMAPX_TESTS_FILTERS_H
#define MMAPX_TESTS_FILTERS_H

#include "support.h"

#ifdef __linux__
#include <sys/syscall.h>

/* The numbers that go by several names. */
#ifdef SYS_mmap2
#define NUMBER_MMAP SYS_mmap2
#else
#define NUMBER_MMAP SYS_mmap
#endif
#ifdef SYS_ftruncate64
#define NUMBER_FTRUNCATE SYS_ftruncate64
#else
#define NUMBER_FTRUNCATE SYS_ftruncate
#endif
#ifdef SYS_fcntl64
#define NUMBER_FCNTL SYS_fcntl64
#else
#define NUMBER_FCNTL SYS_fcntl
#endif
#ifdef SYS_fstatfs64
#define NUMBER_FSTATFS SYS_fstatfs64
#else
#define NUMBER_FSTATFS SYS_fstatfs
#endif
#ifdef SYS__llseek
#define NUMBER_LSEEK SYS__llseek
#define LSEEK_WHENCE 4
#else
#define NUMBER_LSEEK SYS_lseek
#define LSEEK_WHENCE 2
#endif
#ifdef SYS_mlock2
#define NUMBER_MLOCK2 SYS_mlock2
#else
#define NUMBER_MLOCK2 (-1)
#endif
#endif /* __linux__ */

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

/* SKIP where there are none. */
void need_filters(void);

#endif /* MMAPX_TESTS_FILTERS_H */
