/* SPDX-License-Identifier: MIT */
/* RLIMIT_MEMLOCK is none of POSIX's. */
#ifndef FAKE_SYS_RESOURCE_H
#define FAKE_SYS_RESOURCE_H

#include <sys/types.h>

typedef unsigned long rlim_t;

#define RLIM_INFINITY ((rlim_t)-1)
#define RLIMIT_FSIZE 1

struct rlimit {
    rlim_t rlim_cur;
    rlim_t rlim_max;
};

int getrlimit(int, struct rlimit *);

#endif
