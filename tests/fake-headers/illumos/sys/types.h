/* SPDX-License-Identifier: MIT */
#ifndef FAKE_SYS_TYPES_H
#define FAKE_SYS_TYPES_H

#include <stddef.h>

typedef long ssize_t;
typedef unsigned long dev_t;
#ifdef __LP64__
typedef long off_t;
typedef unsigned long ino_t;
typedef long blkcnt_t;
#else
typedef long long off_t;
typedef unsigned long long ino_t;
typedef long long blkcnt_t;
#endif
typedef unsigned mode_t;
typedef unsigned nlink_t;
typedef unsigned uid_t;
typedef unsigned gid_t;
typedef int pid_t;
typedef int blksize_t;
typedef long time_t;
typedef int clockid_t;
typedef char *caddr_t;
typedef unsigned uint_t;
typedef unsigned long long diskaddr_t;

#endif
