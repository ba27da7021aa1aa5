/* SPDX-License-Identifier: MIT */
#ifndef FAKE_FREEBSD_FCNTL_H
#define FAKE_FREEBSD_FCNTL_H

#include_next <fcntl.h>

#define O_DIRECT 0x00010000
#define O_DSYNC 0x01000000
#define POSIX_FADV_WILLNEED 3
#define POSIX_FADV_DONTNEED 4
#define F_ADD_SEALS 19
#define F_GET_SEALS 20
#define F_SEAL_SHRINK 0x0002
#define F_SEAL_GROW 0x0004
#define F_SEAL_WRITE 0x0008

int posix_fadvise(int, off_t, off_t, int);
int posix_fallocate(int, off_t, off_t);

#endif
