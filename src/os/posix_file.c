/* SPDX-License-Identifier: MIT */
/* What POSIX tells of a file and of a descriptor, and a file's size. */
#include "../internal.h"
#include "held.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/sysmacros.h>
#endif
#include <unistd.h>

/* Device and inode, folded; the upper bits depend on all of them. */
static uint64_t
identity_of(const struct stat *sb)
{
    uint64_t device = (uint64_t)(S_ISBLK(sb->st_mode) || S_ISCHR(sb->st_mode)
                                     ? sb->st_rdev
                                     : sb->st_dev);

    return ((uint64_t)sb->st_ino ^ device * 0x9e3779b97f4a7c15u)
           * 0xff51afd7ed558ccdu;
}

static enum mmapx_os_type
type_of(mode_t mode)
{
    if (S_ISBLK(mode))
        return MMAPX_OS_BLOCK;
    if (S_ISCHR(mode))
        return MMAPX_OS_CHAR;
#ifdef __linux__
    /* io_uring, perf and their like: no file, no size, a driver's memory. */
    if ((mode & S_IFMT) == 0)
        return MMAPX_OS_CHAR;
#endif
    if (S_ISDIR(mode) || S_ISFIFO(mode) || S_ISSOCK(mode))
        return MMAPX_OS_NOMAP;
    return MMAPX_OS_FILE;
}

/*
 * fstat(2) without the time of the last access, which nobody here needs: after
 * each read, network file systems and FUSE would have to ask their server for
 * it.
 */
static int
stat_without_access_time(int fd, struct stat *sb)
{
#ifdef STATX_BASIC_STATS
    struct statx sx;

    if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS & ~STATX_ATIME, &sx)
        == 0) {
        *sb = (struct stat){
            .st_mode = sx.stx_mode,
            .st_uid = sx.stx_uid,
            .st_gid = sx.stx_gid,
            .st_dev = makedev(sx.stx_dev_major, sx.stx_dev_minor),
            .st_rdev = makedev(sx.stx_rdev_major, sx.stx_rdev_minor),
            .st_ino = (ino_t)sx.stx_ino,
            .st_size = (off_t)sx.stx_size,
            .st_blksize = (blksize_t)sx.stx_blksize,
        };
        return 0;
    }
    /* A kernel before 4.11, or a filter that does not know it. */
#endif
    return fstat(fd, sb);
}

int
mmapx_os_stat(int fd, struct mmapx_os_stat *st)
{
    struct stat sb;

    if (stat_without_access_time(fd, &sb) < 0)
        return -errno;
    *st = (struct mmapx_os_stat){
        .type = type_of(sb.st_mode),
        .size = sb.st_size,
        .page = mmapx_os_page_size(),
        .owner = {
            .uid = sb.st_uid,
            .gid = sb.st_gid,
            .group_writes = (sb.st_mode & S_IWGRP) != 0,
            .others_write = (sb.st_mode & S_IWOTH) != 0,
        },
        .identity = identity_of(&sb),
#ifdef __linux__
        .has_device = major(sb.st_dev) != 0,
#endif
    };
    if (st->type != MMAPX_OS_FILE)
        return 0;
    return mmapx_os_file_page_size(fd, (size_t)sb.st_blksize, &st->page);
}

int
mmapx_os_open(const char *path, bool writable)
{
    int fd = held_open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC
                                 | O_NOCTTY | O_NONBLOCK);

    if (fd >= 0)
        return fd;
    /* What open(2) says of a socket, a missing device and, if it was asked to
     * write, a directory. */
    if (errno == ENXIO || errno == EOPNOTSUPP || errno == EISDIR)
        return -ENODEV;
    return -errno;
}

void
mmapx_os_close(int fd)
{
    held_close(fd);
}

#ifdef O_DSYNC
enum { WAITS = O_SYNC | O_DSYNC };
#else
enum { WAITS = O_SYNC };
#endif

int
mmapx_os_access(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    int access = 0;

    if (flags < 0)
        return -errno;
#ifdef O_PATH
    if ((flags & O_PATH) != 0)
        return -EBADF;
#endif
    if ((flags & O_ACCMODE) != O_WRONLY)
        access |= MMAPX_OS_READS;
    if ((flags & O_ACCMODE) != O_RDONLY)
        access |= MMAPX_OS_WRITES;
    if ((flags & O_APPEND) != 0)
        access |= MMAPX_OS_APPENDS;
    if ((flags & WAITS) != 0)
        access |= MMAPX_OS_SYNCS;
    return access;
}

bool
mmapx_os_reads_and_writes(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && (flags & O_ACCMODE) == O_RDWR;
}

bool
mmapx_os_bypasses_cache(int fd)
{
#ifdef O_DIRECT
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && (flags & O_DIRECT) != 0;
#else
    (void)fd;
    return false;
#endif
}

/* By the class that the mode puts the caller into: the group's members have
 * its permission, not the others'. */
bool
mmapx_os_mode_lets_write(const struct mmapx_os_owner *owner, uintptr_t gid)
{
    gid_t groups[256];
    int n;

    if (gid == owner->gid)
        return owner->group_writes;
    n = getgroups(sizeof groups / sizeof groups[0], groups);
    for (int i = 0; i < n; i++)
        if (groups[i] == owner->gid)
            return owner->group_writes;
    /* More groups than fit: it could be either class. */
    return owner->others_write && (n >= 0 || owner->group_writes);
}

int
mmapx_os_file_limit(int64_t *limit)
{
    struct rlimit rl;

    if (getrlimit(RLIMIT_FSIZE, &rl) < 0)
        return -errno;
    *limit = rl.rlim_cur == RLIM_INFINITY || rl.rlim_cur > INT64_MAX
                 ? INT64_MAX
                 : (int64_t)rl.rlim_cur;
    return 0;
}

int
mmapx_os_set_size(int fd, int64_t size)
{
    int r;

    do
        r = ftruncate(fd, (off_t)size) < 0 ? -errno : 0;
    while (r == -EINTR);
    return r;
}

/* The size of a device by its end; the position stays. */
int
mmapx_os_seek_size(int fd, int64_t *size)
{
    off_t here = lseek(fd, 0, SEEK_CUR);
    off_t end = lseek(fd, 0, SEEK_END);

    if (here < 0 || end < 0 || lseek(fd, here, SEEK_SET) < 0)
        return -EIO;
    *size = end;
    return 0;
}
