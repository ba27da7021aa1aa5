/* SPDX-License-Identifier: MIT */
/* Filters of system calls, as containers have them.  Linux only. */
#ifndef MMAPX_TESTS_FILTERS_H
#define MMAPX_TESTS_FILTERS_H

#include "seccomp.h"
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

/* SKIP where there are none. */
void need_filters(void);

#endif /* MMAPX_TESTS_FILTERS_H */
