/* SPDX-License-Identifier: MIT */
#ifndef FAKE_FCNTL_H
#define FAKE_FCNTL_H

#include <sys/types.h>

#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define O_ACCMODE 3
#define O_NONBLOCK 4
#define O_APPEND 8
#define O_SYNC 0x80
#define O_NOCTTY 0x8000
#define O_CLOEXEC 0x100000
#define F_GETFL 3

int open(const char *, int, ...);
int fcntl(int, int, ...);

#endif
