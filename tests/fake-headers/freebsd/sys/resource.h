/* SPDX-License-Identifier: MIT */
/* Signed, as nowhere else. */
#ifndef FAKE_SYS_RESOURCE_H
#define FAKE_SYS_RESOURCE_H

#include <sys/types.h>

typedef long long rlim_t;

#define RLIM_INFINITY ((rlim_t)(((unsigned long long)1 << 63) - 1))
#define RLIMIT_FSIZE 1
#define RLIMIT_MEMLOCK 6

struct rlimit {
    rlim_t rlim_cur;
    rlim_t rlim_max;
};

int getrlimit(int, struct rlimit *);

#endif
