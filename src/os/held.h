/* SPDX-License-Identifier: MIT */
/*
 * The system calls in which pthread_cancel(3) may end a thread, made so that it
 * does not.  A thread that ended there would leave descriptors open, memory
 * mapped and files half grown, and the report of a lost write would be gone.
 * The sources of the seam call these and not the system's own.
 */
#ifndef MMAPX_OS_HELD_H
#define MMAPX_OS_HELD_H

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static inline int
mmapx_os_hold(void)
{
    int old = 0;

#ifdef HAVE_PTHREAD_SETCANCELSTATE
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
#endif
    return old;
}

static inline void
mmapx_os_release(int old)
{
#ifdef HAVE_PTHREAD_SETCANCELSTATE
    pthread_setcancelstate(old, &old);
#else
    (void)old;
#endif
}

/* The call between the two, and its result. */
#define MMAPX_OS_HELD(type, call)                                              \
    int old_ = mmapx_os_hold();                                                \
    type r_ = (call);                                                          \
                                                                               \
    mmapx_os_release(old_);                                                    \
    return r_

static inline int
held_open(const char *path, int flags)
{
    MMAPX_OS_HELD(int, open(path, flags));
}

static inline int
held_close(int fd)
{
    MMAPX_OS_HELD(int, close(fd));
}

static inline ssize_t
held_read(int fd, void *buf, size_t len)
{
    MMAPX_OS_HELD(ssize_t, read(fd, buf, len));
}

static inline ssize_t
held_pread(int fd, void *buf, size_t len, off_t off)
{
    MMAPX_OS_HELD(ssize_t, pread(fd, buf, len, off));
}

static inline ssize_t
held_pwrite(int fd, const void *buf, size_t len, off_t off)
{
    MMAPX_OS_HELD(ssize_t, pwrite(fd, buf, len, off));
}

static inline ssize_t
held_write(int fd, const void *buf, size_t len)
{
    MMAPX_OS_HELD(ssize_t, write(fd, buf, len));
}

static inline ssize_t
held_writev(int fd, const struct iovec *pieces, int n)
{
    MMAPX_OS_HELD(ssize_t, writev(fd, pieces, n));
}

#if HAVE_DECL_PREADV
static inline ssize_t
held_preadv(int fd, const struct iovec *pieces, int n, off_t off)
{
    MMAPX_OS_HELD(ssize_t, preadv(fd, pieces, n, off));
}

static inline ssize_t
held_pwritev(int fd, const struct iovec *pieces, int n, off_t off)
{
    MMAPX_OS_HELD(ssize_t, pwritev(fd, pieces, n, off));
}
#endif

static inline int
held_msync(void *addr, size_t len, int flags)
{
    MMAPX_OS_HELD(int, msync(addr, len, flags));
}

static inline int
held_fsync(int fd)
{
    MMAPX_OS_HELD(int, fsync(fd));
}

#if HAVE_DECL_FDATASYNC
static inline int
held_fdatasync(int fd)
{
    MMAPX_OS_HELD(int, fdatasync(fd));
}
#endif

#if HAVE_DECL_POSIX_FALLOCATE
static inline int
held_posix_fallocate(int fd, off_t off, off_t len)
{
    MMAPX_OS_HELD(int, posix_fallocate(fd, off, len));
}
#endif

static inline int
held_nanosleep(const struct timespec *t)
{
    MMAPX_OS_HELD(int, nanosleep(t, NULL));
}

#ifdef __linux__
static inline int
held_fallocate(int fd, int mode, off_t off, off_t len)
{
    MMAPX_OS_HELD(int, fallocate(fd, mode, off, len));
}

static inline int
held_sync_file_range(int fd, off_t off, off_t len)
{
    MMAPX_OS_HELD(int, sync_file_range(fd, off, len, SYNC_FILE_RANGE_WRITE));
}
#endif

#endif /* MMAPX_OS_HELD_H */
