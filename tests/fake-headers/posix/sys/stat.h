/* SPDX-License-Identifier: MIT */
#ifndef FAKE_SYS_STAT_H
#define FAKE_SYS_STAT_H

#include <sys/types.h>

struct stat {
    dev_t st_dev;
    ino_t st_ino;
    mode_t st_mode;
    nlink_t st_nlink;
    uid_t st_uid;
    gid_t st_gid;
    dev_t st_rdev;
    off_t st_size;
    blkcnt_t st_blocks;
    blksize_t st_blksize;
};

#define S_IFMT 0170000
#define S_ISFIFO(m) (((m) & S_IFMT) == 0010000)
#define S_ISCHR(m) (((m) & S_IFMT) == 0020000)
#define S_ISDIR(m) (((m) & S_IFMT) == 0040000)
#define S_ISBLK(m) (((m) & S_IFMT) == 0060000)
#define S_ISREG(m) (((m) & S_IFMT) == 0100000)
#define S_ISSOCK(m) (((m) & S_IFMT) == 0140000)
#define S_IWGRP 0000020
#define S_IWOTH 0000002

int fstat(int, struct stat *);

#endif
