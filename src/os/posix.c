/* SPDX-License-Identifier: MIT */
/* The part of the seam that is the same on every system, give or take a
 * constant that configure has found. */
#include "../internal.h"
#include "held.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/sysmacros.h>
#endif
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) >= 8, "large files need a 64-bit off_t");
_Static_assert(sizeof(struct mmapx) == 8 * sizeof(void *),
               "the handle is eight words");

#if HAVE_DECL_MAP_FIXED_NOREPLACE
const int mmapx_os_fixed_noreplace = MAP_FIXED_NOREPLACE;
#else
const int mmapx_os_fixed_noreplace = 0;
#endif

#ifdef MAP_NORESERVE /* FreeBSD reserves nothing in any case */
const int mmapx_os_noreserve = MAP_NORESERVE;
#else
const int mmapx_os_noreserve = 0;
#endif

#if !HAVE_DECL_MAP_POPULATE
#define MAP_POPULATE 0
#endif
#if !HAVE_DECL_MAP_LOCKED
#define MAP_LOCKED 0
#endif
const int mmapx_os_eager_map_flags = MAP_POPULATE | MAP_LOCKED;

static int
result(int r)
{
    return r < 0 ? -errno : r;
}

size_t
mmapx_os_page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* Device and inode, folded. */
static uintptr_t
identity_of(const struct stat *sb)
{
    uint64_t device = (uint64_t)(S_ISBLK(sb->st_mode) || S_ISCHR(sb->st_mode)
                                     ? sb->st_rdev
                                     : sb->st_dev);
    uint64_t mixed = ((uint64_t)sb->st_ino ^ device * 0x9e3779b97f4a7c15u)
                     * 0xff51afd7ed558ccdu;

    return (uintptr_t)(mixed >> (64 - MMAPX_OS_IDENTITY_BITS));
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

int
mmapx_os_stat(int fd, struct mmapx_os_stat *st)
{
    struct stat sb;

    if (fstat(fd, &sb) < 0)
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

int
mmapx_os_mmap(void **addr, size_t len, int prot, int flags, int fd,
              int64_t offset)
{
    void *p = mmap(*addr, len, prot, flags, fd, (off_t)offset);

    if (p == MAP_FAILED)
        return -errno;
    *addr = p;
    return 0;
}

int
mmapx_os_munmap(void *addr, size_t len)
{
    return result(munmap(addr, len));
}

int
mmapx_os_mprotect(void *addr, size_t len, int prot)
{
    return result(mprotect(addr, len, prot));
}

int
mmapx_os_msync(void *addr, size_t len, int flags)
{
    return result(held_msync(addr, len, flags));
}

int
mmapx_os_mlock(void *addr, size_t len)
{
    return result(mlock(addr, len));
}

int
mmapx_os_munlock(void *addr, size_t len)
{
    return result(munlock(addr, len));
}

int
mmapx_os_lock_limit(size_t *limit)
{
#ifdef RLIMIT_MEMLOCK
    struct rlimit rl;

    if (getrlimit(RLIMIT_MEMLOCK, &rl) < 0)
        return -errno;
    /* FreeBSD's type is signed. */
    *limit = rl.rlim_cur == RLIM_INFINITY || (uint64_t)rl.rlim_cur > SIZE_MAX
                 ? SIZE_MAX
                 : (size_t)rl.rlim_cur;
#else
    *limit = SIZE_MAX;
#endif
    return 0;
}

int
mmapx_os_mincore(void *addr, size_t len, unsigned char *vec)
{
#ifdef MMAPX_MINCORE_VEC
    return result(mincore(addr, len, (MMAPX_MINCORE_VEC *)vec));
#else
    (void)addr, (void)len, (void)vec;
    return -ENOSYS;
#endif
}

/* configure has put the system's number behind each name, or -1. */
int
mmapx_os_advice(enum mmapx_advice advice)
{
    static const int native[] = {
        [MMAPX_MADV_NORMAL]          = MMAPX_OS_MADV_NORMAL,
        [MMAPX_MADV_RANDOM]          = MMAPX_OS_MADV_RANDOM,
        [MMAPX_MADV_SEQUENTIAL]      = MMAPX_OS_MADV_SEQUENTIAL,
        [MMAPX_MADV_WILLNEED]        = MMAPX_OS_MADV_WILLNEED,
        [MMAPX_MADV_DONTNEED]        = MMAPX_OS_MADV_DONTNEED,
        [MMAPX_MADV_FREE]            = MMAPX_OS_MADV_FREE,
        [MMAPX_MADV_REMOVE]          = MMAPX_OS_MADV_REMOVE,
        [MMAPX_MADV_DONTFORK]        = MMAPX_OS_MADV_DONTFORK,
        [MMAPX_MADV_DOFORK]          = MMAPX_OS_MADV_DOFORK,
        [MMAPX_MADV_MERGEABLE]       = MMAPX_OS_MADV_MERGEABLE,
        [MMAPX_MADV_UNMERGEABLE]     = MMAPX_OS_MADV_UNMERGEABLE,
        [MMAPX_MADV_HUGEPAGE]        = MMAPX_OS_MADV_HUGEPAGE,
        [MMAPX_MADV_NOHUGEPAGE]      = MMAPX_OS_MADV_NOHUGEPAGE,
        [MMAPX_MADV_DONTDUMP]        = MMAPX_OS_MADV_DONTDUMP,
        [MMAPX_MADV_DODUMP]          = MMAPX_OS_MADV_DODUMP,
        [MMAPX_MADV_WIPEONFORK]      = MMAPX_OS_MADV_WIPEONFORK,
        [MMAPX_MADV_KEEPONFORK]      = MMAPX_OS_MADV_KEEPONFORK,
        [MMAPX_MADV_COLD]            = MMAPX_OS_MADV_COLD,
        [MMAPX_MADV_PAGEOUT]         = MMAPX_OS_MADV_PAGEOUT,
        [MMAPX_MADV_POPULATE_READ]   = MMAPX_OS_MADV_POPULATE_READ,
        [MMAPX_MADV_POPULATE_WRITE]  = MMAPX_OS_MADV_POPULATE_WRITE,
        [MMAPX_MADV_DONTNEED_LOCKED] = MMAPX_OS_MADV_DONTNEED_LOCKED,
        [MMAPX_MADV_COLLAPSE]        = MMAPX_OS_MADV_COLLAPSE,
        [MMAPX_MADV_GUARD_INSTALL]   = MMAPX_OS_MADV_GUARD_INSTALL,
        [MMAPX_MADV_GUARD_REMOVE]    = MMAPX_OS_MADV_GUARD_REMOVE,
    };

    return native[advice] >= 0 ? native[advice] : -ENOTSUP;
}

int
mmapx_os_madvise(void *addr, size_t len, int advice)
{
#if HAVE_DECL_MADVISE
    return result(madvise(addr, len, advice));
#else
    return -posix_madvise(addr, len, advice);
#endif
}

/* A descriptor that cannot write is EBADF, as for write(2). */
int
mmapx_os_set_size(int fd, int64_t size)
{
    int flags;
    int r;

    do
        r = result(ftruncate(fd, (off_t)size));
    while (r == -EINTR);
    flags = r == -EINVAL ? fcntl(fd, F_GETFL) : -1;
    return flags >= 0 && (flags & O_ACCMODE) == O_RDONLY ? -EBADF : r;
}

/*
 * Up to 1 MiB in one call, so that the page cache makes large folios.  The
 * file grows with what is written: at no time does somebody see a length whose
 * zeros would still overwrite what he stores.
 */
static const unsigned char zeros[64 << 10] __attribute__((aligned(4096)));

int64_t
mmapx_os_write_zeros(int fd, int64_t at, int64_t len)
{
#if HAVE_DECL_PREADV
    struct iovec part[16];
    int n = 0;

    for (; n < 16 && len > 0; n++) {
        size_t size = len < (int64_t)sizeof zeros ? (size_t)len : sizeof zeros;

        part[n] = (struct iovec){ (void *)(uintptr_t)zeros, size };
        len -= (int64_t)size;
    }
    ssize_t r = held_pwritev(fd, part, n, (off_t)at);
#else
    ssize_t r = held_pwrite(fd, zeros,
                            len < (int64_t)sizeof zeros ? (size_t)len
                                                        : sizeof zeros,
                            (off_t)at);
#endif

    return r < 0 ? -errno : r;
}

bool
mmapx_os_reads_and_writes(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && (flags & O_ACCMODE) == O_RDWR;
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

/*
 * Neither a signal that a process sent, whose codes are positive on some
 * systems, nor a memory error found in passing.
 */
bool
mmapx_os_is_fault(int code)
{
    switch (code) {
    case BUS_ADRALN:
    case BUS_ADRERR:
    case BUS_OBJERR:
#ifdef BUS_MCEERR_AR
    case BUS_MCEERR_AR:
#endif
#ifdef BUS_OOMERR
    case BUS_OOMERR:
#endif
        return true;
    default:
        return false;
    }
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

/* fsync(2) of macOS leaves the data in the device's cache. */
int
mmapx_os_flush(int fd)
{
#if HAVE_DECL_F_FULLFSYNC
    if (fcntl(fd, F_FULLFSYNC) == 0)
        return 0;
    if (errno != ENOTSUP && errno != EINVAL && errno != ENOTTY
        && errno != ENODEV)
        return -errno;
#endif
    return result(held_fsync(fd));
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

uint64_t
mmapx_os_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

#if HAVE_DECL_PREADV
enum { PIECES = 128, SMALL = 1 << 10, LARGE = 16 << 10 };

/* One buffer takes all of it, piece by piece. */
static int64_t
read_pieces(int fd, int64_t off, int64_t len, void *buf, size_t size)
{
    struct iovec pieces[PIECES];
    int n = 0;
    ssize_t r;

    for (; n < PIECES && len > 0; n++) {
        size_t part = len < (int64_t)size ? (size_t)len : size;

        pieces[n] = (struct iovec){ buf, part };
        len -= (int64_t)part;
    }
    r = held_preadv(fd, pieces, n, (off_t)off);
    return r < 0 ? -errno : r;
}
#endif

/*
 * The kernel sees one large request and reads ahead accordingly, and the
 * processor's cache keeps the buffer.  A large one is no part of the caller's
 * stack, which may be small; where none is to be had, less is read at once.
 */
int64_t
mmapx_os_read_and_discard(int fd, int64_t off, int64_t len)
{
#if HAVE_DECL_PREADV
    char buf[SMALL];
    void *large = NULL;
    int64_t n;

    if (len <= (int64_t)PIECES * SMALL
        || mmapx_os_mmap(&large, LARGE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
               < 0)
        return read_pieces(fd, off, len, buf, SMALL);
    n = read_pieces(fd, off, len, large, LARGE);
    mmapx_os_munmap(large, LARGE);
    return n;
#else
    char buf[2048];
    size_t size = len < (int64_t)sizeof buf ? (size_t)len : sizeof buf;
    ssize_t r = held_pread(fd, buf, size, (off_t)off);

    return r < 0 ? -errno : r;
#endif
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

int64_t
mmapx_os_read_at(int fd, void *buf, size_t len, int64_t off)
{
    ssize_t n;

    do
        n = held_pread(fd, buf, len, (off_t)off);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

int64_t
mmapx_os_write_at(int fd, const void *buf, size_t len, int64_t off)
{
    ssize_t n;

    do
        n = held_pwrite(fd, buf, len, (off_t)off);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

/* macOS has no fdatasync(2) that its headers tell of, and see above. */
int
mmapx_os_flush_data(int fd)
{
    int r;

    do {
#if HAVE_DECL_FDATASYNC && !HAVE_DECL_F_FULLFSYNC
        r = result(held_fdatasync(fd));
#else
        r = mmapx_os_flush(fd);
#endif
    } while (r == -EINTR);
    return r;
}
