/* SPDX-License-Identifier: MIT */
#ifndef FAKE_UNISTD_H
#define FAKE_UNISTD_H

#include <sys/types.h>

#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#define _SC_PAGESIZE 47

int close(int);
int fsync(int);
int ftruncate(int, off_t);
int getgroups(int, gid_t []);
gid_t getegid(void);
uid_t geteuid(void);
pid_t getpid(void);
off_t lseek(int, off_t, int);
ssize_t pread(int, void *, size_t, off_t);
ssize_t pwrite(int, const void *, size_t, off_t);
ssize_t read(int, void *, size_t);
ssize_t write(int, const void *, size_t);
long sysconf(int);

#endif
