/* SPDX-License-Identifier: MIT */
#ifndef FAKE_NETBSD_FCNTL_H
#define FAKE_NETBSD_FCNTL_H

#include_next <fcntl.h>

#define O_DIRECT 0x00080000
#define POSIX_FADV_WILLNEED 3
#define POSIX_FADV_DONTNEED 4

int posix_fadvise(int, off_t, off_t, int);
int posix_fallocate(int, off_t, off_t);

#endif
