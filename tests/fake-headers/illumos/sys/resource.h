/* SPDX-License-Identifier: MIT */
/* No RLIMIT_MEMLOCK: locking takes a privilege. */
#ifndef FAKE_SYS_RESOURCE_H
#define FAKE_SYS_RESOURCE_H

#include <sys/types.h>

#ifdef __LP64__
typedef unsigned long rlim_t;
#define RLIM_INFINITY ((rlim_t)-3)
#else
typedef unsigned long long rlim_t;
#define RLIM_INFINITY ((rlim_t)-3)
#endif
#define RLIMIT_FSIZE 1

struct rlimit {
    rlim_t rlim_cur;
    rlim_t rlim_max;
};

int getrlimit(int, struct rlimit *);

#endif
