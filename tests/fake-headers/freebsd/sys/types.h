/* SPDX-License-Identifier: MIT */
#ifndef FAKE_SYS_TYPES_H
#define FAKE_SYS_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef long ssize_t;
typedef int64_t off_t;
typedef uint64_t dev_t;
typedef uint64_t ino_t;
typedef uint16_t mode_t;
typedef uint64_t nlink_t;
typedef uint32_t uid_t;
typedef uint32_t gid_t;
typedef int32_t pid_t;
typedef int32_t blksize_t;
typedef int64_t blkcnt_t;
typedef int64_t time_t;
typedef int32_t clockid_t;
typedef char *caddr_t;

#endif
