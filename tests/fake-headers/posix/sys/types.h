/* SPDX-License-Identifier: MIT */
/* The odd types that POSIX allows: off_t is signed and dev_t arithmetic. */
#ifndef FAKE_SYS_TYPES_H
#define FAKE_SYS_TYPES_H

#include <stddef.h>

typedef long ssize_t;
typedef long long off_t;
typedef int dev_t;
typedef unsigned long long ino_t;
typedef unsigned short mode_t;
typedef short nlink_t;
typedef unsigned uid_t;
typedef unsigned gid_t;
typedef int pid_t;
typedef long blksize_t;
typedef long long blkcnt_t;
typedef long time_t;
typedef int clockid_t;

#endif
