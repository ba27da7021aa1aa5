/* SPDX-License-Identifier: MIT */
/* Reading, writing and flushing files, by what POSIX has. */
#include "../internal.h"
#include "held.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

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

#if HAVE_DECL_PREADV
/* A filter of system calls, or a kernel without them, says this of the calls
 * that take several pieces; by another call it may take one. */
static bool
is_refused(ssize_t r)
{
    return r < 0 && (errno == ENOSYS || errno == EPERM);
}
#endif

/*
 * Up to 1 MiB in one call, so that the page cache makes large folios.  The
 * file grows with what is written: at no time does somebody see a length whose
 * zeros would still overwrite what is stored there.
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

    if (is_refused(r))
        r = held_pwrite(fd, zeros, part[0].iov_len, (off_t)at);
#else
    ssize_t r = held_pwrite(fd, zeros,
                            len < (int64_t)sizeof zeros ? (size_t)len
                                                        : sizeof zeros,
                            (off_t)at);
#endif

    return r < 0 ? -errno : r;
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
    if (is_refused(r))
        r = held_pread(fd, buf, pieces[0].iov_len, (off_t)off);
    return r < 0 ? -errno : r;
}
#endif

/*
 * The kernel sees one large request and reads ahead accordingly, and the
 * processor's cache keeps the buffer.  A large one is no part of the caller's
 * stack, which may be small; if it cannot be mapped, less is read at once.
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
    return held_fsync(fd) < 0 ? -errno : 0;
}

/* macOS has no fdatasync(2) that its headers tell of, and see above. */
int
mmapx_os_flush_data(int fd)
{
    int r;

    do {
#if HAVE_DECL_FDATASYNC && !HAVE_DECL_F_FULLFSYNC
        r = held_fdatasync(fd) < 0 ? -errno : 0;
#else
        r = mmapx_os_flush(fd);
#endif
    } while (r == -EINTR);
    return r;
}
