/* SPDX-License-Identifier: MIT */
/* With caddr_t, as beside no standard that a program asked for. */
#ifndef FAKE_SYS_MMAN_H
#define FAKE_SYS_MMAN_H

#include <sys/types.h>

#define PROT_NONE 0x0
#define PROT_READ 0x1
#define PROT_WRITE 0x2
#define PROT_EXEC 0x4
#define MAP_SHARED 1
#define MAP_PRIVATE 2
#define MAP_FIXED 0x10
#define MAP_ANON 0x100
#define MAP_ANONYMOUS MAP_ANON
#define MAP_FAILED ((void *)-1)
#define MS_ASYNC 0x1
#define MS_INVALIDATE 0x2
#define MS_SYNC 0x4
#define POSIX_MADV_NORMAL 0
#define POSIX_MADV_RANDOM 1
#define POSIX_MADV_SEQUENTIAL 2
#define POSIX_MADV_WILLNEED 3
#define POSIX_MADV_DONTNEED 4
#define MADV_NORMAL 0
#define MADV_RANDOM 1
#define MADV_SEQUENTIAL 2
#define MADV_WILLNEED 3
#define MADV_DONTNEED 4
#define MADV_FREE 5

caddr_t mmap(caddr_t, size_t, int, int, int, off_t);
int munmap(caddr_t, size_t);
int mprotect(caddr_t, size_t, int);
int msync(caddr_t, size_t, int);
int mlock(caddr_t, size_t);
int munlock(caddr_t, size_t);
int madvise(caddr_t, size_t, int);
int posix_madvise(void *, size_t, int);
int mincore(caddr_t, size_t, char *);

#endif
